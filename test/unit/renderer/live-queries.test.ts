import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { feedQueries } from "../../../renderer/live-queries.ts";
import { keys } from "../../../renderer/query-keys.ts";
import type { Stream, StreamMessage } from "../../../renderer/stream.ts";

const UUID = "6b1f0c3e-2a57-4b0e-9d7c-0a8e1f3b5c7d";
const change = { uuid: UUID, seq: 3, status: "running", name: "order", version: "1" } as const;

function fakeStream(): Stream & { tell: (message: StreamMessage) => void } {
  const listeners = new Set<(message: StreamMessage) => void>();
  return {
    state: () => ({ kind: "live" }),
    onState: () => () => {},
    onMessage(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    retryNow: () => {},
    close: () => {},
    tell: (message) => {
      for (const listener of listeners) listener(message);
    },
  };
}

describe("queries fed by the stream", () => {
  let queries: QueryClient;
  let stream: ReturnType<typeof fakeStream>;
  let stop: () => void;
  const isStale = (key: readonly unknown[]) => queries.getQueryState(key)?.isInvalidated;

  beforeEach(() => {
    vi.useFakeTimers();
    queries = new QueryClient();
    stream = fakeStream();
    stop = feedQueries(stream, queries);
    for (const key of [keys.journeyAt(UUID, "now"), keys.counts({}), keys.services, keys.manager, keys.negations]) {
      queries.setQueryData(key, {});
    }
  });

  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  it("read a changed journey again at once", () => {
    stream.tell({ type: "changes", changes: { journeys: [change] } });
    expect(isStale(keys.journeyAt(UUID, "now"))).toBe(true);
    expect(isStale(keys.counts({}))).toBe(false);
  });

  it("read sums over many journeys again once a second, however much happens", async () => {
    const invalidate = vi.spyOn(queries, "invalidateQueries");
    for (let burst = 0; burst < 20; burst++) stream.tell({ type: "changes", changes: { journeys: [change] } });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(isStale(keys.counts({}))).toBe(true);
    expect(invalidate.mock.calls.filter(([filter]) => filter?.queryKey === keys.allCounts)).toHaveLength(1);
  });

  it("leave alone what hasn't changed", async () => {
    stream.tell({ type: "changes", changes: { manager: true } });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(isStale(keys.manager)).toBe(true);
    expect(isStale(keys.services)).toBe(false);
    expect(isStale(keys.negations)).toBe(false);
  });

  it("read everything again after a gap", () => {
    stream.tell({ type: "reset" });
    expect(isStale(keys.negations)).toBe(true);
    expect(isStale(keys.services)).toBe(true);
  });
});
