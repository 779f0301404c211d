/** Opening another profile, and unlocking production: both are asked about before they happen. */
import { Button, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Profile } from "../../engine/api/schemas/profile.ts";
import { api } from "../api.ts";
import { EnvironmentBadge } from "../parts/environment-tag.tsx";
import { SideSheet } from "../parts/side-sheet.tsx";
import { ErrorState, ErrorStrip, SkeletonRows } from "../parts/states.tsx";
import { useProfiles } from "../queries.ts";
import { keys } from "../query-keys.ts";
import { type ProfileSheet, profileSheet } from "./profile-sheets-store.ts";
import classes from "./profiles.module.css";

export function ProfileSheets({ shown }: { shown: ProfileSheet }) {
  const close = () => profileSheet.set(undefined);
  if (shown.sheet === "unlock") return <UnlockSheet onClose={close} />;
  return <ChooseSheet key={shown.name} name={shown.name} onClose={close} />;
}

/** Where the console begins with another profile: nothing of the former one may stay on the page. */
const FIRST_PAGE = "/journeys";

function ChooseSheet({ name, onClose }: { name: string; onClose: () => void }) {
  const { data, error, refetch } = useProfiles();
  const profile = data?.profiles.find((each) => each.name === name);
  const [reason, setReason] = useState("");
  const choose = useMutation({
    mutationFn: () => api.chooseProfile({ name, ...(reason.trim() === "" ? {} : { reason: reason.trim() }) }),
    onSuccess: () => location.assign(FIRST_PAGE),
  });
  const opening = choose.isPending || choose.isSuccess;
  return (
    <SideSheet
      opened
      onClose={onClose}
      busy={opening}
      title={`Open ${name}`}
      footer={
        <>
          <Button onClick={onClose} disabled={opening}>
            Close
          </Button>
          <Button variant="filled" loading={opening} disabled={profile === undefined} onClick={() => choose.mutate()}>
            Open {name}
          </Button>
        </>
      }
    >
      {profile === undefined ? (
        error === null ? (
          data === undefined ? (
            <SkeletonRows rows={3} />
          ) : (
            <p className={classes.text}>There is no profile {name} any more.</p>
          )
        ) : (
          <ErrorState what="The profiles can't be read." error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <>
          <p className={classes.change}>
            <span>{data?.current}</span>
            <span aria-hidden>→</span>
            <EnvironmentBadge environment={profile.environment} name={profile.name} />
          </p>
          <ul className={classes.consequences}>
            {consequencesOf(profile, data?.current).map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
          <Textarea
            label="Reason"
            description="It stands in the activity, with your name."
            autosize
            minRows={1}
            maxRows={4}
            maxLength={2000}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            disabled={opening}
          />
          {opening && (
            <p className={classes.text} role="status">
              Opening… A cluster that can't be reached opens too: disconnected, on what is known of it.
            </p>
          )}
          {choose.error !== null && <ErrorStrip what="Not opened." error={choose.error} />}
        </>
      )}
    </SideSheet>
  );
}

function consequencesOf(profile: Profile, current: string | undefined): string[] {
  const prod = profile.environment === "prod";
  return [
    `Every page, in every tab of this console, shows ${profile.name} from then on.`,
    current === undefined
      ? "A manager that runs here is stopped first and hands its work over."
      : `A manager that runs here for ${current} is stopped first and hands its work over; nothing is lost.`,
    profile.run_manager
      ? `A manager for ${profile.name} is started here.`
      : `No manager is started here: this console only watches${prod ? ", as is usual for production" : ""}.`,
    ...(prod ? ["Production opens read-only. It can be unlocked for 30 minutes, with a reason."] : []),
  ];
}

function UnlockSheet({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const unlock = useMutation({
    mutationFn: () => api.unlockProfile(reason.trim()),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: keys.info });
      void queries.invalidateQueries({ queryKey: keys.profiles });
      onClose();
    },
  });
  return (
    <SideSheet
      opened
      onClose={onClose}
      busy={unlock.isPending}
      title="Unlock production"
      footer={
        <>
          <Button onClick={onClose} disabled={unlock.isPending}>
            Close
          </Button>
          <Button
            variant="filled"
            color="bad"
            loading={unlock.isPending}
            disabled={reason.trim() === ""}
            onClick={() => unlock.mutate()}
          >
            Unlock for 30 minutes
          </Button>
        </>
      }
    >
      <p className={classes.text}>
        Journeys can be started, rolled back and settled, and flows published, until it locks itself again. Each
        action still asks for its own reason.
      </p>
      <Textarea
        label="Reason"
        description="It stands in the activity, with your name."
        withAsterisk
        required
        autosize
        minRows={2}
        maxRows={5}
        maxLength={2000}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        data-autofocus
      />
      {unlock.error !== null && <ErrorStrip what="Still locked." error={unlock.error} />}
    </SideSheet>
  );
}
