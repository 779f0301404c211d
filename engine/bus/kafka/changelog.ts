/**
 * One partition of the state changelog as its next owner reads it: the newest value of each key. Beside the state, whose
 * keys begin with a uuid, it has two keys of its own: who works on the partition, and where its input stands.
 */
import type { Connection } from "./client.ts";
import { fetchFrom } from "./fetch.ts";

export const CLAIM_KEY = "claim";
export const POSITION_KEY = "position";

const RESTORE_BYTES = 8_388_608;

export interface Claim {
  work: string;
  member: string;
}

/** What lies in the changelog: state, and the position of the input if there ever was one. */
export interface Restored {
  state: Map<string, string>;
  position: number | undefined;
}

export class Changelog {
  private readonly entries = new Map<string, string>();
  private next: number | undefined;
  private readonly connection: Connection;
  private readonly topic: string;
  private readonly partition: number;

  constructor(connection: Connection, topic: string, partition: number) {
    this.connection = connection;
    this.topic = topic;
    this.partition = partition;
  }

  claim(): Claim | undefined {
    const value = this.entries.get(CLAIM_KEY);
    return value === undefined ? undefined : JSON.parse(value);
  }

  restored(): Restored {
    const position = this.entries.get(POSITION_KEY);
    this.entries.delete(CLAIM_KEY);
    this.entries.delete(POSITION_KEY);
    return { state: this.entries, position: position === undefined ? undefined : Number(position) };
  }

  /** Everything that is committed now. */
  async readToEnd(): Promise<void> {
    const { connection, topic, partition } = this;
    for (;;) {
      this.next ??= (await connection.offsets(topic, [partition], "start")).get(partition) ?? 0;
      const offset = this.next;
      const [fetched] = await connection.retry(async () => {
        const leader = connection.leaderOf(topic, partition);
        if (leader === undefined) throw new Error(`${topic}/${partition} has no leader now`);
        const options = { maxWaitMs: 0, partitionBytes: RESTORE_BYTES };
        return fetchFrom(connection, leader, topic, [{ partition, offset }], options);
      });
      if (fetched === undefined) return;
      for (const { key, value } of fetched.records) {
        if (key === null) continue;
        if (value === null) this.entries.delete(key);
        else this.entries.set(key, value);
      }
      this.next = fetched.next;
      if (fetched.next >= fetched.lastStable) return;
    }
  }
}
