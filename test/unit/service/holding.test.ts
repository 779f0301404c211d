import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { TOPICS } from "../../../engine/core/protocol.ts";
import { defineService, type Handler, ServiceFailure } from "../../../engine/service/define.ts";
import { type RunOptions, runService } from "../../../engine/service/run.ts";
import { openServiceStore } from "../../../engine/service/store.ts";
import { Unavailable } from "../../../engine/service/unavailable.ts";
import { FakeTransport } from "./fake-transport.ts";
import { ManualClock, turn } from "./manual-clock.ts";

async function start(handler: Handler, options: RunOptions = {}) {
  const transport = new FakeTransport();
  const clock = new ManualClock();
  const service = defineService({ name: "user", functions: { create_user: handler } });
  const running = await runService(service, transport, { instance: "i1", clock, random: () => 0.5, ...options });
  const beats = () =>
    transport.appended.flatMap(({ topic, value }) => (topic === TOPICS.services && value ? [JSON.parse(value)] : []));
  return { transport, clock, running, beats };
}

/** A database that can be taken away. */
function database() {
  const calls: unknown[] = [];
  const state = { up: true };
  const handler: Handler = ({ data }) => {
    calls.push(data);
    if (!state.up) throw new Unavailable("the database is away");
    return { stored: data };
  };
  return { calls, state, handler };
}

const command = (n: number) => ({ id: String(n), data: n, attempt: n });

describe("while something a service needs is away", () => {
  test("a command is neither answered nor lost: it runs again, with longer and longer pauses", async () => {
    const { calls, state, handler } = database();
    const { transport, clock, running } = await start(handler);
    state.up = false;
    const { settled } = transport.deliver(command(1));
    await turn();
    let more = false;
    void transport.deliver(command(2)).accepted.then(() => {
      more = true;
    });
    await clock.advance(3_000);
    // At once, then after 100, 200, 400, 800 ms; the next pause is not over.
    expect(calls).toEqual([1, 1, 1, 1, 1]);
    expect([transport.all(), more, running.status().holding]).toEqual([[], false, "the database is away"]);
    state.up = true;
    await clock.advance(5_000);
    await settled;
    expect(transport.replies()).toMatchObject([{ data: { stored: 1 } }, { data: { stored: 2 } }]);
    expect([more, running.status().holding]).toEqual([true, undefined]);
    await running.stop();
  });

  test("one command is tried at a time, the first that failed; the others follow when it has succeeded", async () => {
    const { calls, state, handler } = database();
    const { transport, clock, running } = await start(handler);
    state.up = false;
    transport.deliver(command(1));
    await clock.advance(1_000);
    transport.deliver(command(2), command(3));
    await clock.advance(60_000);
    expect(new Set(calls)).toEqual(new Set([1]));
    state.up = true;
    await clock.advance(5_000);
    expect(transport.replies().map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(calls.filter((data) => data !== 1)).toEqual([2, 3]);
    await running.stop();
  });

  test("pauses are 5 s at most", async () => {
    const { calls, state, handler } = database();
    const { transport, clock, running } = await start(handler);
    state.up = false;
    transport.deliver(command(1));
    await clock.advance(60_000);
    const before = calls.length;
    await clock.advance(50_000);
    expect(calls.length - before).toBe(10);
    await running.stop();
  });

  test("a failure that is the service's own word ends it too: what was needed was there", async () => {
    let away = true;
    const { transport, clock, running } = await start(() => {
      if (away) throw new Unavailable("away");
      throw new ServiceFailure("email_taken", "taken");
    });
    transport.deliver(command(1));
    await clock.advance(10);
    away = false;
    await clock.advance(1_000);
    expect(transport.replies()).toMatchObject([{ status: "failure", error: { code: "email_taken" } }]);
    expect(running.status().holding).toBeUndefined();
    await running.stop();
  });

  test("any error that is marked as unavailable counts", async () => {
    const marked = Object.assign(new Error("ECONNREFUSED"), { unavailable: true });
    const { transport, clock, running } = await start(() => {
      throw marked;
    });
    transport.deliver(command(1));
    await clock.advance(1_000);
    expect([transport.all(), running.status().holding]).toEqual([[], "ECONNREFUSED"]);
    await running.stop();
  });

  test("heartbeats say holding from the first moment, since when, and at once that it is over", async () => {
    const { state, handler } = database();
    const { transport, clock, running, beats } = await start(handler);
    await turn();
    expect(beats().at(-1)).toMatchObject({ holding: false });
    state.up = false;
    const since = new Date(clock.now()).toISOString();
    transport.deliver(command(1));
    await turn();
    expect(beats().at(-1)).toMatchObject({ holding: true, held_since: since });
    await clock.advance(12_000);
    expect(beats().at(-1)).toMatchObject({ holding: true, held_since: since });
    state.up = true;
    await clock.advance(5_000);
    expect(beats().at(-1)).toMatchObject({ holding: false, held_since: since, held_until: expect.any(String) });
    expect(Date.parse(beats().at(-1).held_until)).toBeGreaterThan(Date.parse(since) + 12_000);
    await running.stop();
  });

  test("stopping leaves what is held unanswered, at once", async () => {
    const { state, handler } = database();
    const { transport, running } = await start(handler);
    state.up = false;
    const { settled } = transport.deliver(command(1));
    settled.catch(() => {});
    await turn();
    await running.stop();
    await expect(settled).rejects.toThrow("stops");
    expect(transport.all()).toEqual([]);
  });
});

describe("ready", () => {
  test("keeps commands from the start until it passes", async () => {
    let up = false;
    const calls: unknown[] = [];
    const { transport, clock, running, beats } = await start(({ data }) => void calls.push(data), {
      ready: () => {
        if (!up) throw new Error("no database yet");
      },
    });
    await turn();
    transport.deliver(command(1));
    await clock.advance(10_000);
    expect([calls, running.status().holding, beats().at(-1).holding]).toEqual([[], "no database yet", true]);
    up = true;
    await clock.advance(5_000);
    expect([calls, running.status().holding]).toEqual([[1], undefined]);
    await running.stop();
  });

  test("is asked with every heartbeat, and its end is noticed with no command there", async () => {
    let up = true;
    const { clock, running, beats } = await start(() => null, {
      ready: async () => {
        if (!up) throw new Error("gone");
      },
    });
    await turn();
    up = false;
    await clock.advance(5_000);
    expect(beats().at(-1)).toMatchObject({ holding: true });
    up = true;
    await clock.advance(6_000);
    expect(beats().at(-1)).toMatchObject({ holding: false });
    await running.stop();
  });

  test("that passes while the handler still can't goes on with the longer pauses", async () => {
    let calls = 0;
    const handler = () => {
      calls += 1;
      throw new Unavailable("still away");
    };
    const { transport, clock, running } = await start(handler, { ready: () => {} });
    transport.deliver(command(1));
    await clock.advance(3_000);
    expect(calls).toBe(5);
    await running.stop();
  });
});

test("an effect that met a store in use by others is kept too, and happens once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-holding-"));
  const store = openServiceStore({
    path: join(folder, "user.sqlite"),
    migrations: ["CREATE TABLE users (n INTEGER)"],
  });
  onTestFinished(() => {
    store.close();
    rmSync(folder, { recursive: true });
  });
  let busy = true;
  const { transport, clock, running } = await start(
    ({ commit, data }) =>
      commit((db) => {
        db.prepare("INSERT INTO users VALUES (?)").run(data);
        if (busy) throw Object.assign(new Error("database is locked"), { code: "SQLITE_BUSY" });
        return { done: data };
      }),
    { store },
  );
  transport.deliver(command(1));
  await clock.advance(1_000);
  expect(running.status().holding).toBe("database is locked");
  busy = false;
  await clock.advance(5_000);
  expect(transport.replies()).toMatchObject([{ status: "success", data: { done: 1 } }]);
  expect(store.db.prepare("SELECT count(*) AS n FROM users").get()).toEqual({ n: 1 });
  await running.stop();
});
