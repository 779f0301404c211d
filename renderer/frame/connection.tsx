import { count } from "../parts/format.ts";
import { IconClock, IconPlugConnected, IconPlugConnectedX } from "../parts/icons.ts";
import type { Tone } from "../parts/status.ts";
import { Badge } from "../parts/status-badge.tsx";
import { useInfo } from "../queries.ts";
import { useReach } from "../reach.ts";
import classes from "./frame.module.css";

/** Whether changes arrive and what lies in the outbox; says more in a strip above the page when they don't (banners.tsx). */
export function Connection() {
  const reach = useReach();
  const waiting = useInfo().data?.outbox.waiting ?? 0;
  const [tone, word, says] = LOOKS[reach.kind];
  const Icon = tone === "bad" ? IconPlugConnectedX : IconPlugConnected;
  return (
    <span role="status" className={classes.connection}>
      {waiting > 0 && (
        <Badge
          tone="warn"
          title="Starts and actions that were accepted; they are sent in order once the cluster is back"
        >
          <IconClock size={15} aria-hidden />
          {count(waiting)} to be sent
        </Badge>
      )}
      <Badge tone={tone} title={says}>
        <Icon size={15} aria-hidden />
        {word}
      </Badge>
    </span>
  );
}

const LOOKS: Record<ReturnType<typeof useReach>["kind"], readonly [Tone, string, string]> = {
  live: ["ok", "live", "Changes arrive as they happen"],
  connecting: ["dim", "connecting", "This page asks the console for its changes"],
  console_lost: ["bad", "not connected", "The console doesn't answer this page"],
  cluster_connecting: ["warn", "connecting", "The console asks for the cluster"],
  cluster_lost: ["bad", "cluster away", "The console can't reach the cluster"],
};
