/**
 * One partition of the state changelog as its next owner reads it: the newest value of each key. Beside the state, whose
 * keys begin with a uuid, it has two keys of its own: who works on the partition, and where its input stands.
 */
import type { Checkpoints } from "./checkpoint.ts";
import type { Checkpoint } from "./checkpoint-file.ts";
import type { Connection } from "./client.ts";
import { fetchFrom } from "./fetch.ts";
import { TextMap } from "./text-map.ts";

export const CLAIM_KEY = "claim";
export const POSITION_KEY = "position";

const RESTORE_BYTES = 4_194_304;
/** The ends of transactions bear the brokers' time: those read so far may seem to be of later than they were read. */
const CLOCKS_DIFFER_MS = 200;

export interface Claim {
  work: string;
  /** With which the work id was initialised. */
  epoch?: number;
  member: string;
}

export interface Restored {
  /** All that lies in the changelog, with its own keys; the checkpoint keeps it up. */
  entries: TextMap;
  /** Of the input, if there ever was one. */
  position: number | undefined;
}

export class Changelog {
  private entries = new TextMap();
  /** Keys of what was read here, behind the checkpoint; not kept up without one. */
  private readonly read = new Set<string>();
  private next: number | undefined;
  private fromCheckpoint = false;
  private readonly connection: Connection;
  private readonly topic: string;
  private readonly partition: number;
  private readonly checkpoints: Checkpoints;

  constructor(connection: Connection, topic: string, partition: number, checkpoints: Checkpoints) {
    this.connection = connection;
    this.topic = topic;
    this.partition = partition;
    this.checkpoints = checkpoints;
  }

  claim(): Claim | undefined {
    const value = this.entries.get(CLAIM_KEY);
    return value === undefined ? undefined : JSON.parse(value);
  }

  /** Ends the reading: from now on the checkpoint follows what is committed. */
  restored(): Restored {
    const changed = this.fromCheckpoint ? this.read : undefined;
    const { entries } = this;
    this.checkpoints.follow(this.partition, entries, this.next ?? 0, changed);
    const position = entries.get(POSITION_KEY);
    return { entries, position: position === undefined ? undefined : Number(position) };
  }

  /** Everything that is committed now. */
  async readToEnd(): Promise<void> {
    const { connection, topic, partition } = this;
    for (;;) {
      this.next ??= await this.begin();
      const offset = this.next;
      const [fetched] = await connection.retry(async () => {
        const leader = connection.leaderOf(topic, partition);
        if (leader === undefined) throw new Error(`${topic}/${partition} has no leader now`);
        const options = { maxWaitMs: 0, partitionBytes: RESTORE_BYTES };
        return fetchFrom(connection, leader, topic, [{ partition, offset }], options);
      });
      // A broker that throttles this client answers nothing at all; kafkajs then keeps still for as long as it was told.
      if (fetched === undefined) continue;
      for (const { key, value } of fetched.records) {
        if (key === null) continue;
        if (this.fromCheckpoint) this.read.add(key);
        if (value === null) this.entries.delete(key);
        else this.entries.set(key, value);
      }
      this.next = fetched.next;
      if (fetched.next >= fetched.lastStable) return;
    }
  }

  /** Where to read from: behind the local checkpoint if it is one of this very log. */
  private async begin(): Promise<number> {
    const { connection, topic, partition } = this;
    const start = (await connection.offsets(topic, [partition], "start")).get(partition) ?? 0;
    const checkpoint = await this.checkpoints.load(partition);
    if (checkpoint === undefined || !(await this.isOfThisLog(checkpoint, start))) return start;
    this.entries = checkpoint.entries;
    this.fromCheckpoint = true;
    return checkpoint.next;
  }

  /** A topic that was deleted and made anew has nothing older than the checkpoint, but for what lies behind it. */
  private async isOfThisLog({ next, at }: Checkpoint, start: number): Promise<boolean> {
    const { connection, topic, partition } = this;
    const end = (await connection.offsets(topic, [partition], "end")).get(partition) ?? 0;
    if (next < start || next > end) return false;
    const asked = [{ topic, partitions: [{ partition }], fromTimestamp: at + CLOCKS_DIFFER_MS }];
    const [found] = await connection.retry(() => connection.cluster.fetchTopicsOffset(asked));
    const newer = Number(found?.partitions[0]?.offset ?? -1);
    return newer < 0 || newer >= next;
  }
}
