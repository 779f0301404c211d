/** How far what the pages show is from now: this page's connection to the console, and the console's to the cluster. */
import { useInfo } from "./queries.ts";
import { useConnection } from "./stream.ts";

/** `since`: what is shown is from then (milliseconds since 1970). */
export type Reach =
  | { kind: "live" | "connecting" }
  | { kind: "console_lost"; since: number; retryAt: number; why: string }
  | { kind: "cluster_connecting" | "cluster_lost"; since: number; why: string | undefined };

export function useReach(): Reach {
  const connection = useConnection();
  const cluster = useInfo().data?.connection;
  if (connection.kind === "lost") return { ...connection, kind: "console_lost" };
  if (cluster !== undefined && cluster.state !== "connected") {
    const kind = cluster.state === "connecting" ? "cluster_connecting" : "cluster_lost";
    return { kind, since: Date.parse(cluster.since), why: cluster.message };
  }
  return { kind: connection.kind };
}

/** The pages show what was, not what is. */
export function isStale({ kind }: Reach): boolean {
  return kind === "console_lost" || kind === "cluster_lost";
}
