import { Button, Popover } from "@mantine/core";
import { useState } from "react";
import { count, plural } from "../parts/format.ts";
import { IconChevronDown, IconPlayerPlay, IconPlayerStop } from "../parts/icons.ts";
import { ErrorStrip } from "../parts/states.tsx";
import { useManager, useProfile, useSetManager } from "../queries.ts";
import classes from "./manager-control.module.css";

/** Whether a manager runs in this console, how the work is shared, and the switch for it. */
export function ManagerControl() {
  const [opened, setOpened] = useState(false);
  const { data: manager, error } = useManager();
  const change = useSetManager();
  const profile = useProfile();
  const readOnly = profile?.read_only === true;
  if (manager === undefined) {
    return <span className={classes.text}>{error === null ? "" : "manager unknown"}</span>;
  }
  const { running, partitions, partition_count, managers } = manager;
  const state = running
    ? "Manager running here"
    : manager.why !== undefined
      ? "Manager waits here"
      : profile?.run_manager === false
        ? "Only watching here"
        : "Manager stopped here";
  // As the profile wants it, and the work is done: nothing to warn of.
  const shared = profile?.run_manager === false && managers > 0;
  const share = running ? `${partitions.length} of ${partition_count} partitions` : undefined;
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      position="bottom-start"
      width={340}
      shadow="md"
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <button type="button" className={classes.target} onClick={() => setOpened(!opened)}>
          <span className={running ? classes.on : shared ? classes.elsewhere : classes.off} aria-hidden />
          <span className={classes.text}>
            {[state, share, plural(managers, "manager")].filter((part) => part !== undefined).join(" · ")}
          </span>
          <IconChevronDown size={14} aria-hidden />
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Manager">
        <dl className={classes.facts}>
          <dt>In flight</dt>
          <dd>{plural(manager.in_flight, "journey")}</dd>
          <dt>Records processed</dt>
          <dd>{count(manager.processed)} since it started</dd>
          <dt>Dead letters</dt>
          <dd>{count(manager.dead_lettered)} since it started</dd>
        </dl>
        <p className={classes.explain}>
          {running
            ? "Stopping hands its partitions to the other managers. If there is none, journeys wait, and nothing is lost."
            : managers === 0
              ? "No manager runs: journeys wait where they are, and nothing is lost."
              : "Other managers do the work. Started here, this one takes its share."}
        </p>
        {manager.why !== undefined && (
          <p className={classes.explain}>
            <b>It is to run and can't:</b> {manager.why} It is tried again by itself.
          </p>
        )}
        {change.error !== null && (
          <ErrorStrip what={running ? "Not stopped." : "Not started."} error={change.error} />
        )}
        {!readOnly && (
          <Button
            fullWidth
            mt={10}
            loading={change.isPending}
            color={running ? "bad" : undefined}
            variant={running ? "default" : "filled"}
            leftSection={running ? <IconPlayerStop size={15} /> : <IconPlayerPlay size={15} />}
            onClick={() => change.mutate(!running)}
          >
            {running ? "Stop the manager here" : "Start the manager here"}
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
