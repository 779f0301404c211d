/**
 * The transactions of a worker, one after the other under one work id that this process uses once. Whatever goes wrong
 * with one of them, its outcome is taken for lost: a fresh work id takes over, and its owner claims everything anew.
 */
import type { BusLogger } from "../bus.ts";
import type { Connection } from "./client.ts";
import { delay, isFinal } from "./errors.ts";
import type { Commit, Placed } from "./group-commit.ts";
import { TransactionalProducer } from "./transactional-producer.ts";

const MAY_NOT = "this user may not begin transactions: `antigraph doctor` names the right that is missing";
const RETRY_FIRST_MS = 50;
const RETRY_MAXIMUM_MS = 500;
/** Of older ones it isn't known any more that they were this process's own: they are fenced like any other's. */
const MAXIMUM_ABANDONED_IDS = 1_000;
const VISIBLE_CHECK_MS = 2;
const VISIBLE_TIMEOUT_MS = 2_000;

/** What a reader has to reach. */
interface BatchEnd {
  topic: string;
  partition: number;
  end: number;
}

export interface TransactionsOptions {
  connection: Connection;
  /** Of work ids; each ends in a uuid. */
  idPrefix: string;
  group: string;
  /** A transaction is committed: before anything else happens. */
  onCommitted(commit: Commit, placed: readonly Placed[]): void;
  /** Readers of committed records see it. */
  onVisible(commit: Commit): void;
  /** Its outcome is unknown; `renew` has been called already. */
  onFailed(commit: Commit, error: unknown): void;
  signal: AbortSignal;
  logger: BusLogger;
}

/** The work id of the moment; another one means that everything before is lost. */
export interface Epoch {
  readonly workId: string;
  /** It can be used from then on. Resolves with the epoch that Kafka gave to it. */
  readonly ready: Promise<number>;
}

interface OwnEpoch extends Epoch {
  producer: TransactionalProducer;
}

export class Transactions {
  private readonly options: TransactionsOptions;
  private current: OwnEpoch;
  private running: Promise<void> | undefined;
  /** Committed, in order; it isn't known yet whether readers see them. */
  private readonly unseen: { commit: Commit; ends: readonly BatchEnd[]; at: number }[] = [];
  private looking = false;
  /** With what aborts its last transaction, once somebody has asked for that. */
  private readonly abandoned = new Map<string, Promise<void> | undefined>();
  /** Something went wrong: who leads and who coordinates may be others by now. */
  private stale = false;

  constructor(options: TransactionsOptions) {
    this.options = options;
    this.current = this.begin();
  }

  get epoch(): Epoch {
    return this.current;
  }

  get isBusy(): boolean {
    return this.running !== undefined;
  }

  /** Resolves when none is under way. */
  async settled(): Promise<void> {
    await this.running;
  }

  /** A fresh work id; the old one is never used again. */
  renew(): void {
    const [oldest = ""] = this.abandoned.keys();
    if (this.abandoned.size >= MAXIMUM_ABANDONED_IDS) this.abandoned.delete(oldest);
    this.abandoned.set(this.current.workId, undefined);
    this.current = this.begin();
  }

  /** It was this process's own; once `settled`, nothing more comes from it. */
  hasAbandoned(workId: string): boolean {
    return this.abandoned.has(workId);
  }

  /** Has the last transaction of such an id aborted, if it is open: once for all partitions. */
  abort(workId: string, connection: Connection): Promise<void> {
    const known = this.abandoned.get(workId);
    if (known !== undefined) return known;
    const aborting = new TransactionalProducer(connection, workId).abort(this.options.signal);
    const set = (result: Promise<void> | undefined) =>
      this.abandoned.has(workId) && this.abandoned.set(workId, result);
    set(aborting);
    aborting.catch(() => set(undefined));
    return aborting;
  }

  /** Begins a transaction; none may be under way. */
  send(commit: Commit): void {
    this.running = this.commit(commit, this.current).finally(() => {
      this.running = undefined;
    });
  }

  private async commit(commit: Commit, epoch: OwnEpoch): Promise<void> {
    const { onCommitted, onFailed } = this.options;
    try {
      await epoch.ready;
      // Kafka begins a transaction when all of the one before is settled.
      const offsets = await epoch.producer.commit(commit.batches.all, () => this.tell(this.unseen.length));
      const placed = commit.placed(offsets);
      const ends = placed.map(({ batch: { topic, partition }, end }) => ({ topic, partition, end }));
      this.unseen.push({ commit, ends, at: Date.now() });
      onCommitted(commit, placed);
      commit.succeed();
    } catch (error) {
      commit.fail(error);
      if (epoch !== this.current) return;
      this.stale = true;
      this.renew();
      onFailed(commit, error);
      return;
    }
    void this.look();
  }

  /** While no transaction follows that would show it: asks whether readers see the last one. */
  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    const { connection, signal } = this.options;
    for (let last = this.unseen.at(-1); last !== undefined; last = this.unseen.at(-1)) {
      await delay(VISIBLE_CHECK_MS, signal);
      if (this.isBusy && !signal.aborted) continue;
      const isOver = signal.aborted || Date.now() > last.at + VISIBLE_TIMEOUT_MS;
      // Those before the last one can be seen if it can.
      if (isOver || (await connection.areVisible(last.ends))) this.tell(this.unseen.indexOf(last) + 1);
    }
    this.looking = false;
  }

  private tell(count: number): void {
    for (const { commit } of this.unseen.splice(0, count)) this.options.onVisible(commit);
  }

  private begin(): OwnEpoch {
    const { connection, idPrefix } = this.options;
    const producer = new TransactionalProducer(connection, `${idPrefix}work-${crypto.randomUUID()}`);
    return { producer, workId: producer.transactionalId, ready: this.initialise(producer) };
  }

  private async initialise(producer: TransactionalProducer): Promise<number> {
    const { signal, logger, group } = this.options;
    for (let waitMs = RETRY_FIRST_MS; !signal.aborted; waitMs = Math.min(RETRY_MAXIMUM_MS, waitMs * 2)) {
      if (this.hasAbandoned(producer.transactionalId)) break;
      try {
        if (this.stale) await this.options.connection.refresh();
        this.stale = false;
        await producer.initialise();
        break;
      } catch (error) {
        logger.warn({ err: error, group }, isFinal(error) ? MAY_NOT : "no transactions can be begun now");
        await delay(waitMs, signal);
      }
    }
    return producer.epoch;
  }
}
