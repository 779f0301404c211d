/** A new profile, or one that is changed: the form on the left, what becomes of its connection on the right. */
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import type { Profile, ProfileList } from "../../engine/api/schemas/profile.ts";
import { api } from "../api.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { EmptyState, ErrorState, ErrorStrip, SkeletonRows } from "../parts/states.tsx";
import { useProfiles } from "../queries.ts";
import { keys } from "../query-keys.ts";
import { useConnectionTest } from "./connection-test.ts";
import { ConnectionTestCard } from "./connection-test-card.tsx";
import { ProfileFields } from "./profile-fields.tsx";
import { draftOf, formOf, problemsOf } from "./profile-form.ts";
import { openChoose } from "./profile-sheets-store.ts";
import classes from "./profiles.module.css";

const PARENT = { to: "/profiles", label: "Profiles" };

export function ProfileFormPage() {
  const { name } = useParams();
  const { data, error, isPending, refetch } = useProfiles();
  const title = name ?? "Connect to a cluster";
  if (isPending) {
    return (
      <>
        <PageHeader parent={PARENT} title={title} />
        <SkeletonRows rows={10} height={26} />
      </>
    );
  }
  if (data === undefined) {
    return <ErrorState what="The profiles can't be read." error={error} onRetry={() => void refetch()} />;
  }
  const profile = data.profiles.find((each) => each.name === name);
  if (name !== undefined && profile === undefined) {
    return (
      <>
        <PageHeader parent={PARENT} title={title} />
        <EmptyState title={`There is no profile ${name}`}>It may have been forgotten meanwhile.</EmptyState>
      </>
    );
  }
  return <ProfileFormView key={name ?? ""} profile={profile} list={data} title={title} />;
}

interface ProfileFormViewProps {
  profile: Profile | undefined;
  list: ProfileList;
  title: string;
}

function ProfileFormView({ profile, list, title }: ProfileFormViewProps) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const kind = profile?.kind ?? "kafka";
  const [form, setForm] = useState(() => formOf(profile));
  const [showErrors, setShowErrors] = useState(false);
  const test = useConnectionTest();
  const problems = problemsOf(form, kind, profile?.kafka);
  const taken = profile === undefined && list.profiles.some((each) => each.name === form.name);
  const errors = taken ? { ...problems, name: "There is a profile of this name already." } : problems;
  const wrong = Object.keys(errors).length;
  const isCurrent = profile !== undefined && profile.name === list.current;

  const save = useMutation({
    mutationFn: (_then: "list" | "open") => api.putProfile(form.name, draftOf(form, kind)),
    onSuccess: async (saved, then) => {
      await queries.invalidateQueries({ queryKey: keys.profiles });
      void queries.invalidateQueries({ queryKey: keys.info });
      await navigate("/profiles");
      if (then === "open") openChoose(saved.name);
    },
  });
  const submit = (then: "list" | "open") => {
    setShowErrors(true);
    if (wrong === 0) save.mutate(then);
  };
  const startTest = () => {
    setShowErrors(true);
    if (wrong === 0) test.start(form.name, draftOf(form, kind));
  };

  return (
    <>
      <PageHeader parent={PARENT} title={title} windowTitle={title} />
      <form
        className={classes.page}
        onSubmit={(event) => {
          event.preventDefault();
          submit(isCurrent || kind === "embedded" ? "list" : "open");
        }}
        noValidate
      >
        <div className={classes.column}>
          <ProfileFields
            profile={profile}
            kind={kind}
            keyStore={list.key_store}
            form={form}
            errors={showErrors ? errors : {}}
            onChange={setForm}
          />
        </div>
        <div className={classes.column}>
          {kind === "kafka" && (
            <ConnectionTestCard
              hasRegistry={form.registry}
              run={test.run}
              blocked={showErrors && wrong > 0 ? "First the fields marked red." : undefined}
              onStart={startTest}
              onStop={test.stop}
            />
          )}
          {save.error !== null && <ErrorStrip what="Not saved." error={save.error} />}
          {isCurrent && kind === "kafka" && (
            <p className={classes.small}>
              It is open now, with the connection it was opened with. Open it again for changes to that to count.
            </p>
          )}
          <div className={classes.buttons}>
            <Button onClick={() => void navigate("/profiles")}>Cancel</Button>
            {kind === "kafka" && (
              <Button loading={save.isPending && save.variables === "list"} onClick={() => submit("list")}>
                Save
              </Button>
            )}
            <Button type="submit" variant="filled" loading={save.isPending}>
              {kind === "embedded" ? "Save" : "Save and open…"}
            </Button>
          </div>
        </div>
      </form>
    </>
  );
}
