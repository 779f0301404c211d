import { Popover } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { api } from "../api.ts";
import { useNow } from "../parts/clock.ts";
import { EnvironmentTag } from "../parts/environment-tag.tsx";
import { IconChevronDown, IconLock, IconLockOpen } from "../parts/icons.ts";
import { SkeletonRows } from "../parts/states.tsx";
import { useStore } from "../parts/store.ts";
import { openUnlock, profileSheet } from "../profiles/profile-sheets-store.ts";
import { useProfile } from "../queries.ts";
import { keys } from "../query-keys.ts";
import classes from "./profile-control.module.css";

const ProfileMenu = lazy(() =>
  import("../profiles/profile-menu.tsx").then((module) => ({ default: module.ProfileMenu })),
);
const ProfileSheets = lazy(() =>
  import("../profiles/profile-sheets.tsx").then((module) => ({ default: module.ProfileSheets })),
);

/** Which profile is open, in words and colour; the others are a press away. Production is unlocked and locked here. */
export function ProfileControl() {
  const [opened, setOpened] = useState(false);
  const close = () => setOpened(false);
  return (
    <div className={classes.control}>
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
          <button
            type="button"
            className={classes.target}
            onClick={() => setOpened(!opened)}
            title="Open another profile"
          >
            <EnvironmentTag />
            <IconChevronDown size={14} aria-hidden />
          </button>
        </Popover.Target>
        <Popover.Dropdown aria-label="Profiles">
          {opened && (
            <Suspense fallback={<SkeletonRows rows={3} />}>
              <ProfileMenu onClose={close} />
            </Suspense>
          )}
        </Popover.Dropdown>
      </Popover>
      <Lock />
    </div>
  );
}

/** Production's lock: closed with a way to open it, or open with the time that is left. */
function Lock() {
  const profile = useProfile();
  if (profile?.environment !== "prod") return null;
  if (profile.unlocked_until !== undefined) return <Unlocked until={profile.unlocked_until} />;
  return (
    <button type="button" className={classes.lock} onClick={openUnlock}>
      <IconLock size={15} aria-hidden />
      Unlock…
    </button>
  );
}

function Unlocked({ until }: { until: string }) {
  const queries = useQueryClient();
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: keys.info });
    void queries.invalidateQueries({ queryKey: keys.profiles });
  };
  const lock = useMutation({ mutationFn: api.lockProfile, onSettled: refresh });
  const leftMs = Math.max(0, Date.parse(until) - useNow());
  const over = leftMs === 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once, when the time is over
  useEffect(() => {
    if (over) refresh();
  }, [over]);
  return (
    <span className={classes.unlocked}>
      <IconLockOpen size={15} aria-hidden />
      <span role="timer" aria-label={`Unlocked until ${new Date(until).toLocaleTimeString()}`}>
        unlocked {clockOf(leftMs)}
      </span>
      <button type="button" className={classes.lockNow} onClick={() => lock.mutate()} disabled={lock.isPending}>
        Lock now
      </button>
    </span>
  );
}

/** `29:07`. */
function clockOf(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Shows the sheets about profiles over whatever page asked for them. */
export function ProfileSheetsHost() {
  const shown = useStore(profileSheet);
  if (shown === undefined) return null;
  return (
    <Suspense fallback={null}>
      <ProfileSheets shown={shown} />
    </Suspense>
  );
}
