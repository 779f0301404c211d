import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createStream, type Stream, type StreamMessage } from "../../../renderer/stream.ts";

interface Connection {
  lastEventId: string | undefined;
  signal: AbortSignal;
  send: (text: string) => Promise<void>;
  end: () => void;
}

/** A server whose connections the test holds in its hands. */
function fakeServer() {
  const connections: Connection[] = [];
  let refuse = false;
  const open = async (lastEventId: string | undefined, signal: AbortSignal) => {
    if (refuse) throw new Error("no answer");
    const encoder = new TextEncoder();
    let controller: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start(given) {
        controller = given;
      },
    });
    signal.addEventListener("abort", () => {
      try {
        controller.error(new Error("aborted"));
      } catch {
        // Ended already.
      }
    });
    connections.push({
      lastEventId,
      signal,
      send: async (text) => {
        controller.enqueue(encoder.encode(text));
        await vi.advanceTimersByTimeAsync(0);
      },
      end: () => controller.close(),
    });
    return body;
  };
  return { open, connections, refuse: (value: boolean) => (refuse = value) };
}

describe("the live connection", () => {
  let server: ReturnType<typeof fakeServer>;
  let stream: Stream;
  let messages: StreamMessage[];

  beforeEach(async () => {
    vi.useFakeTimers({ now: 1_000_000 });
    server = fakeServer();
    messages = [];
    stream = createStream({ open: server.open, random: () => 1 });
    stream.onMessage((message) => messages.push(message));
    await vi.advanceTimersByTimeAsync(0);
  });

  afterEach(() => {
    stream.close();
    vi.useRealTimers();
  });

  it("is live once the server answers, and tells what changed", async () => {
    expect(stream.state()).toEqual({ kind: "live" });
    await server.connections[0]?.send('event: changes\nid: 5\ndata: {"services":true}\n\n');
    expect(messages).toEqual([{ type: "changes", changes: { services: true } }]);
  });

  it("passes on that something was missed", async () => {
    await server.connections[0]?.send("event: reset\nid: 5\ndata: {}\n\n");
    expect(messages).toEqual([{ type: "reset" }]);
  });

  it("reads on behind the last event after it was cut off, and has everything asked anew", async () => {
    await server.connections[0]?.send("event: changes\nid: 5\ndata: {}\n\n");
    server.connections[0]?.end();
    await vi.advanceTimersByTimeAsync(0);
    expect(stream.state()).toMatchObject({ kind: "lost", since: 1_000_000, retryAt: 1_000_500 });

    await vi.advanceTimersByTimeAsync(500);
    expect(server.connections[1]?.lastEventId).toBe("5");
    expect(stream.state()).toEqual({ kind: "live" });
    expect(messages.at(-1)).toEqual({ type: "reset" });
  });

  it("tries less and less often while the server is away, and still says since when", async () => {
    server.refuse(true);
    server.connections[0]?.end();
    await vi.advanceTimersByTimeAsync(0);
    const waits: number[] = [];
    for (let round = 0; round < 8; round++) {
      const state = stream.state();
      if (state.kind !== "lost") throw new Error("it should be lost");
      expect(state.since).toBe(1_000_000);
      const wait = state.retryAt - Date.now();
      waits.push(wait);
      await vi.advanceTimersByTimeAsync(wait);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  });

  it("tries at once when asked to", async () => {
    server.connections[0]?.end();
    await vi.advanceTimersByTimeAsync(0);
    stream.retryNow();
    await vi.advanceTimersByTimeAsync(0);
    expect(stream.state()).toEqual({ kind: "live" });
    await vi.advanceTimersByTimeAsync(60_000 / 4);
    expect(server.connections).toHaveLength(2);
  });

  it("takes silence for death, and pings for life", async () => {
    for (let ping = 0; ping < 4; ping++) {
      await vi.advanceTimersByTimeAsync(15_000);
      await server.connections[0]?.send(": ping\n\n");
    }
    expect(stream.state()).toEqual({ kind: "live" });
    await vi.advanceTimersByTimeAsync(40_000);
    expect(server.connections[0]?.signal.aborted).toBe(true);
    expect(stream.state().kind).toBe("lost");
  });

  it("stays closed once closed", async () => {
    stream.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.connections).toHaveLength(1);
  });
});
