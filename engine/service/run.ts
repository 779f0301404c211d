/**
 * The life of one service instance: command in -> handler -> effect, id and reply together -> reply out.
 *
 * ```
 * transport -> parse -> pool -> holding -> known id? -> before -> handler -> ledger.settle -> replies -> transport
 *                                             \-> its stored reply -------------------/
 * ```
 */
import { hostname } from "node:os";
import type { NewRecord } from "../bus/bus.ts";
import { TOPICS } from "../core/protocol.ts";
import { type Clock, pause, systemClock } from "./clock.ts";
import type { Call, ServiceDefinition } from "./define.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { Holding } from "./holding.ts";
import { Intake } from "./intake.ts";
import { createMemoryLedger } from "./ledger.ts";
import { Replies } from "./replies.ts";
import type { ServiceStore } from "./store.ts";
import type { Connection, ConnectOptions, Transport } from "./transport.ts";

const DEFAULT_CONCURRENCY = 64;
const DEFAULT_HEARTBEAT_MS = 5_000;
const DEFAULT_STOP_GRACE_MS = 10_000;
/** How long an end waits until it is known that this instance is gone. */
const GOODBYE_MS = 1_000;
/** The error code of a failure that stands in for a reply that couldn't be sent. */
const REFUSED = "reply_refused";

export type LogLevel = "info" | "warn" | "error";

export interface RunOptions {
  /** Inbox, outbox and positions on disk; without one a crash may repeat effects. The service doesn't close it. */
  store?: ServiceStore;
  /** The store's instance, else host and process id. */
  instance?: string;
  /** Where a service without a position begins. At the beginning, or at the end if nothing keeps its positions. */
  from?: "beginning" | "end";
  /** Commands running at once. 64 */
  concurrency?: number;
  /** 5,000 ms */
  heartbeatMs?: number;
  /** How long `stop` lets running handlers go on before it aborts their signal. 10,000 ms */
  stopGraceMs?: number;
  /** Runs before the handler; what it throws is the command's failure. Faults are injected here. */
  before?(call: Call): void | Promise<void>;
  /**
   * Rejects while something the service needs is away: its commands are kept until it passes again, as when a handler
   * throws `Unavailable`. Called at the start, with every heartbeat, and again and again while it rejects.
   */
  ready?(): void | Promise<void>;
  clock?: Clock;
  random?: () => number;
  log?(level: LogLevel, message: string): void;
}

export interface ServiceStatus {
  connected: boolean;
  /** Why the service keeps its commands for the moment; undefined while it doesn't. */
  holding: string | undefined;
  running: number;
  waiting: number;
  /** Replies not accepted yet. */
  unsent: number;
  handled: number;
  failed: number;
  repeated: number;
}

export interface RunningService {
  readonly service: string;
  readonly instance: string;
  /** Resolves when the topics could be read for the first time. */
  readonly ready: Promise<void>;
  /** Resolves when the service has stopped; rejects when it can't go on (a wrong token, a broken store). */
  readonly ended: Promise<void>;
  status(): ServiceStatus;
  /** Resolves when nothing runs, waits, or is unsent. */
  idle(): Promise<void>;
  /** Takes no more commands, finishes those that run, sends their replies. Safe to call twice. */
  stop(): Promise<void>;
}

/** Starts a service on a transport. A console that isn't there yet is waited for (`ready`). */
export async function runService(
  service: ServiceDefinition,
  transport: Transport,
  options: RunOptions = {},
): Promise<RunningService> {
  const { store, concurrency = DEFAULT_CONCURRENCY, clock = systemClock, random = Math.random } = options;
  const log = options.log ?? (() => {});
  const instance = options.instance ?? store?.instance ?? `${hostname()}-${process.pid}`;
  const ledger = store ?? createMemoryLedger();
  const connecting = Promise.withResolvers<Connection>();
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  for (const { promise } of [ready, ended, connecting]) promise.catch(() => {});
  let connected: boolean | undefined;
  let saved = JSON.stringify(ledger.positions());
  let stopping: Promise<void> | undefined;

  const fail = (error: Error) => {
    log("error", `service ${service.name} ends: ${error.message}`);
    ready.reject(error);
    ended.reject(error);
    void stop();
  };
  const append = async (records: NewRecord[]) => (await connecting.promise).append(records);
  const replies = new Replies({
    append,
    laneOf: transport.laneOf,
    ledger,
    clock,
    random,
    instead: insteadOfRefused,
    onRefused: (_record, why) => log("error", `a reply was refused: ${why}`),
    onFatal: fail,
  });

  const holding = new Holding({
    clock,
    random,
    ready: options.ready,
    onChange(why) {
      const kept = `service ${service.name} keeps its commands: ${why}`;
      log(why === undefined ? "info" : "warn", why === undefined ? `service ${service.name} goes on` : kept);
      heartbeat.beat();
    },
  });
  const intake = new Intake({
    ...{ service, concurrency, ledger, replies, holding, clock, log },
    isRemembered: transport.remembers,
    before: options.before,
    onFatal: fail,
  });
  const { pool, watermark } = intake;
  const heartbeat = startHeartbeat({
    service,
    instance,
    everyMs: options.heartbeatMs ?? DEFAULT_HEARTBEAT_MS,
    clock,
    append,
    held: () => holding.span,
    alongside() {
      void holding.check();
      savePositions();
      ledger.prune(clock.now());
    },
  });

  void holding.check();
  try {
    connecting.resolve(await transport.connect(connectOptions()));
  } catch (error) {
    heartbeat.stop();
    throw error;
  }
  void replies.resendStored().catch(() => {}); // left for the next life

  function connectOptions(): ConnectOptions {
    return {
      service: service.name,
      positions: ledger.positions(),
      from: options.from ?? (store || transport.remembers ? "beginning" : "end"),
      onRecords: (records, next) => intake.deliver(records, next),
      unsettled: () => watermark.unsettled(),
      onRebalance: () => intake.passed(),
      onLost: (partitions) => intake.lose(partitions),
      onReset(positions) {
        log("warn", `the topic isn't the one read before; ${service.name} goes on at ${JSON.stringify(positions)}`);
        watermark.reset(positions);
      },
      onConnection(now, why) {
        if (now === connected) return;
        connected = now;
        log(now ? "info" : "warn", now ? `${service.name} is connected` : `${service.name} waits: ${why ?? ""}`);
        if (!now) return;
        ready.resolve();
        heartbeat.beat();
      },
      onFatal: fail,
      clock,
      random,
    };
  }

  async function finish(): Promise<void> {
    const over = new AbortController();
    const connection = await connecting.promise;
    const reading = connection.stopReading();
    const reason = new Error("the service stops");
    intake.stop(reason);
    const graceOver = pause(clock, options.stopGraceMs ?? DEFAULT_STOP_GRACE_MS, over.signal).then(() => {
      if (over.signal.aborted) return;
      intake.abort(reason);
      replies.close();
    });
    await pool.idle();
    // What a durable ledger keeps is sent by the next life; a transport may take its time to say that it can't be now.
    await Promise.race([ledger.durable ? replies.drainWhileAccepted() : replies.drained(), graceOver]);
    replies.close();
    heartbeat.stop();
    await reading;
    savePositions();
    if (connected) await Promise.race([heartbeat.leave(), pause(clock, GOODBYE_MS, over.signal)]);
    over.abort();
    await connection.close();
  }

  /** Commands move the position with their effect; this is for the records of others between them. */
  function savePositions() {
    if (transport.remembers) return;
    const positions = watermark.positions();
    if (JSON.stringify(positions) === saved) return;
    ledger.savePositions(positions);
    saved = JSON.stringify(positions);
  }

  function stop(): Promise<void> {
    stopping ??= finish().then(ended.resolve, ended.reject);
    return stopping;
  }

  return {
    service: service.name,
    instance,
    ready: ready.promise,
    ended: ended.promise,
    status: () => ({
      connected: connected ?? false,
      holding: holding.why,
      running: pool.running,
      waiting: pool.waiting,
      unsent: replies.waiting,
      ...intake.counts,
    }),
    async idle() {
      while (pool.running + pool.waiting + replies.waiting > 0) {
        await pool.idle();
        await replies.drained();
      }
    },
    stop,
  };
}

/** A reply that can't be written (too large, say) still must not leave its step without an answer. */
function insteadOfRefused(refused: NewRecord, why: string): NewRecord | undefined {
  if (refused.topic !== TOPICS.toManager || refused.value === null) return undefined;
  const value: { status: string; error?: { code?: string } } = JSON.parse(refused.value);
  if (value.status === "inprogress" || value.error?.code === REFUSED) return undefined;
  const error = { code: REFUSED, message: `the reply could not be sent: ${why}`, retryable: false };
  return { ...refused, value: JSON.stringify({ ...value, status: "failure", data: null, error }) };
}
