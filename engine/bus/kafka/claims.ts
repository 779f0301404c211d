/**
 * How a partition changes hands so that its former owner can change nothing any more:
 *
 *   1. initialise the transactional id `claim-<partition>`: no rival can commit a claim made before
 *   2. read the changelog to its end, and in it the last claim
 *   3. initialise the work id named there: its owner is fenced, its open transaction settled
 *   4. check that the group still gives the partition to this member
 *   5. commit a claim naming the own work id, under the claim id
 *   6. read on until that very claim: now the state is complete, and nobody else can add to it
 *
 * Dying anywhere in between is safe. Who lets go of a partition in good order writes a tombstone for its claim first; its
 * successor then has nobody to fence, which would cost the former owner its other partitions too.
 */
import type { Connection } from "./client.ts";
import { delay } from "./errors.ts";
import { fetchFrom } from "./fetch.ts";
import { Batches, TransactionalProducer } from "./produce.ts";

/** Keys of the changelog that are no state; state keys begin with a uuid. */
export const CLAIM_KEY = "claim";
export const POSITION_KEY = "position";

/** How long a former owner that is still a member has for letting go by itself. */
const RELEASE_TIMEOUT_MS = 1_000;
const POLL_MS = 3;
const RESTORE_BYTES = 8_388_608;

export interface ClaimOptions {
  connection: Connection;
  changelog: string;
  partition: number;
  /** Where the claim ids live: `<prefix>claim-<changelog>-<partition>`. */
  idPrefix: string;
  /** The work id that the claim names. */
  workId: string;
  memberId: string;
  /** The group gives the partition to this member, and its work id is still the one named. */
  isOwner(): boolean;
  /** Asks the group whether this member is in it. */
  isMember(memberId: string): Promise<boolean>;
  signal: AbortSignal;
}

interface Claim {
  work: string;
  member: string;
}

/** What lies in the changelog: state, and the position of the input if there ever was one. */
export interface Restored {
  state: Map<string, string>;
  position: number | undefined;
}

/** Undefined when the partition isn't this member's any more. Rejects when the cluster can't be reached. */
export async function claim(options: ClaimOptions): Promise<Restored | undefined> {
  const { connection, changelog, partition, idPrefix, workId, memberId, isOwner } = options;
  await connection.know(changelog);
  const claimer = new TransactionalProducer(connection, `${idPrefix}claim-${changelog}-${partition}`);
  await claimer.initialise();
  const log = new Changelog(connection, changelog, partition);
  await log.readToEnd();
  let last = log.claim();
  if (last !== undefined && last.work !== workId) {
    if (await options.isMember(last.member)) last = await released(log, last, options);
    if (last !== undefined) await new TransactionalProducer(connection, last.work).initialise();
  }
  if (!isOwner()) return undefined;
  const own: Claim = { work: workId, member: memberId };
  const batches = new Batches();
  batches.add(changelog, partition, { key: CLAIM_KEY, value: JSON.stringify(own), headers: {} });
  await claimer.commit(batches.all);
  while (log.claim()?.work !== workId) {
    if (!isOwner()) return undefined;
    await log.readToEnd();
    await delay(POLL_MS, options.signal);
  }
  return log.restored();
}

/** The claim that has to be fenced: undefined when its owner has let go within RELEASE_TIMEOUT_MS. */
async function released(log: Changelog, last: Claim, { isOwner, signal }: ClaimOptions): Promise<Claim | undefined> {
  const deadline = Date.now() + RELEASE_TIMEOUT_MS;
  let current: Claim | undefined = last;
  while (current !== undefined && isOwner() && Date.now() < deadline) {
    await delay(POLL_MS, signal);
    await log.readToEnd();
    current = log.claim();
  }
  return current;
}

/** One partition of the changelog, read on and on: the newest value of each key. */
class Changelog {
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
