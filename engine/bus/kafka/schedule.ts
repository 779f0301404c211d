/**
 * Whose turn it is: calls the workers of the partitions that are ready, beginning where the last transaction ended. While
 * a transaction commits, the next one is gathered; it is sent when the one before is done.
 */
import type { BusLogger } from "../bus.ts";
import { CLAIM_KEY } from "./changelog.ts";
import type { Connection } from "./client.ts";
import { delay } from "./errors.ts";
import type { Fetcher } from "./fetcher.ts";
import { type ChangelogTopics, Commit, gather } from "./group-commit.ts";
import type { Quarantine } from "./quarantine.ts";
import type { Transactions } from "./transactions.ts";
import type { WorkPartition } from "./work-partition.ts";

const RETRY_MS = 50;
/** Of a partition that works alone, at once: enough to show whether it can write, and the others wait meanwhile. */
const SUSPECT_RECORDS = 64;
/** A timer further away is looked at again in between: the wall clock may jump. */
const MAXIMUM_SLEEP_MS = 60_000;

export interface ScheduleOptions {
  topic: string;
  topics: ChangelogTopics;
  /** By number; others add and remove them. */
  working: ReadonlyMap<number, WorkPartition>;
  transactions: Transactions;
  quarantine: Quarantine;
  fetcher: Fetcher;
  producing: Connection;
  /** Sees the ends of logs, committed or not. */
  inspecting: Connection;
  clock: () => number;
  signal: AbortSignal;
  logger: BusLogger;
}

export class Schedule {
  private readonly options: ScheduleOptions;
  private open: Commit;
  /** What was gathered beside a transaction is sent as soon as that is done. */
  private due = false;
  /** The partition whose turn it is. */
  private next: number | undefined;
  private woken = false;
  private signalWork: () => void = () => {};
  private timer: NodeJS.Timeout | undefined;

  constructor(options: ScheduleOptions) {
    this.options = options;
    this.open = this.fresh();
  }

  /** Something may be ready. */
  wake(): void {
    this.woken = true;
    this.signalWork();
  }

  /** What was gathered is worthless: its partitions' memory is dropped. */
  discard(error: unknown): void {
    this.open.fail(error);
    this.open = this.fresh();
  }

  /**
   * Lets successors know that nobody has to be fenced: in the transaction with the last that came of these partitions.
   * Resolves when that is committed.
   */
  async release(partitions: readonly number[]): Promise<void> {
    if (partitions.length === 0) return;
    const { open } = this;
    for (const partition of partitions) open.note(partition, CLAIM_KEY, null);
    this.wake();
    await open.done;
  }

  /** Until it is told to stop; then what was gathered is sent. */
  async run(): Promise<void> {
    const { transactions, signal } = this.options;
    while (!signal.aborted) {
      this.woken = false;
      const gathered = await this.gather();
      // A commit under way gets its turn between two calls of workers.
      if (transactions.isBusy && gathered) await new Promise((resolve) => setImmediate(resolve));
      if (!transactions.isBusy && !this.open.isEmpty && (this.due || !gathered)) this.send();
      if (gathered || this.woken) continue;
      this.arm();
      await this.sleep();
    }
    clearTimeout(this.timer);
  }

  /** After `run`: sends what there is, and resolves when it is committed or lost. */
  async flush(): Promise<void> {
    await this.options.transactions.settled();
    if (!this.open.isEmpty) this.send();
    await this.options.transactions.settled();
  }

  private fresh(): Commit {
    return new Commit(this.options.topics, () => this.wake());
  }

  private send(): void {
    const commit = this.open;
    this.open = this.fresh();
    this.due = false;
    commit.seal();
    this.options.transactions.send(commit);
    void this.options.transactions.settled().then(() => {
      this.due = !this.open.isEmpty;
      this.wake();
    });
  }

  /**
   * Those that have to work alone come first: after an outage that is each of them, and one that is through would go on for a
   * transaction's time before the next one begins.
   */
  private inTurn(): WorkPartition[] {
    const { working, quarantine } = this.options;
    const all = [...working.values()];
    const first = all.findIndex(({ partition }) => partition === this.next);
    const rotated = first < 0 ? all : [...all.slice(first), ...all.slice(0, first)];
    const isIsolated = ({ partition }: WorkPartition) => quarantine.isIsolated(partition);
    return rotated.some(isIsolated)
      ? rotated.toSorted((a, b) => Number(isIsolated(b)) - Number(isIsolated(a)))
      : rotated;
  }

  /** Calls one worker. Answers whether anything came of it. */
  private async gather(): Promise<boolean> {
    const { working, quarantine, fetcher, producing, clock, topics, transactions } = this.options;
    const now = clock();
    const partitions = this.inTurn();
    for (const [index, found] of partitions.entries()) {
      if (this.open.alone || this.open.isFull) return false;
      if (!found.isReady(now)) {
        if (found.needsEnd(now)) void this.findEnd(found);
        continue;
      }
      const { partition } = found;
      const isolated = quarantine.isIsolated(partition);
      if (quarantine.blockedUntil(partition) > now) continue;
      // It has its turn when all before it is sent.
      if (isolated && (!this.open.isEmpty || transactions.isBusy)) return false;
      this.next = partitions[(index + 1) % partitions.length]?.partition;
      if (producing.leaderOf(topics.state, partition) === undefined) {
        this.strand(partition, now);
        continue;
      }
      const { open } = this;
      const isOwned = (): boolean => working.get(partition) === found && open === this.open;
      const outcome = await gather(found, open, producing, now, isOwned, isolated ? SUSPECT_RECORDS : undefined);
      if (!found.isFull) fetcher.resume(partition);
      if (found.needsEnd(now)) void this.findEnd(found);
      if (outcome === "stranded") this.strand(partition, now);
      if (outcome !== "added") continue;
      if (isolated) open.alone = true;
      return true;
    }
    return false;
  }

  /** A partition that it writes to has no leader: it waits, and the others go on. */
  private strand(partition: number, now: number): void {
    const { quarantine, producing, logger, topic } = this.options;
    quarantine.block(partition, now);
    logger.warn({ topic, partition }, "what this partition writes has no leader now; it waits");
    void producing.refresh().then(() => this.wake());
  }

  /** Everything that is in the partition now is to be processed before its timer fires. */
  private async findEnd(partition: WorkPartition): Promise<void> {
    const { inspecting, topic, signal } = this.options;
    partition.callAfter = Number.POSITIVE_INFINITY;
    try {
      const ends = await inspecting.offsets(topic, [partition.partition], "end");
      // After an outage its reader has to hear first that there was one.
      if (this.options.fetcher.isSilent(partition.partition)) throw new Error("the partition can't be read yet");
      partition.callAfter = ends.get(partition.partition) ?? 0;
    } catch {
      partition.callAfter = undefined;
      await delay(RETRY_MS, signal);
    }
    this.wake();
  }

  private sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.signalWork = resolve;
      if (this.woken || this.options.signal.aborted) resolve();
    });
  }

  /** One timer, for the partition that has to be looked at first. */
  private arm(): void {
    const { working, quarantine, clock } = this.options;
    clearTimeout(this.timer);
    let earliest = Number.POSITIVE_INFINITY;
    for (const partition of working.values()) {
      const blockedUntil = quarantine.blockedUntil(partition.partition);
      const look = partition.callAfter === undefined ? partition.nextLook() : undefined;
      if (look !== undefined) earliest = Math.min(earliest, Math.max(look, blockedUntil));
      if (partition.backlog > 0 && blockedUntil > 0) earliest = Math.min(earliest, blockedUntil);
    }
    if (earliest === Number.POSITIVE_INFINITY) return;
    const sleepMs = Math.min(MAXIMUM_SLEEP_MS, Math.max(1, earliest - clock()));
    this.timer = setTimeout(() => this.wake(), sleepMs);
  }
}
