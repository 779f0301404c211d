/** What is wrong with topics and their copies, from what the cluster says of each partition. */
import type { Cluster, TopicList } from "../../engine/api/schemas/cluster.ts";
import { duration, plural } from "../parts/format.ts";

const DAY_MS = 86_400_000;

export type Topic = TopicList["topics"][number];

export interface TopicHealth {
  /** Partitions without a leader: nothing can be read from or written to them. */
  leaderless: number[];
  /** Partitions with fewer copies in step than there are. */
  behind: number[];
  /** The cluster says nothing about copies: the embedded bus. */
  known: boolean;
}

export function healthOf({ offsets }: Topic): TopicHealth {
  const known = offsets.some(({ replicas }) => replicas !== undefined);
  const leaderless = known ? offsets.filter(({ leader }) => leader === undefined) : [];
  const behind = offsets.filter(
    ({ leader, replicas = [], in_sync = [] }) => leader !== undefined && in_sync.length < replicas.length,
  );
  const numbers = (list: Topic["offsets"]) => list.map(({ partition }) => partition);
  return { known, leaderless: numbers(leaderless), behind: numbers(behind) };
}

/** In words, the worst first. */
export function healthInWords({ known, leaderless, behind }: TopicHealth): {
  tone: "ok" | "warn" | "bad" | "dim";
  words: string;
} {
  if (!known) return { tone: "dim", words: "" };
  if (leaderless.length > 0)
    return { tone: "bad", words: `${plural(leaderless.length, "partition")} without leader` };
  if (behind.length > 0) return { tone: "warn", words: `copies behind in ${plural(behind.length, "partition")}` };
  return { tone: "ok", words: "in sync" };
}

/** How long a topic's records are kept. */
export function keptInWords({ compacted, retention_ms }: Topic): string {
  if (compacted) return "newest of each key";
  if (retention_ms === undefined) return "every record";
  if (retention_ms < 0) return "for ever";
  return retention_ms % DAY_MS === 0 ? plural(retention_ms / DAY_MS, "day") : duration(retention_ms);
}

/** How many partitions each broker leads. */
export function leadersByBroker(topics: readonly Topic[]): Map<number, number> {
  const led = new Map<number, number>();
  for (const { offsets } of topics) {
    for (const { leader } of offsets) if (leader !== undefined) led.set(leader, (led.get(leader) ?? 0) + 1);
  }
  return led;
}

/** `broker-1:9092`. */
export function addressOf({ host, port }: Cluster["brokers"][number]): string {
  return port === undefined ? host : `${host}:${port}`;
}
