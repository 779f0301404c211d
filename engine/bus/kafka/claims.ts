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
import { Batches } from "./batches.ts";
import { Changelog, CLAIM_KEY, type Claim, type Restored } from "./changelog.ts";
import type { Checkpoints } from "./checkpoint.ts";
import type { Connection } from "./client.ts";
import { delay } from "./errors.ts";
import { TransactionalProducer } from "./transactional-producer.ts";

/** How long a former owner that is still a member has for letting go by itself. */
const RELEASE_TIMEOUT_MS = 1_000;
const POLL_MS = 3;

export interface ClaimOptions {
  connection: Connection;
  changelog: string;
  partition: number;
  checkpoints: Checkpoints;
  /** Where the claim ids live: `<prefix>claim-<changelog>-<partition>`. */
  idPrefix: string;
  /** The work id that the claim names, and the epoch it was initialised with. */
  workId: string;
  epoch: number;
  memberId: string;
  /**
   * This process has used it, and will not again: nobody has to be fenced. What its last transaction left open is settled
   * before the claim can be read, for that lies behind it in the log.
   */
  isAbandoned(workId: string): boolean;
  /** Has what such an id has left open aborted. */
  abort(workId: string): Promise<void>;
  /** The group gives the partition to this member, and its work id is still the one named. */
  isOwner(): boolean;
  /** Asks the group whether this member is in it. */
  isMember(memberId: string): Promise<boolean>;
  /** The claim is committed: it stands until it is given back, or another one fences this owner. */
  onClaimed(): void;
  signal: AbortSignal;
}

/** Undefined when the partition isn't this member's any more. Rejects when the cluster can't be reached. */
export async function claim(options: ClaimOptions): Promise<Restored | undefined> {
  const { connection, changelog, partition, idPrefix, workId, epoch, memberId, isOwner } = options;
  await connection.know(changelog);
  const claimer = new TransactionalProducer(connection, `${idPrefix}claim-${changelog}-${partition}`);
  await claimer.initialise();
  const log = new Changelog(connection, changelog, partition, options.checkpoints);
  await log.readToEnd();
  let last = log.claim();
  if (last !== undefined && last.work !== workId) {
    if (options.isAbandoned(last.work)) await options.abort(last.work);
    else {
      const former = new TransactionalProducer(connection, last.work);
      if (await options.isMember(last.member)) last = await released(log, last, options);
      // Claims that don't tell the epoch were made by an older release.
      if (last !== undefined) await former.fence(last.epoch ?? Number.POSITIVE_INFINITY);
    }
  }
  if (!isOwner()) return undefined;
  const own: Claim = { work: workId, epoch, member: memberId };
  const batches = new Batches();
  batches.add(changelog, partition, { key: CLAIM_KEY, value: JSON.stringify(own), headers: {} });
  await claimer.commit(batches.all);
  options.onClaimed();
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
