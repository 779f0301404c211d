/** Looks at a cluster again and again, and says when it can't be reached and when it can again. */
import type { BusLogger, ClusterInfo } from "../bus.ts";
import { delay } from "./errors.ts";

/** Between looks at a cluster that answers. */
const WATCH_EVERY_MS = 1_000;
/** A look that takes longer counts as one that failed. */
const WATCH_TIMEOUT_MS = 4_000;
/** Between looks while it doesn't. */
const RECONNECT_MS = 500;

/** Whether the bus can be reached; `since` in milliseconds since 1970. */
export interface BusConnection {
  state: "connecting" | "connected" | "disconnected";
  since: number;
  /** Why not. */
  message?: string;
}

export interface ClusterWatchOptions {
  /** What a look begins with: a client that asks, connected anew where it isn't. Not bounded in time. */
  reach(): Promise<{ cluster(): Promise<ClusterInfo> }>;
  signal: AbortSignal;
  clock?: (() => number) | undefined;
  logger: BusLogger;
}

export class ClusterWatch {
  private readonly options: ClusterWatchOptions;
  private readonly clock: () => number;
  private readonly listeners = new Set<(connection: BusConnection) => void>();
  private now: BusConnection;

  constructor(options: ClusterWatchOptions) {
    this.options = options;
    this.clock = options.clock ?? Date.now;
    this.now = { state: "connecting", since: this.clock() };
  }

  connection(): BusConnection {
    return this.now;
  }

  /** Called when the state has changed. Returns the way to stop. */
  onConnection(listener: (connection: BusConnection) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Looks until the signal; resolves then. */
  async run(): Promise<void> {
    const { reach, signal } = this.options;
    while (!signal.aborted) {
      try {
        const client = await reach();
        if (signal.aborted) return;
        await withTimeout(client.cluster());
        this.become("connected");
      } catch (error) {
        if (signal.aborted) return;
        this.become("disconnected", error instanceof Error ? error.message : String(error));
      }
      await delay(this.now.state === "connected" ? WATCH_EVERY_MS : RECONNECT_MS, signal);
    }
  }

  /** What a look has found; also for who knows it without one. */
  become(state: "connected" | "disconnected", message?: string): void {
    const before = this.now;
    if (before.state === state) {
      if (message !== undefined) before.message = message;
      return;
    }
    this.now = { state, since: this.clock(), ...(message !== undefined && { message }) };
    if (state === "disconnected") this.options.logger.warn({ why: message }, "Kafka can't be reached");
    else if (before.state === "disconnected") this.options.logger.warn({}, "Kafka can be reached again");
    for (const listener of [...this.listeners]) listener(this.now);
  }
}

async function withTimeout(request: Promise<ClusterInfo>): Promise<void> {
  const timeout = new AbortController();
  const late = delay(WATCH_TIMEOUT_MS, timeout.signal).then(() => {
    throw new Error(`no broker answered within ${WATCH_TIMEOUT_MS / 1_000} s`);
  });
  late.catch(() => {});
  try {
    await Promise.race([request, late]);
  } finally {
    timeout.abort();
    request.catch(() => {});
  }
}
