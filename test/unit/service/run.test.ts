import { describe, expect, test } from "vitest";
import { TOPICS } from "../../../engine/core/protocol.ts";
import { type Call, defineService, type Handler, ServiceFailure } from "../../../engine/service/define.ts";
import { type RunOptions, runService } from "../../../engine/service/run.ts";
import { TransportError } from "../../../engine/service/transport.ts";
import { FakeTransport, UUID, unavailable } from "./fake-transport.ts";

async function start(handler: Handler, options: RunOptions = {}) {
  const transport = new FakeTransport();
  const service = defineService({ name: "user", version: "7", functions: { create_user: handler } });
  const running = await runService(service, transport, { instance: "i1", ...options });
  return { transport, running };
}

describe("a reply", () => {
  test("carries the command's journey, step and attempt, and the handler's output", async () => {
    const { transport, running } = await start(({ data }) => ({ got: data }));
    await transport.deliver({ data: { name: "Ada" }, attempt: 2 }).settled;
    expect(transport.replies()).toEqual([
      {
        uuid: UUID,
        name: "onboarding",
        version: "1",
        service: "user",
        function: "create_user",
        step: "n2",
        attempt: 2,
        status: "success",
        schema_version: "1",
        data: { got: { name: "Ada" } },
      },
    ]);
    expect(transport.appended.find(({ topic }) => topic === TOPICS.toManager)).toMatchObject({ key: UUID });
    await running.stop();
  });

  test("is a null output when the handler returns nothing", async () => {
    const { transport, running } = await start(() => undefined);
    await transport.deliver({}).settled;
    expect(transport.replies()[0]).toMatchObject({ status: "success", data: null });
    await running.stop();
  });

  test("of a ServiceFailure has its code, message and retryable", async () => {
    const { transport, running } = await start(() => {
      throw new ServiceFailure("email_taken", "ada@example.com is taken", { retryable: false });
    });
    await transport.deliver({}).settled;
    expect(transport.replies()[0]).toMatchObject({
      status: "failure",
      data: null,
      error: { code: "email_taken", message: "ada@example.com is taken", retryable: false },
    });
    await running.stop();
  });

  test("of any other error is a failure with code internal", async () => {
    const { transport, running } = await start(async () => {
      throw new Error("disk on fire");
    });
    await transport.deliver({}).settled;
    expect(transport.replies()[0]).toMatchObject({
      status: "failure",
      error: { code: "internal", message: "disk on fire" },
    });
    await running.stop();
  });

  test("says that an output isn't JSON instead of losing the step", async () => {
    const { transport, running } = await start(() => ({ big: 1n }));
    await transport.deliver({}).settled;
    expect(transport.replies()[0]).toMatchObject({ status: "failure", error: { code: "internal" } });
    await running.stop();
  });

  test("of a function the service doesn't have is a failure that isn't retried", async () => {
    const { transport, running } = await start(() => null);
    await transport.deliver({ function: "toString" }).settled;
    expect(transport.replies()[0]).toMatchObject({ error: { code: "unknown_function", retryable: false } });
    await running.stop();
  });

  test("passes traceparent on, and needs neither step nor attempt", async () => {
    const { transport, running } = await start(() => 1);
    const value = JSON.stringify({ uuid: UUID, service: "user", function: "create_user", data: null });
    await transport.deliver({ value, headers: { id: "x", traceparent: "00-a-b-01" } }).settled;
    const reply = transport.appended.find(({ topic }) => topic === TOPICS.toManager);
    expect(reply?.headers).toEqual({ id: "x", traceparent: "00-a-b-01" });
    expect(JSON.parse(reply!.value!)).not.toHaveProperty("step");
    await running.stop();
  });
});

describe("a call", () => {
  test("shows what an undo undoes", async () => {
    let seen: Call | undefined;
    const { transport, running } = await start((call) => {
      seen = call;
    });
    const undo = { step: "n2", function: "create_user", input: {}, output: { user_id: "u1" }, error: null };
    await transport.deliver({ id: "u/n2/undo/create_user/1", undo }).settled;
    expect(seen).toMatchObject({ id: "u/n2/undo/create_user/1", uuid: UUID, step: "n2", attempt: 1, undo });
    await running.stop();
  });

  test("tells progress with inprogress replies, before the reply and never after it", async () => {
    const { transport, running } = await start(async (call) => {
      call.progress({ done: 1 });
      await Promise.resolve();
      call.progress({ done: 2 });
      queueMicrotask(() => setImmediate(() => call.progress("too late")));
      return "done";
    });
    await transport.deliver({}).settled;
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    await running.idle();
    expect(transport.all().map(({ status, data }) => [status, data])).toEqual([
      ["inprogress", { done: 1 }],
      ["inprogress", { done: 2 }],
      ["success", "done"],
    ]);
    await running.stop();
  });
});

describe("repeats", () => {
  test("of a command that was answered get the same reply without running again", async () => {
    let runs = 0;
    const { transport, running } = await start(() => ++runs);
    await transport.deliver({ id: "a" }).settled;
    await transport.deliver({ id: "a" }).settled;
    expect(runs).toBe(1);
    expect(transport.replies().map(({ data }) => data)).toEqual([1, 1]);
    expect(running.status()).toMatchObject({ handled: 1, repeated: 1 });
    await running.stop();
  });

  test("of a command that still runs wait for its one reply", async () => {
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    const { transport, running } = await start(async () => {
      runs += 1;
      await gate.promise;
    });
    const first = transport.deliver({ id: "a" });
    const second = transport.deliver({ id: "a" });
    gate.resolve();
    await Promise.all([first.settled, second.settled]);
    expect([runs, transport.replies().length]).toEqual([1, 1]);
    await running.stop();
  });
});

describe("concurrency", () => {
  test("lets a fast command overtake a slow one", async () => {
    const slow = Promise.withResolvers<string>();
    const { transport, running } = await start(({ data }) => (data === "slow" ? slow.promise : data));
    const delivery = transport.deliver({ id: "1", data: "slow" }, { id: "2", data: "fast" });
    expect((await transport.untilReplies(1)).map(({ data }) => data)).toEqual(["fast"]);
    slow.resolve("slow");
    await delivery.settled;
    expect(transport.replies().map(({ data }) => data)).toEqual(["fast", "slow"]);
    await running.stop();
  });

  test("is bounded", async () => {
    let now = 0;
    let most = 0;
    const { transport, running } = await start(
      async () => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
      },
      { concurrency: 3 },
    );
    await transport.deliver(...Array.from({ length: 20 }, (_, index) => ({ id: `${index}` }))).settled;
    expect(most).toBe(3);
    await running.stop();
  });
});

describe("records that are no commands for this service", () => {
  test("are passed over when they are another's or nobody's", async () => {
    const { transport, running } = await start(() => null);
    await transport.deliver({ service: "license" }, { value: "{not json, user" }, { value: null }).settled;
    expect(transport.replies()).toEqual([]);
    expect(running.status().connected).toBe(true);
    await running.stop();
  });

  test("go to the dead letters with why when they name the service and can't be read", async () => {
    const { transport, running } = await start(() => null);
    const value = JSON.stringify({ service: "user", function: "create_user" });
    await transport.deliver({ value, offset: 41, partition: 3 }).settled;
    expect(transport.appended.find(({ topic }) => topic === TOPICS.deadLetter)).toMatchObject({
      value,
      headers: { reason: "invalid_command", topic: "fromanager", partition: "3", offset: "41" },
    });
    await running.stop();
  });
});

describe("sending replies", () => {
  test("goes on until they are accepted, in order", async () => {
    const { transport, running } = await start(({ data }) => data);
    let failures = 2;
    transport.refuse = () => (failures-- > 0 ? unavailable() : undefined);
    await transport.deliver({ id: "1", data: 1 }, { id: "2", data: 2 }).settled;
    expect(transport.replies().map(({ data }) => data)).toEqual([1, 2]);
    await running.stop();
  });

  test("reports one that is refused as a failure, and the others arrive", async () => {
    const { transport, running } = await start(({ data }) => data);
    transport.refuse = (records) =>
      records.some(({ value }) => value?.includes("too large"))
        ? new TransportError("refused", "too many bytes")
        : undefined;
    await transport.deliver({ id: "1", data: "fine" }, { id: "2", data: "too large" }).settled;
    expect(transport.replies().map(({ status, error }) => [status, error?.code])).toEqual([
      ["success", undefined],
      ["failure", "reply_refused"],
    ]);
    await running.stop();
  });

  test("ends the service when it is denied", async () => {
    const { transport, running } = await start(() => null);
    transport.refuse = () => new TransportError("denied", "wrong token");
    transport.deliver({}).settled.catch(() => {});
    await expect(running.ended).rejects.toThrow("wrong token");
  });
});

describe("heartbeats", () => {
  test("go out at once and then every few seconds, until the service stops", async () => {
    const timers = new Map<() => void, number>();
    const clock = {
      now: () => 1_800_000_000_000,
      after(delayMs: number, run: () => void) {
        timers.set(run, delayMs);
        return () => void timers.delete(run);
      },
    };
    const { transport, running } = await start(() => null, { clock, heartbeatMs: 5_000 });
    await running.ready;
    const beats = () => transport.appended.filter(({ topic }) => topic === TOPICS.services);
    await new Promise((resolve) => setImmediate(resolve));
    expect(beats()).toEqual([
      {
        topic: TOPICS.services,
        key: "user/i1",
        value: JSON.stringify({
          service: "user",
          instance: "i1",
          functions: ["create_user"],
          at: "2027-01-15T08:00:00.000Z",
          version: "7",
          holding: false,
        }),
      },
    ]);
    const [tick] = [...timers].filter(([, delay]) => delay === 5_000).map(([run]) => run);
    tick?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(beats()).toHaveLength(2);
    await running.stop();
    expect([...timers.values()]).toEqual([]);
  });
});

describe("stop", () => {
  test("finishes what runs, sends its reply, and leaves the rest for later", async () => {
    const gate = Promise.withResolvers<void>();
    const started: unknown[] = [];
    const { transport, running } = await start(
      async ({ data }) => {
        started.push(data);
        await gate.promise;
        return data;
      },
      { concurrency: 1 },
    );
    const delivery = transport.deliver({ id: "1", data: 1 }, { id: "2", data: 2 });
    await new Promise((resolve) => setImmediate(resolve));
    const stopped = running.stop();
    gate.resolve();
    await expect(delivery.settled).rejects.toThrow("stops");
    await stopped;
    expect(started).toEqual([1]);
    expect(transport.replies().map(({ data }) => data)).toEqual([1]);
    expect(transport.closed).toBe(true);
    await running.ended;
  });

  test("aborts a handler that outlasts the grace, and leaves its command unanswered", async () => {
    const { transport, running } = await start(
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
      { stopGraceMs: 5 },
    );
    const { settled } = transport.deliver({});
    settled.catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    await running.stop();
    await expect(settled).rejects.toThrow();
    expect(transport.replies()).toEqual([]);
  });

  test("ends even when a handler ignores its signal", async () => {
    const { transport, running } = await start(() => new Promise(() => {}), { stopGraceMs: 5 });
    transport.deliver({}).settled.catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    await running.stop();
  });
});

describe("defineService", () => {
  test.each([
    [{ name: "", functions: { a: () => 1 } }, "service name"],
    [{ name: "a b", functions: { a: () => 1 } }, "service name"],
    [{ name: "a", functions: {} }, "no functions"],
    [{ name: "a", functions: { "b.c": () => 1 } }, "function name"],
  ])("refuses %o", (definition, message) => {
    expect(() => defineService(definition)).toThrow(message);
  });
});
