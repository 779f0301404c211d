/**
 * Group commit: everything that wants to be written is gathered until the event loop has done its input of this turn,
 * then written in one SQLite transaction, so that many share one fsync:
 *
 *   appends -> workers read them and everything else that is new -> their outputs, state, positions -> COMMIT
 *
 * After the commit the appends resolve, the workers hear of it, and readers are woken. A failed commit changes nothing:
 * the appends are refused, the workers' memories are restored from what is stored.
 */
import { AntigraphError } from "../../core/errors.ts";
import type { BusLogger, NewRecord } from "../bus.ts";
import { Backoff } from "./backoff.ts";
import type { Log } from "./log.ts";
import type { Storage } from "./storage.ts";
import type { Topics } from "./topics.ts";

/** Appended records in one transaction; a single larger append still goes in whole. */
const MAXIMUM_COMMIT_RECORDS = 5_000;
/** Positions of consumers wait so long for a commit to ride with: what they cost is often no fsync at all. */
const POSITION_DELAY_MS = 5;
const RETRY_FIRST_MS = 100;
const RETRY_MAXIMUM_MS = 10_000;

export interface Placement {
  topic: string;
  partition: number;
  offset: number;
}

interface PendingAppend {
  writes: { log: Log; record: NewRecord }[];
  placements: Placement[];
  resolve(placements: Placement[]): void;
  reject(error: Error): void;
}

/** The running transaction, as its participants see it. */
export interface Transaction {
  /** The bus's clock at its beginning. */
  readonly now: number;
  /** Every append made so far is in it. */
  readonly drained: boolean;
  write(log: Log, record: NewRecord): void;
}

/** What takes part in every transaction: the workers. */
export interface Participant {
  /** Only SQLite errors may get out of it. Answers whether there is more to do in another transaction at once. */
  run(transaction: Transaction): boolean;
  committed(): void;
  rolledBack(): void;
}

export class GroupCommit {
  private pending: PendingAppend[] = [];
  private readonly positions = new Map<number, number>();
  private positionTimer: NodeJS.Timeout | undefined;
  private scheduled: NodeJS.Immediate | undefined;
  private retry: NodeJS.Timeout | undefined;
  private readonly backoff = new Backoff(RETRY_FIRST_MS, RETRY_MAXIMUM_MS);
  private closed = false;

  private readonly storage: Storage;
  private readonly topics: Topics;
  private readonly participant: Participant;
  private readonly clock: () => number;
  private readonly logger: BusLogger;

  constructor(storage: Storage, topics: Topics, participant: Participant, clock: () => number, logger: BusLogger) {
    this.storage = storage;
    this.topics = topics;
    this.participant = participant;
    this.clock = clock;
    this.logger = logger;
  }

  append(records: readonly NewRecord[]): Promise<Placement[]> {
    return new Promise((resolve, reject) => {
      if (this.closed) throw new AntigraphError("bus_unavailable", `${this.storage.file} is closed.`);
      if (records.length === 0) return resolve([]);
      const writes = records.map((record) => ({ log: this.topics.route(record), record }));
      this.pending.push({ writes, placements: [], resolve, reject });
      this.schedule();
    });
  }

  /** Stores a consumer's position with the next commit, within POSITION_DELAY_MS. */
  setPosition(id: number, next: number): void {
    this.positions.set(id, next);
    if (!this.closed) this.positionTimer ??= setTimeout(() => this.commit(), POSITION_DELAY_MS);
  }

  /** A position that is not stored yet. */
  pendingPosition(id: number): number | undefined {
    return this.positions.get(id);
  }

  /** Commits as soon as the input of this turn of the event loop is read. */
  schedule(): void {
    if (!this.closed) this.scheduled ??= setImmediate(() => this.commit());
  }

  commit(): void {
    clearImmediate(this.scheduled);
    clearTimeout(this.positionTimer);
    this.scheduled = undefined;
    this.positionTimer = undefined;
    const appends = this.takeAppends();
    const written = new Set<Log>();
    let more: boolean;
    try {
      more = this.transact(appends, written);
    } catch (error) {
      this.rollBack(appends, written, error);
      return;
    }
    this.backoff.reset();
    this.positions.clear();
    for (const log of written) log.settle();
    for (const append of appends) append.resolve(append.placements);
    this.participant.committed();
    for (const log of written) for (const wake of log.waiters) wake();
    if (more || this.pending.length > 0) this.schedule();
  }

  /** Commits what is pending; nothing is accepted any more. */
  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    do this.commit();
    while (this.pending.length > 0);
  }

  private takeAppends(): PendingAppend[] {
    let count = 0;
    let records = 0;
    for (const append of this.pending) {
      count++;
      records += append.writes.length;
      if (records >= MAXIMUM_COMMIT_RECORDS) break;
    }
    return this.pending.splice(0, count);
  }

  private transact(appends: readonly PendingAppend[], written: Set<Log>): boolean {
    const now = this.clock();
    this.storage.begin();
    for (const { writes, placements } of appends) {
      for (const { log, record } of writes) {
        const { topic, partition, offset } = log.write(record, now);
        written.add(log);
        placements.push({ topic, partition, offset });
      }
    }
    for (const [id, next] of this.positions) this.storage.setPosition(id, next);
    const more = this.participant.run({
      now,
      drained: this.pending.length === 0,
      write(log, record) {
        log.write(record, now);
        written.add(log);
      },
    });
    this.storage.commit();
    return more;
  }

  private rollBack(appends: readonly PendingAppend[], written: ReadonlySet<Log>, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const { file } = this.storage;
    this.logger.error({ err: error, file }, "a commit failed");
    try {
      this.storage.rollback();
    } catch (rollbackError) {
      this.logger.error({ err: rollbackError, file }, "a rollback failed");
    }
    for (const log of written) log.undo();
    this.participant.rolledBack();
    for (const append of appends) {
      append.reject(
        new AntigraphError("bus_unavailable", `${file} can't be written, nothing was stored: ${reason}.`),
      );
    }
    if (this.closed) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.commit(), this.backoff.next());
    if (this.pending.length > 0) this.schedule();
  }
}
