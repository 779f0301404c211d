import { describe, expect, test } from "vitest";
import { createChangeFeed } from "../../../engine/api/change-feed.ts";
import type { JourneyChange } from "../../../engine/audit/store.ts";
import { openTestApi } from "../../support/api-host.ts";

const change = (uuid: string, seq = 1): JourneyChange => ({ uuid, seq, status: "running", name: "n", version: "1" });

interface StreamEvent {
  event: string;
  id: number;
  data: Record<string, unknown>;
}

/** Reads a server-sent stream event by event; comments are left out. */
function readerOf(response: Response) {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    async next(): Promise<StreamEvent | "end"> {
      while (true) {
        const end = text.indexOf("\n\n");
        if (end >= 0) {
          const block = text.slice(0, end);
          text = text.slice(end + 2);
          if (block.startsWith(":")) continue;
          const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
          return { event: field("event"), id: Number(field("id")), data: JSON.parse(field("data")) };
        }
        const { done, value } = await reader.read();
        if (done) return "end";
        text += value;
      }
    },
    cancel: () => reader.cancel(),
  };
}

async function openStream(query = "", headers: Record<string, string> = {}) {
  const t = await openTestApi();
  const open = async (more = query, extra = headers) => {
    const response = await t.call("GET", `/api/v1/stream${more}`, undefined, extra);
    return { response, ...readerOf(response) };
  };
  return { ...t, open, changes: t.host.changes };
}

describe("GET /stream", () => {
  test("tells what changed, with an id that grows", async () => {
    const t = await openStream();
    const stream = await t.open();
    expect(stream.response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    t.changes.journeys([change("u1"), change("u2"), change("u1", 2)]);
    t.changes.flows(["onboarding"]);
    t.changes.services();
    t.changes.manager();
    const first = await stream.next();
    expect(first).toEqual({
      event: "changes",
      id: 1001,
      data: { journeys: [change("u1", 2), change("u2")], flows: ["onboarding"], services: true, manager: true },
    });
    t.changes.services();
    expect(await stream.next()).toEqual({ event: "changes", id: 1002, data: { services: true } });
    await stream.cancel();
  });

  test("only of the topics asked for", async () => {
    const t = await openStream();
    const stream = await t.open("?topics=flows,manager");
    t.changes.journeys([change("u1")]);
    t.changes.services();
    t.changes.flows(["onboarding"]);
    expect(await stream.next()).toMatchObject({ data: { flows: ["onboarding"] } });
    await stream.cancel();
    const refused = await t.api("GET", "/stream?topics=nonsense");
    expect([refused.status, refused.body.code]).toEqual([400, "invalid_request"]);
  });

  test("a client that comes back reads on where it was", async () => {
    const t = await openStream();
    const first = await t.open();
    t.changes.flows(["a"]);
    const seen = await first.next();
    await first.cancel();
    const watcher = await t.open();
    t.changes.flows(["b"]);
    await watcher.next();
    const again = await t.open("", { "last-event-id": String((seen as StreamEvent).id) });
    expect(await again.next()).toEqual({ event: "changes", id: 1002, data: { flows: ["b"] } });
    await Promise.all([again.cancel(), watcher.cancel()]);
  });

  test.each(["7", "99999", "nonsense"])("an id that isn't ours (%s) is answered with reset", async (id) => {
    const t = await openStream();
    const stream = await t.open("", { "last-event-id": id });
    expect(await stream.next()).toEqual({ event: "reset", id: 1000, data: {} });
    await stream.cancel();
  });

  test("more journeys at once than are worth listing are a reset", async () => {
    const t = await openStream();
    const stream = await t.open();
    t.changes.journeys(Array.from({ length: 501 }, (_, n) => change(`u${n}`)));
    expect(await stream.next()).toMatchObject({ event: "reset", data: {} });
    await stream.cancel();
  });

  test("a client that doesn't read is skipped and told so when it reads again", async () => {
    const t = await openStream();
    const stream = await t.open();
    const named = (n: number) => Array.from({ length: 100 }, (_, i) => `${"x".repeat(1000)}${n}-${i}`);
    for (let n = 0; n < 15; n++) {
      const flushed = new Promise<void>((resolve) => {
        const stop = t.changes.subscribe(() => {
          stop();
          resolve();
        });
      });
      t.changes.flows(named(n));
      await flushed;
    }
    for (let n = 0; n < 5; n++) expect(await stream.next()).toMatchObject({ event: "changes", id: 1001 + n });
    t.changes.services();
    let event = await stream.next();
    while (event !== "end" && event.event === "changes") event = await stream.next();
    expect(event).toMatchObject({ event: "reset", id: 1016 });
    await stream.cancel();
  });

  test("ends when the console closes", async () => {
    const t = await openStream();
    const stream = await t.open();
    t.closing.abort();
    expect(await stream.next()).toBe("end");
  });

  test("there are 64 at most, and a closed one makes room", async () => {
    const t = await openStream();
    const streams = await Promise.all(Array.from({ length: 64 }, () => t.open()));
    const refused = await t.api("GET", "/stream");
    expect([refused.status, refused.body.code, refused.body.retryable]).toEqual([503, "too_many_streams", true]);
    await streams[0]?.cancel();
    const another = await t.open();
    expect(another.response.status).toBe(200);
    await Promise.all([...streams.slice(1), another].map(({ cancel }) => cancel()));
  });
});

describe("the feed of changes", () => {
  test("keeps a bounded number of events", async () => {
    const feed = createChangeFeed({ firstId: 0, mergeMs: 0 });
    const flushed = Promise.withResolvers<void>();
    feed.subscribe(({ id }) => {
      if (id < 300) feed.services();
      else flushed.resolve();
    });
    feed.services();
    await flushed.promise;
    expect(feed.lastId()).toBe(300);
    expect(feed.since(60)).toHaveLength(240);
    expect(feed.since(59)).toBeUndefined();
    expect(feed.since(300)).toEqual([]);
    expect(feed.since(301)).toBeUndefined();
    feed.close();
  });
});
