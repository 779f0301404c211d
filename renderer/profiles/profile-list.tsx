/** Which clusters does this console know, and which one is open? */
import { Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import type { Profile } from "../../engine/api/schemas/profile.ts";
import { api } from "../api.ts";
import { EnvironmentBadge } from "../parts/environment-tag.tsx";
import { IconDots, IconPencil, IconPlus, IconTrash } from "../parts/icons.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { SideSheet } from "../parts/side-sheet.tsx";
import { describeError, ErrorState, ErrorStrip, SkeletonRows } from "../parts/states.tsx";
import { Badge } from "../parts/status-badge.tsx";
import table from "../parts/table.module.css";
import { useProfiles } from "../queries.ts";
import { keys } from "../query-keys.ts";
import { securityOf } from "./profile-form.ts";
import { openChoose } from "./profile-sheets-store.ts";
import classes from "./profiles.module.css";

export function ProfileListPage() {
  const { data, error, isPending, refetch } = useProfiles();
  const [removing, setRemoving] = useState<Profile>();
  return (
    <>
      <PageHeader
        title="Profiles"
        note="the clusters this console knows"
        actions={
          <Button component={Link} to="/profiles/new" variant="filled" leftSection={<IconPlus size={15} />}>
            Connect to a cluster
          </Button>
        }
      />
      {error !== null && data !== undefined && (
        <ErrorStrip what="Not up to date." error={error} onRetry={() => void refetch()} />
      )}
      {isPending ? (
        <SkeletonRows rows={4} height={32} />
      ) : data === undefined ? (
        <ErrorState what="The profiles can't be read." error={error} onRetry={() => void refetch()} />
      ) : (
        <>
          <div className={table.box}>
            <table className={table.table}>
              <caption className="ag-visually-hidden">Profiles</caption>
              <thead>
                <tr>
                  <th>Environment</th>
                  <th>Profile</th>
                  <th>Where</th>
                  <th>Secured</th>
                  <th>Manager here</th>
                  <th>
                    <span className="ag-visually-hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.profiles.map((profile) => (
                  <ProfileRow
                    key={profile.name}
                    profile={profile}
                    current={profile.name === data.current}
                    onRemove={() => setRemoving(profile)}
                  />
                ))}
              </tbody>
            </table>
          </div>
          <p className={classes.foot}>
            {data.key_store.available
              ? "Passwords and keys lie in the system's key store; none of them stands in a file."
              : `${data.key_store.why ?? "This host has no key store."} Secrets come from variables of the environment.`}
          </p>
        </>
      )}
      {removing !== undefined && <RemoveSheet profile={removing} onClose={() => setRemoving(undefined)} />}
    </>
  );
}

interface ProfileRowProps {
  profile: Profile;
  current: boolean;
  onRemove: () => void;
}

function ProfileRow({ profile, current, onRemove }: ProfileRowProps) {
  const { name, kind, environment, kafka, run_manager } = profile;
  const page = `/profiles/named/${encodeURIComponent(name)}`;
  return (
    <tr>
      <td>
        <EnvironmentBadge environment={environment} />
      </td>
      <td>
        <Link to={page} className={table.link}>
          {name}
        </Link>{" "}
        {current && <Badge tone="ok">open</Badge>}
        {profile.stricter_profile !== undefined && (
          <div className={classes.small}>
            {environment}, as {profile.stricter_profile} is the same cluster
          </div>
        )}
      </td>
      <td className={table.wide} title={kafka?.brokers.join(", ")}>
        {kind === "embedded" ? (
          <span className="ag-dim">this machine</span>
        ) : (
          <span className="ag-mono">{kafka?.brokers.join(", ")}</span>
        )}
        {kafka !== undefined && kafka.prefix !== "" && (
          <div className={classes.small}>
            prefix <span className="ag-mono">{kafka.prefix}</span>
          </div>
        )}
      </td>
      <td>{securityOf(kafka)}</td>
      <td>{run_manager ? "runs" : <span className="ag-dim">only watches</span>}</td>
      <td>
        <div className={classes.rowActions}>
          {!current && (
            <Button onClick={() => openChoose(name)} aria-label={`Open ${name}`}>
              Open…
            </Button>
          )}
          <Menu position="bottom-end">
            <Menu.Target>
              <Button aria-label={`More of ${name}`} px={8}>
                <IconDots size={16} />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item component={Link} to={page} leftSection={<IconPencil size={15} />}>
                Change
              </Menu.Item>
              <Menu.Item
                leftSection={<IconTrash size={15} />}
                color="bad"
                disabled={current || kind === "embedded"}
                onClick={onRemove}
              >
                Forget…
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
      </td>
    </tr>
  );
}

function RemoveSheet({ profile, onClose }: { profile: Profile; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.removeProfile(profile.name),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: keys.profiles });
      onClose();
    },
    onError: (error) => {
      notifications.show({ color: "bad", title: "Not forgotten", message: describeError(error).message });
    },
  });
  return (
    <SideSheet
      opened
      onClose={onClose}
      busy={remove.isPending}
      title={`Forget ${profile.name}`}
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button variant="filled" color="bad" loading={remove.isPending} onClick={() => remove.mutate()}>
            Forget the profile
          </Button>
        </>
      }
    >
      <p className={classes.text}>
        The connection and its secrets are forgotten. Nothing happens to the cluster: its topics, journeys and
        managers stay as they are. What this console has read from it stays in its data folder.
      </p>
    </SideSheet>
  );
}
