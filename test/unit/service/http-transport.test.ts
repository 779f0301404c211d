import { describe, expect, test } from "vitest";
import { TOPICS } from "../../../engine/core/protocol.ts";
import type { Clock } from "../../../engine/service/clock.ts";
import { defineService } from "../../../engine/service/define.ts";
import { createHttpTransport } from "../../../engine/service/http-transport.ts";
import { type RunOptions, runService } from "../../../engine/service/run.ts";
import { openServiceStore } from "../../../engine/service/store.ts";
import { FakeConsole } from "./fake-console.ts";
import { UUID } from "./fake-transport.ts";

/** Pauses of the transport pass at once; the heartbeat's doesn't. */
const hurried: Clock = {
  now: () => 0,
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs > 6_000 ? 60_000 : 0);
    return () => clearTimeout(timer);
  },
};

const user = defineService({ name: "user", functions: { create_user: ({ data }) => ({ got: data }) } });

function command(data: unknown, step = "n2") {
  const value = { uuid: UUID, service: "user", function: "create_user", step, attempt: 1, data };
  return { key: UUID, value, headers: { id: `${UUID}/${step}/1` } };
}

function run(server: FakeConsole, options: RunOptions = {}) {
  const transport = createHttpTransport({ url: "http://console.test/", token: "secret", fetch: server.fetch });
  return runService(user, transport, { clock: hurried, heartbeatMs: 10_000, ...options });
}

function answered(server: FakeConsole): unknown[] {
  return server.values(TOPICS.toManager).map(({ data }) => data);
}

describe("over the console's HTTP API a service", () => {
  test("reads its commands, replies, and sends heartbeats", async () => {
    const server = new FakeConsole();
    const service = await run(server, { instance: "i1" });
    await service.ready;
    server.append(TOPICS.fromManager, command({ name: "Ada" }));
    await server.until(() => answered(server).length === 1);
    expect(server.values(TOPICS.toManager)[0]).toMatchObject({ uuid: UUID, status: "success", step: "n2" });
    expect(server.topics.get(TOPICS.toManager)?.[0]).toMatchObject({ key: UUID });
    expect(server.values(TOPICS.services)[0]).toMatchObject({ service: "user", instance: "i1" });
    await service.stop();
  });

  test("begins at the end without a store, and at the beginning with one", async () => {
    const server = new FakeConsole();
    server.append(TOPICS.fromManager, command("old", "n1"));
    const forgetful = await run(server);
    await forgetful.ready;
    server.append(TOPICS.fromManager, command("new"));
    await server.until(() => answered(server).length === 1);
    expect(answered(server)).toEqual([{ got: "new" }]);
    await forgetful.stop();

    const store = openServiceStore({ path: ":memory:" });
    const keeping = await run(server, { store });
    await server.until(() => answered(server).length === 3);
    expect(answered(server).slice(1)).toEqual([{ got: "old" }, { got: "new" }]);
    await keeping.stop();
    store.close();
  });

  test("waits for a console that isn't there, and goes on after an outage without losing a command", async () => {
    const server = new FakeConsole();
    const store = openServiceStore({ path: ":memory:" });
    server.outage = "gone";
    const service = await run(server, { store });
    server.append(TOPICS.fromManager, command(1, "n1"));
    server.outage = undefined;
    await service.ready;
    await server.until(() => answered(server).length === 1);
    server.outage = 503;
    server.append(TOPICS.fromManager, command(2, "n2")); // wakes the poll, whose next call fails
    server.outage = undefined;
    await server.until(() => answered(server).length === 2);
    expect(answered(server)).toEqual([{ got: 1 }, { got: 2 }]);
    await service.stop();
    store.close();
  });

  test("ends with the reason when its token is wrong", async () => {
    const server = new FakeConsole();
    server.token = "another";
    const service = await run(server);
    await expect(service.ready).rejects.toThrow("unauthorized");
    await expect(service.ended).rejects.toThrow("unauthorized");
  });

  test("begins anew when the console's data folder was begun anew", async () => {
    const server = new FakeConsole();
    const store = openServiceStore({ path: ":memory:" });
    store.savePositions({ 0: 70, 1: 3 });
    const service = await run(server, { store });
    server.append(TOPICS.fromManager, command("first"));
    await server.until(() => answered(server).length === 1);
    await service.stop();
    expect(store.positions()).toEqual({ 0: 1, 1: 0 });
    store.close();
  });

  test("goes on at the log's start when its position was cut off", async () => {
    const server = new FakeConsole();
    const warnings: string[] = [];
    const store = openServiceStore({ path: ":memory:" });
    store.savePositions({ 0: 2, 1: 2 });
    server.starts = [5, 5];
    server.append(TOPICS.fromManager, command("kept"));
    const service = await run(server, { store, log: (level, message) => level === "warn" && warnings.push(message) });
    await server.until(() => answered(server).length === 1);
    expect(warnings.join()).toContain("goes on at");
    await service.stop();
    store.close();
  });
});
