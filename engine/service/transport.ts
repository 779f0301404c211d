/**
 * How a service reaches the topics. Three adapters stand behind this port: `http` (the API of a console on the embedded
 * profile), `kafka`, and `bus` (in one process with the engine).
 */
import type { BusRecord, NewRecord } from "../bus/bus.ts";
import type { Clock } from "./clock.ts";

/** Partition -> the offset to read next. */
export type Positions = Record<number, number>;

/** What became of a batch of records handed to the service. Both reject when the service stops before. */
export interface Delivery {
  /** There is room for more. */
  accepted: Promise<void>;
  /** Every command of the batch is dealt with for good: its position may be committed. */
  settled: Promise<void>;
}

export interface ConnectOptions {
  /** The service's name; consumer groups are called `service.NAME`. */
  service: string;
  /** The service's own read positions, by which a transport without consumer groups goes on. */
  positions: Positions;
  /** Where to begin without a position. */
  from: "beginning" | "end";
  /** Takes records of `fromanager` in order per partition, with the positions behind them. */
  onRecords(records: BusRecord[], next: Positions): Delivery;
  /** By partition the first offset that isn't dealt with for good: a consumer group must not be stored beyond it. */
  unsettled(): Positions;
  /** Partitions may go to other instances: resolves when the commands that run now have ended. */
  onRebalance(): Promise<void>;
  /** Partitions have gone to others, or will be read again: what is not done of them comes again. */
  onLost(partitions: number[]): void;
  /** The positions don't fit the topic any more and were replaced; says which holds now. */
  onReset(positions: Positions): void;
  /** The topics can be read, or can't at the moment. */
  onConnection(connected: boolean, why?: string): void;
  /** Reading has ended for good (a wrong token, a profile that forbids it). */
  onFatal(error: Error): void;
  clock: Clock;
  random: () => number;
}

export interface Connection {
  /** Appends all records or none; when it resolves they are durable. Rejects with a TransportError, see there. */
  append(records: NewRecord[]): Promise<void>;
  /** Delivers no more; resolves when no delivery is under way. Partitions are kept until `close`. */
  stopReading(): Promise<void>;
  close(): Promise<void>;
}

export interface Transport {
  /** It has consumer groups: they remember where a service has read up to, and `positions` aren't asked for. */
  readonly remembers: boolean;
  /** Which records must keep their order; others need not wait for them. Left out: all, they go in batches. */
  laneOf?(record: NewRecord): string;
  connect(options: ConnectOptions): Promise<Connection>;
}

/**
 * `unavailable`: try again later. `refused`: these very records aren't taken, now or later. `denied`: this service may
 * not use these topics at all.
 */
export class TransportError extends Error {
  readonly kind: "unavailable" | "refused" | "denied";
  constructor(kind: "unavailable" | "refused" | "denied", message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "TransportError";
    this.kind = kind;
  }
}
