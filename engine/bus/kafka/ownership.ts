/** The partitions that the group gives to this member: claims each, restores it, and hands it over to be worked on. */
import { AntigraphError } from "../../core/errors.ts";
import type { BusLogger, Worker } from "../bus.ts";
import type { Checkpoints } from "./checkpoint.ts";
import { claim } from "./claims.ts";
import type { Connection } from "./client.ts";
import type { ClosedStore } from "./closed-store.ts";
import { delay, isFinal } from "./errors.ts";
import type { ChangelogTopics } from "./group-commit.ts";
import { PartitionState } from "./partition-state.ts";
import type { Quarantine } from "./quarantine.ts";
import { outOfLog } from "./read.ts";
import type { TextMap } from "./text-map.ts";
import type { Transactions } from "./transactions.ts";
import { WorkPartition } from "./work-partition.ts";

const RETRY_FIRST_MS = 50;
const RETRY_MAXIMUM_MS = 500;
/** Who waits longer for a partition is told, again and again. */
const SLOW_MS = 10_000;

export interface OwnershipOptions {
  worker: Worker;
  topics: ChangelogTopics;
  claiming: Connection;
  /** Sees the ends of logs, committed or not. */
  inspecting: Connection;
  /** Asks the group whether this member is in it. */
  isMember(memberId: string): Promise<boolean>;
  /** Resolves while the group can't have given this member's partitions to others without its knowledge. */
  confirmed(): Promise<void>;
  closed: ClosedStore;
  checkpoints: Checkpoints;
  transactions: Transactions;
  quarantine: Quarantine;
  idPrefix: string;
  deadLetters: string;
  clock: () => number;
  logger: BusLogger;
  signal: AbortSignal;
  /** It is restored, and is read from its position. */
  onTaken(partition: number, position: number): void;
  /** Its memory is dropped. */
  onDropped(partition: number): void;
  /** Gives claims back; settles when that is committed, or won't be. */
  release(partitions: readonly number[]): Promise<void>;
}

export class Ownership {
  /** What is worked on. */
  readonly working = new Map<number, WorkPartition>();
  /**
   * Resolves when it has what it was given first, but for what can't be had now: a partition without a leader is tried on
   * and on. Rejects with a reason that trying again doesn't mend.
   */
  readonly started: Promise<void>;
  /** What the group gives to this member, which has this id. */
  private assigned: readonly number[] = [];
  private memberId = "";
  private readonly claims = new Set<number>();
  /** Whose claims are being given back. They are claimed again after that, or it would be the new claim that is gone. */
  private readonly releasing = new Map<number, Promise<void>>();
  /** What could not be had at the first try. */
  private readonly missed = new Set<number>();
  private readonly first = Promise.withResolvers<void>();
  private readonly options: OwnershipOptions;

  constructor(options: OwnershipOptions) {
    this.options = options;
    this.started = this.first.promise;
    this.started.catch(() => {});
    options.signal.addEventListener("abort", () => this.first.reject(new Error("stopped")));
  }

  /** Answers the partitions that are gone: their memory is dropped, their claims are given back. */
  assign(assigned: readonly number[], memberId: string): number[] {
    const gone = [...this.working.keys()].filter((partition) => !assigned.includes(partition));
    this.assigned = assigned;
    this.memberId = memberId;
    for (const partition of gone) this.drop(partition);
    this.letGo(gone);
    this.claimAll();
    return gone;
  }

  /** Otherwise their next owner fences this one, which costs the other partitions a claim of their own. */
  private letGo(partitions: readonly number[]): void {
    if (partitions.length === 0) return;
    const released = this.options.release(partitions).catch(() => {});
    for (const partition of partitions) this.releasing.set(partition, released);
    void released.then(() => {
      for (const partition of partitions) {
        if (this.releasing.get(partition) === released) this.releasing.delete(partition);
      }
    });
  }

  /** Lets go of a partition, and claims it again when what it has under way is committed. */
  giveBack(partition: number): void {
    this.drop(partition);
    this.letGo([partition]);
    this.claimAll();
  }

  private drop(partition: number): void {
    const found = this.working.get(partition);
    this.working.delete(partition);
    this.options.onDropped(partition);
    if (found === undefined) return;
    this.options.checkpoints.leave(partition, found.state.written);
    found.revoke();
  }

  dropAll(): void {
    for (const partition of [...this.working.keys()]) this.drop(partition);
  }

  /** Everything is dropped, and nothing is claimed before the group assigns again. */
  lose(): void {
    this.assigned = [];
    this.dropAll();
  }

  claimAll(): void {
    if (this.assigned.length === 0) this.first.resolve();
    for (const partition of this.assigned) {
      if (!this.working.has(partition) && !this.claims.has(partition)) void this.claim(partition);
    }
  }

  private async claim(partition: number): Promise<void> {
    const { logger, signal, worker, claiming } = this.options;
    this.claims.add(partition);
    const since = Date.now();
    const slow = setInterval(() => {
      const seconds = Math.round((Date.now() - since) / 1_000);
      logger.warn({ topic: worker.topic, partition, seconds }, "a partition is still being taken over");
    }, SLOW_MS);
    slow.unref();
    try {
      for (let waitMs = RETRY_FIRST_MS; this.assigned.includes(partition) && !signal.aborted; ) {
        try {
          if (await this.take(partition)) break;
        } catch (error) {
          if (signal.aborted) break;
          if (isFinal(error) || error instanceof AntigraphError) this.first.reject(error);
          this.missed.add(partition);
          this.checkStarted();
          logger.warn({ err: error, topic: worker.topic, partition }, "a partition can't be claimed now");
          await delay(waitMs, signal);
          waitMs = Math.min(RETRY_MAXIMUM_MS, waitMs * 2);
          await claiming.refresh();
        }
      }
    } finally {
      clearInterval(slow);
      this.claims.delete(partition);
    }
    this.checkStarted();
  }

  private checkStarted(): void {
    if (this.assigned.every((it) => this.working.has(it) || this.missed.has(it))) this.first.resolve();
  }

  /** Answers whether the partition is worked on now. */
  private async take(partition: number): Promise<boolean> {
    const { transactions, closed, signal, topics, claiming, checkpoints, idPrefix, isMember } = this.options;
    const { epoch } = transactions;
    const isOwner = () => epoch === transactions.epoch && this.assigned.includes(partition) && !signal.aborted;
    const producerEpoch = await epoch.ready;
    // A claim takes a partition from whoever has it: never by what was so before an outage.
    await this.options.confirmed();
    // What was under way with an abandoned work id has come to its end.
    await transactions.settled();
    await this.releasing.get(partition);
    if (!isOwner()) return false;
    let isClaimed = false;
    const restored = await claim({
      connection: claiming,
      changelog: topics.state,
      partition,
      checkpoints,
      idPrefix,
      workId: epoch.workId,
      epoch: producerEpoch,
      memberId: this.memberId,
      isAbandoned: (workId) => transactions.hasAbandoned(workId),
      abort: (workId) => transactions.abort(workId, claiming),
      isOwner,
      isMember,
      onClaimed: () => {
        isClaimed = true;
      },
      signal,
    });
    try {
      if (restored !== undefined && isOwner()) await closed.upToDate(partition, signal);
      const position = restored && isOwner() ? await this.checkPosition(partition, restored.position) : undefined;
      if (restored !== undefined && position !== undefined && isOwner()) {
        this.handOver(partition, restored.entries, position);
        return true;
      }
    } finally {
      // It has been read, and isn't kept up.
      if (restored !== undefined && !this.working.has(partition)) checkpoints.leave(partition, restored.entries);
    }
    // The group has given it to another one meanwhile. Under another work id there is nothing of it to be given back.
    if (isClaimed && epoch === transactions.epoch && !signal.aborted) this.letGo([partition]);
    return false;
  }

  private handOver(partition: number, entries: TextMap, position: number): void {
    const { worker, closed, quarantine } = this.options;
    const found = new WorkPartition({
      ...this.options,
      topic: worker.topic,
      partition,
      state: new PartitionState(partition, entries, closed),
      position,
      suspicion: quarantine.suspicionOf(partition),
    });
    try {
      found.restore();
    } catch (error) {
      found.revoke();
      this.first.reject(error);
      throw error;
    }
    this.working.set(partition, found);
    this.options.onTaken(partition, position);
  }

  /** Throws `offset_out_of_range`: input was lost, and going on would hide it. */
  private async checkPosition(partition: number, position: number | undefined): Promise<number> {
    const { inspecting, worker } = this.options;
    const { topic } = worker;
    const start = (await inspecting.offsets(topic, [partition], "start")).get(partition) ?? 0;
    if (position === undefined) return start;
    const end = (await inspecting.offsets(topic, [partition], "end")).get(partition) ?? 0;
    if (position < start || position > end) throw outOfLog({ topic, partition, offset: position, start, end });
    return position;
  }
}
