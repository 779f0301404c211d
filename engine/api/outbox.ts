/**
 * The way of starts and actions to the bus, and what keeps them while the bus is away (promise 8).
 *
 * A record is sent at once; when it isn't on the bus within a moment, it is written to the outbox on this disk, the caller
 * is told so (`queued`), and it is sent later, also by another life of this process. Records of one journey are sent one
 * after the other, in the order of the calls; a new call stands behind those that wait.
 *
 * Sent once: between a send and the mark that it was sent lies a crash, and after it the record is sent again. That is
 * safe because its readers honour repeats: a start of a uuid that exists decides nothing, nor does an action whose id was
 * seen (core/decide.ts). So each takes effect exactly once.
 */
import type { NewRecord, ObservableBus } from "../bus/bus.ts";
import type { BusConnection } from "../bus/kafka/cluster-watch.ts";
import { AntigraphError } from "../core/errors.ts";
import type { Logger } from "../manager/logger.ts";
import { OutboxFile, type OutboxRecord } from "./outbox-file.ts";

/** A record that isn't on the bus by then is put on the disk, and its caller answered. */
const PATIENCE_MS = 1_000;
/** Between tries of a journey whose record could not be sent though the bus seems to be there. */
const RETRY_MS = 500;
/** Records under way to the bus at a time. */
const MAXIMUM_SENDING = 500;
/** What waits is held in memory too. */
const MAXIMUM_RECORDS = 100_000;
const MAXIMUM_BYTES = 67_108_864;
/** How long what was sent may still stand on the disk. */
const TIDY_MS = 50;

/** Where the API puts starts and actions. */
export interface Outgoing {
  /**
   * Resolves when each record is durable, with which of the two it is: on the bus, or on this disk. Rejects with
   * `outbox_full`, `bus_unavailable` (the disk can't be written), or what makes a record unfit.
   */
  send(records: OutboxRecord[]): Promise<{ queued: boolean }[]>;
  /** How many records are on this disk only. */
  waiting(): number;
  /** Records that the bus will never take; they lie in the outbox's file. */
  refused(): number;
  /** The records of a journey that wait, in order. */
  waitingOf(key: string): OutboxRecord[];
  /** Called when something was sent that had waited. Returns the way to stop. */
  onChange(listener: () => void): () => void;
  close(): Promise<void>;
}

/** For a bus that is never away: the embedded one. */
export function directly(bus: { append(records: NewRecord[]): Promise<unknown> }): Outgoing {
  return {
    async send(records) {
      await bus.append(records);
      return records.map(() => ({ queued: false }));
    },
    waiting: () => 0,
    refused: () => 0,
    waitingOf: () => [],
    onChange: () => () => {},
    close: async () => {},
  };
}

export interface OutboxOptions {
  file: string;
  bus: Pick<ObservableBus, "append"> & {
    connection(): BusConnection;
    onConnection(listener: () => void): () => void;
  };
  clock?: () => number;
  logger: Logger;
  /** Records and bytes that may wait; defaults 100,000 and 64 MiB. */
  maximumRecords?: number;
  maximumBytes?: number;
}

interface Entry {
  seq: number;
  record: OutboxRecord;
  queuedAt: number;
  isOnDisk: boolean;
  /** Until the caller has his answer. */
  answer?: { resolve(outcome: { queued: boolean }): void; reject(error: unknown): void };
  timer?: NodeJS.Timeout;
}

/** Records of one journey that aren't on the bus yet, in order. */
interface Lane {
  entries: Entry[];
  isSending: boolean;
  timer?: NodeJS.Timeout;
}

/** @throws AntigraphError data_folder_locked, data_folder_unwritable, data_folder_corrupt, data_folder_newer */
export function openOutbox(options: OutboxOptions): Outgoing {
  return new Outbox(options);
}

class Outbox implements Outgoing {
  private readonly options: OutboxOptions;
  private readonly file: OutboxFile;
  private readonly clock: () => number;
  private readonly lanes = new Map<string, Lane>();
  /** Lanes whose head may be sent, first come first served. */
  private readonly ready = new Set<string>();
  private readonly listeners = new Set<() => void>();
  private readonly stopListening: () => void;
  private lastSeq: number;
  private records = 0;
  private bytes = 0;
  private onDisk = 0;
  private sending = 0;
  private spilling = new Set<Entry>();
  private sent: number[] = [];
  private flush: NodeJS.Immediate | undefined;
  private tidy: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(options: OutboxOptions) {
    this.options = options;
    this.clock = options.clock ?? Date.now;
    this.file = new OutboxFile(options.file);
    this.lastSeq = this.file.lastSeq();
    for (const row of this.file.waiting()) {
      this.enter({ ...row, isOnDisk: true });
      this.onDisk++;
    }
    this.stopListening = options.bus.onConnection(() => this.connectionChanged());
    this.pump();
  }

  waiting = () => this.onDisk;
  refused = () => this.file.refused();

  waitingOf(key: string): OutboxRecord[] {
    return (this.lanes.get(key)?.entries ?? []).map(({ record }) => record);
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async send(records: OutboxRecord[]): Promise<{ queued: boolean }[]> {
    if (this.isClosed) throw new AntigraphError("bus_unavailable", "The console closes.");
    const { maximumRecords = MAXIMUM_RECORDS, maximumBytes = MAXIMUM_BYTES } = this.options;
    const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
    if (this.records + records.length > maximumRecords || this.bytes + bytes > maximumBytes) {
      throw new AntigraphError(
        "outbox_full",
        `The bus can't be reached, and the outbox is full: ${this.records} records of ${this.bytes} bytes wait.`,
      );
    }
    const answers = records.map((record) => this.enqueue(record));
    this.pump();
    return Promise.all(answers);
  }

  /** What isn't on the bus by now goes to the disk; the next life sends it. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.stopListening();
    for (const { entries, timer } of this.lanes.values()) {
      clearTimeout(timer);
      for (const entry of entries) this.spill(entry);
    }
    clearTimeout(this.tidy);
    clearImmediate(this.flush);
    this.write();
    this.file.close();
  }

  private enqueue(record: OutboxRecord): Promise<{ queued: boolean }> {
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        seq: ++this.lastSeq,
        record,
        queuedAt: this.clock(),
        isOnDisk: false,
        answer: { resolve, reject },
      };
      this.enter(entry);
      const isAway = this.options.bus.connection().state !== "connected";
      if (isAway || this.lanes.get(record.key)?.entries[0]?.isOnDisk) this.spill(entry);
      else entry.timer = setTimeout(() => this.spill(entry), PATIENCE_MS);
    });
  }

  private enter(entry: Entry): void {
    const { key } = entry.record;
    const lane = this.lanes.get(key) ?? { entries: [], isSending: false };
    this.lanes.set(key, lane);
    lane.entries.push(entry);
    this.records++;
    this.bytes += sizeOf(entry.record);
    if (!lane.isSending && lane.timer === undefined) this.ready.add(key);
  }

  private connectionChanged(): void {
    if (this.options.bus.connection().state === "connected") this.pump();
    else for (const { entries } of this.lanes.values()) for (const entry of entries) this.spill(entry);
  }

  private pump(): void {
    for (const key of this.ready) {
      if (this.isClosed || this.sending >= MAXIMUM_SENDING) return;
      if (this.options.bus.connection().state !== "connected") return;
      this.ready.delete(key);
      const lane = this.lanes.get(key);
      const head = lane?.entries[0];
      if (lane === undefined || head === undefined) continue;
      lane.isSending = true;
      this.sending++;
      void this.deliver(key, lane, head);
    }
  }

  private async deliver(key: string, lane: Lane, head: Entry): Promise<void> {
    let failure: unknown;
    try {
      await this.options.bus.append([head.record]);
    } catch (error) {
      failure = error;
    }
    lane.isSending = false;
    this.sending--;
    // What was under way when the outbox closed is on the disk, and will be sent again: see above.
    if (this.isClosed) return;
    if (failure === undefined) this.isSent(head);
    else if (isFinal(failure)) this.isRefused(head, failure);
    else {
      this.retryLater(key, lane, failure);
      this.pump();
      return;
    }
    lane.entries.shift();
    this.records--;
    this.bytes -= sizeOf(head.record);
    if (lane.entries.length > 0) this.ready.add(key);
    else this.lanes.delete(key);
    this.pump();
  }

  private isSent(entry: Entry): void {
    clearTimeout(entry.timer);
    entry.answer?.resolve({ queued: false });
    entry.answer = undefined;
    this.spilling.delete(entry);
    if (!entry.isOnDisk) return;
    this.onDisk--;
    this.sent.push(entry.seq);
    this.tidy ??= setTimeout(() => this.write(), TIDY_MS);
    for (const listener of [...this.listeners]) listener();
  }

  /** The bus will never take it. Who waits for an answer is told; else it is kept to be looked at. */
  private isRefused(entry: Entry, error: unknown): void {
    clearTimeout(entry.timer);
    if (!entry.isOnDisk) {
      this.spilling.delete(entry);
      entry.answer?.reject(error);
      entry.answer = undefined;
      return;
    }
    const why = error instanceof Error ? error.message : String(error);
    this.options.logger.error({ err: error, key: entry.record.key }, "The bus refuses a record of the outbox");
    this.file.markRefused(entry.seq, why);
    this.onDisk--;
    for (const listener of [...this.listeners]) listener();
  }

  private retryLater(key: string, lane: Lane, error: unknown): void {
    const [head] = lane.entries;
    if (head !== undefined) this.spill(head);
    this.options.logger.warn({ err: error, waiting: this.records }, "A record could not be sent; it is tried again");
    lane.timer = setTimeout(() => {
      lane.timer = undefined;
      this.ready.add(key);
      this.pump();
    }, RETRY_MS);
  }

  /** To the disk, together with all that are spilled in this turn of the event loop. */
  private spill(entry: Entry): void {
    clearTimeout(entry.timer);
    if (entry.isOnDisk) return;
    this.spilling.add(entry);
    this.flush ??= setImmediate(() => this.write());
  }

  private write(): void {
    clearTimeout(this.tidy);
    clearImmediate(this.flush);
    this.flush = undefined;
    this.tidy = undefined;
    const added = [...this.spilling];
    const removed = this.sent;
    this.spilling.clear();
    this.sent = [];
    if (added.length === 0 && removed.length === 0) return;
    try {
      this.file.write({ added, removed });
    } catch (error) {
      this.isNotWritten(added, removed, error);
      return;
    }
    for (const entry of added) {
      entry.isOnDisk = true;
      this.onDisk++;
      entry.answer?.resolve({ queued: true });
      entry.answer = undefined;
    }
    if (added.length > 0) for (const listener of [...this.listeners]) listener();
  }

  /** The disk is full, say: callers are refused, and nothing of theirs is sent later. */
  private isNotWritten(added: Entry[], removed: number[], error: unknown): void {
    this.options.logger.error({ err: error }, "The outbox could not be written");
    this.sent.push(...removed);
    if (!this.isClosed) this.tidy ??= setTimeout(() => this.write(), RETRY_MS);
    const why = error instanceof Error ? error.message : String(error);
    for (const entry of added) {
      const lane = this.lanes.get(entry.record.key);
      const index = lane?.entries.indexOf(entry) ?? -1;
      // One that is under way may be on the bus already: it stays, and is answered when that is known.
      if (lane === undefined || (index === 0 && lane.isSending)) continue;
      lane.entries.splice(index, 1);
      if (lane.entries.length === 0) this.lanes.delete(entry.record.key);
      this.records--;
      this.bytes -= sizeOf(entry.record);
      entry.answer?.reject(new AntigraphError("bus_unavailable", `The outbox could not be written: ${why}`));
      entry.answer = undefined;
    }
  }
}

const sizeOf = ({ key, value }: OutboxRecord): number => key.length + value.length;

/** Errors that come again however often the same record is sent. */
function isFinal(error: unknown): boolean {
  return error instanceof AntigraphError && (error.code === "invalid_request" || error.code === "payload_too_large");
}
