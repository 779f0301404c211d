/**
 * The live connection: reads `GET /stream`, reconnects with backoff, resumes by Last-Event-ID, and tells listeners what
 * changed. `live-queries.ts` turns the changes into refreshed queries.
 */
import { useSyncExternalStore } from "react";
import type { StreamChanges, StreamTopic } from "../engine/api/schemas/stream.ts";
import { openStream } from "./api.ts";
import { createEventParser } from "./sse.ts";

/** `live`: changes arrive. `lost`: what the pages show is from `since`; the next try is at `retryAt` (both ms). */
export type ConnectionState =
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "lost"; since: number; retryAt: number; why: string };

export type StreamMessage = { type: "changes"; changes: StreamChanges } | { type: "reset" };

const ALL_TOPICS: readonly StreamTopic[] = ["journeys", "flows", "services", "manager", "connection"];
/** The first wait before a reconnect; doubles up to the maximum. */
const FIRST_RETRY_MS = 500;
const MAXIMUM_RETRY_MS = 15_000;
/** The API pings every 15 s: after this silence the connection is dead, whatever the socket says. */
const SILENCE_MS = 40_000;

export interface StreamOptions {
  open?: (lastEventId: string | undefined, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;
  now?: () => number;
  random?: () => number;
}

export interface Stream {
  state(): ConnectionState;
  onState(listener: () => void): () => void;
  onMessage(listener: (message: StreamMessage) => void): () => void;
  /** Tries again at once instead of waiting for the backoff. */
  retryNow(): void;
  close(): void;
}

export function createStream(options: StreamOptions = {}): Stream {
  const open = options.open ?? ((lastEventId, signal) => openStream(ALL_TOPICS, lastEventId, signal));
  const now = options.now ?? Date.now;
  const random = options.random ?? Math.random;
  const stateListeners = new Set<() => void>();
  const messageListeners = new Set<(message: StreamMessage) => void>();
  let state: ConnectionState = { kind: "connecting" };
  let lastEventId: string | undefined;
  let lostSince: number | undefined;
  let failures = 0;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let current: AbortController | undefined;
  let closed = false;

  function become(next: ConnectionState): void {
    state = next;
    for (const listener of stateListeners) listener();
  }

  function deliver(message: StreamMessage): void {
    for (const listener of messageListeners) listener(message);
  }

  async function connect(): Promise<void> {
    const controller = new AbortController();
    current = controller;
    let silence = setTimeout(() => controller.abort(), SILENCE_MS);
    let why = "The connection was closed.";
    try {
      const body = await open(lastEventId, controller.signal);
      const wasLost = lostSince !== undefined;
      failures = 0;
      lostSince = undefined;
      become({ kind: "live" });
      // The stream resumes by itself, but questions asked meanwhile have failed: all of them are asked anew.
      if (wasLost) deliver({ type: "reset" });
      const parse = createEventParser(({ id, event, data }) => {
        if (id !== undefined) lastEventId = id;
        if (event === "reset") deliver({ type: "reset" });
        else if (event === "changes") deliver({ type: "changes", changes: JSON.parse(data) });
      });
      const reader = body
        .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
        .getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        clearTimeout(silence);
        silence = setTimeout(() => controller.abort(), SILENCE_MS);
        parse(value);
      }
    } catch (error) {
      why = controller.signal.aborted ? "Nothing was heard for a while." : (error as Error).message;
    } finally {
      clearTimeout(silence);
      controller.abort();
    }
    if (!closed && current === controller) scheduleRetry(why);
  }

  function scheduleRetry(why: string): void {
    lostSince ??= now();
    const ceiling = Math.min(MAXIMUM_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
    failures += 1;
    const wait = ceiling * (0.5 + random() / 2);
    become({ kind: "lost", since: lostSince, retryAt: now() + wait, why });
    retryTimer = setTimeout(() => void connect(), wait);
  }

  void connect();

  return {
    state: () => state,
    onState(listener) {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    },
    onMessage(listener) {
      messageListeners.add(listener);
      return () => messageListeners.delete(listener);
    },
    retryNow() {
      if (closed || state.kind !== "lost") return;
      clearTimeout(retryTimer);
      failures = 0;
      void connect();
    },
    close() {
      closed = true;
      clearTimeout(retryTimer);
      current?.abort();
    },
  };
}

/** The one stream of the page; opened by app.tsx once there is a session. */
let shared: Stream | undefined;
const connecting: ConnectionState = { kind: "connecting" };
const sharedListeners = new Set<() => void>();

export function startSharedStream(): Stream {
  shared?.close();
  shared = createStream();
  for (const listener of sharedListeners) listener();
  return shared;
}

export function sharedStream(): Stream | undefined {
  return shared;
}

/** The connection's state, for the frame and for pages that mark stale data. */
export function useConnection(): ConnectionState {
  return useSyncExternalStore(
    (listener) => {
      let stop = shared?.onState(listener);
      const onShared = () => {
        stop?.();
        stop = shared?.onState(listener);
        listener();
      };
      sharedListeners.add(onShared);
      return () => {
        stop?.();
        sharedListeners.delete(onShared);
      };
    },
    () => shared?.state() ?? connecting,
  );
}
