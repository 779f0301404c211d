import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defineService, type Handler, ServiceFailure } from "../../../engine/service/define.ts";
import { runService } from "../../../engine/service/run.ts";
import { openServiceStore, type ServiceStore } from "../../../engine/service/store.ts";
import { FakeTransport, unavailable } from "./fake-transport.ts";

let folder: string;
let stores: ServiceStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "antigraph-store-"));
});
afterEach(() => {
  for (const store of stores) store.close();
  stores = [];
  rmSync(folder, { recursive: true, force: true });
});

function open(): ServiceStore {
  const store = openServiceStore({
    path: join(folder, "samples", "user.sqlite"),
    migrations: ["CREATE TABLE users (name TEXT NOT NULL)"],
  });
  stores.push(store);
  return store;
}

function names(store: ServiceStore): unknown[] {
  return store.db.prepare("SELECT name FROM users").pluck().all();
}

const insert: Handler = ({ data, commit }) =>
  commit((db) => {
    db.prepare("INSERT INTO users VALUES (?)").run(data);
    return { inserted: data };
  });

async function start(handler: Handler, store: ServiceStore) {
  const transport = new FakeTransport();
  const service = defineService({ name: "user", functions: { create_user: handler } });
  return { transport, running: await runService(service, transport, { store, stopGraceMs: 200 }) };
}

describe("commit", () => {
  test("stores effect, id, reply and position together", async () => {
    const store = open();
    const { transport, running } = await start(insert, store);
    await transport.deliver({ id: "a", data: "Ada" }).settled;
    await running.idle();
    expect(names(store)).toEqual(["Ada"]);
    expect(store.positions()).toEqual({ 0: 1 });
    expect(store.find("a")?.reply.value).toContain('"inserted":"Ada"');
    expect(transport.replies()).toMatchObject([{ status: "success", data: { inserted: "Ada" } }]);
    await running.stop();
  });

  test("leaves nothing of an effect that throws, and the failure is remembered", async () => {
    const store = open();
    const { transport, running } = await start(
      ({ data, commit }) =>
        commit((db) => {
          db.prepare("INSERT INTO users VALUES (?)").run(data);
          throw new ServiceFailure("quota_exceeded", "no seats left");
        }),
      store,
    );
    await transport.deliver({ id: "a", data: "Ada" }).settled;
    await transport.deliver({ id: "a", data: "Ada" }).settled;
    await running.idle();
    expect(names(store)).toEqual([]);
    expect(transport.replies().map(({ error }) => error?.code)).toEqual(["quota_exceeded", "quota_exceeded"]);
    expect(running.status()).toMatchObject({ failed: 1, repeated: 1 });
    await running.stop();
  });

  test("stands when the handler throws after it", async () => {
    const store = open();
    const { transport, running } = await start((call) => {
      insert(call);
      throw new Error("afterwards");
    }, store);
    await transport.deliver({ data: "Ada" }).settled;
    await running.idle();
    expect(transport.replies()).toMatchObject([{ status: "success", data: { inserted: "Ada" } }]);
    await running.stop();
  });

  test("is refused a second time, and without a store", async () => {
    const store = open();
    const twice = await start((call) => {
      insert(call);
      expect(() => insert(call)).toThrow("twice");
    }, store);
    await twice.transport.deliver({ data: "Ada" }).settled;
    await twice.running.stop();
    expect(names(store)).toEqual(["Ada"]);

    const transport = new FakeTransport();
    const service = defineService({ name: "user", functions: { create_user: insert } });
    const running = await runService(service, transport);
    await transport.deliver({ data: "Ada" }).settled;
    expect(transport.replies()[0]?.error?.message).toContain("needs a store");
    await running.stop();
  });

  test("refuses an async effect, of which nothing stays", async () => {
    const store = open();
    const { transport, running } = await start(
      ({ commit }) =>
        commit(async (db) => {
          db.prepare("INSERT INTO users VALUES ('Ada')").run();
        }),
      store,
    );
    await transport.deliver({}).settled;
    await running.idle();
    expect(names(store)).toEqual([]);
    expect(transport.replies()[0]?.error?.message).toContain("must not be async");
    await running.stop();
  });

  test("happens once when two processes on one file get the same command", async () => {
    const [first, second] = [await start(insert, open()), await start(insert, open())];
    await Promise.all([
      first.transport.deliver({ id: "a", data: "Ada" }).settled,
      second.transport.deliver({ id: "a", data: "Ada" }).settled,
    ]);
    await Promise.all([first.running.idle(), second.running.idle()]);
    expect(names(stores[0]!)).toEqual(["Ada"]);
    expect(first.transport.replies()).toEqual(second.transport.replies());
    await Promise.all([first.running.stop(), second.running.stop()]);
  });
});

describe("a service that begins again on its store", () => {
  test("sends the replies that weren't accepted before, oldest first", async () => {
    const store = open();
    const before = await start(insert, store);
    before.transport.refuse = unavailable;
    await before.transport.deliver({ id: "a", data: "Ada" }, { id: "b", data: "Bob" }).settled;
    await before.running.stop();
    expect(before.transport.replies()).toEqual([]);

    const after = await start(insert, store);
    expect((await after.transport.untilReplies(2)).map(({ data }) => data)).toEqual([
      { inserted: "Ada" },
      { inserted: "Bob" },
    ]);
    await after.running.idle();
    expect(store.unsent(10)).toEqual([]);
    await after.running.stop();
  });

  test("goes on behind what it has settled, keeps its instance, and answers repeats from the store", async () => {
    const store = open();
    const before = await start(insert, store);
    await before.transport.deliver({ id: "a", data: "Ada" }).settled;
    await before.running.stop();
    const instance = store.instance;
    store.close();
    stores = [];

    const reopened = open();
    const after = await start(insert, reopened);
    expect(after.transport.options?.positions).toEqual({ 0: 1 });
    expect(after.running.instance).toBe(instance);
    await after.transport.deliver({ id: "a", data: "Ada" }).settled;
    await after.running.idle();
    expect(names(reopened)).toEqual(["Ada"]);
    expect(after.transport.replies()).toHaveLength(1);
    await after.running.stop();
  });

  test("doesn't move its position past a command that wasn't settled", async () => {
    const store = open();
    const { transport, running } = await start(
      (call) => (call.data === "slow" ? new Promise(() => {}) : insert(call)),
      store,
    );
    const { settled } = transport.deliver({ id: "1", data: "slow" }, { id: "2", data: "fast" });
    settled.catch(() => {});
    await transport.untilReplies(1);
    await running.stop();
    expect(store.positions()).toEqual({ 0: 0 });
  });
});

test("old commands are forgotten once their reply was accepted and the retention is over", () => {
  const store = openServiceStore({ path: join(folder, "x.sqlite"), retentionMs: 1_000 });
  stores.push(store);
  const settle = (id: string) =>
    store.settle({ id, at: 0, positions: {}, reply: () => ({ topic: "tomanager", key: null, value: "{}" }) });
  settle("sent");
  settle("unsent");
  store.sent(["sent"], 1);
  expect(store.prune(1_000)).toBe(0);
  expect(store.prune(1_001)).toBe(1);
  expect([store.find("sent"), store.find("unsent")?.id]).toEqual([undefined, "unsent"]);
});
