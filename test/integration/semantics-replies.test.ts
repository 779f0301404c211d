// Section 3, "Replies", "Failure" and "Clocks", seen from outside.
import { describe, expect, test } from "vitest";
import { fail, ok, outsider, progress, silence } from "../support/outsider.ts";

const { run, produce, api, until, pass } = outsider();
const soon = { maximumAttempts: 3, initialInterval: "20ms", jitter: 0 };

describe.concurrent("replies", () => {
  test("a second answer to a settled attempt is recorded and changes nothing", async () => {
    const j = await run({ graph: "a>b" }, { b: [silence] });
    await j.command("b");
    await j.reply("a", ok("another"));
    await j.event("step.duplicate", { step: "a" });
    await j.reply("a", fail("too late"));
    await j.event("step.duplicate", { step: "a" }, 2);
    await j.reply("b", ok("end"));
    const view = await j.until("completed");
    expect([view.output, view.steps.a?.output]).toEqual(["end", { by: "a" }]);
    expect(j.sent()).toEqual(["a", "b"]);
  });

  test("without step and attempt a reply goes to the oldest unsettled attempt of its function", async () => {
    const sketch = { graph: "s>a>z; s>b>z", types: { a: "svc.same", b: "svc.same" }, negations: {} };
    const j = await run(sketch, { same: [silence] });
    const [first, second] = [await j.command("same"), await j.command("same", 2)];
    await j.reply(first, ok("first"));
    await j.event("step.succeeded", { step: first.value.step });
    await j.reply(second, ok("second"));
    const view = await j.until("completed");
    expect([view.steps[first.value.step]?.output, view.steps[second.value.step]?.output]).toEqual([
      "first",
      "second",
    ]);
  });

  test("with step a reply goes to that step, whatever was asked first", async () => {
    const sketch = { graph: "s>a>z; s>b>z", types: { a: "svc.same", b: "svc.same" }, negations: {} };
    const j = await run(sketch, { same: [silence] });
    const [first, second] = [await j.command("same"), await j.command("same", 2)];
    await j.reply(second, ok("second"), true);
    await j.event("step.succeeded", { step: second.value.step });
    await j.reply(first, ok("first"), true);
    const view = await j.until("completed");
    expect([view.steps[first.value.step]?.output, view.steps[second.value.step]?.output]).toEqual([
      "first",
      "second",
    ]);
  });

  test("what fits no call of the journey goes to the dead letters and changes nothing", async () => {
    const j = await run({ graph: "a" }, { a: [silence] });
    await j.command("a");
    const bold = { uuid: j.uuid, name: "x", version: "1", schema_version: "1", status: "success", data: null };
    const bad: unknown[] = [
      { ...bold, service: "svc", function: "nobody" },
      { ...bold, service: "other", function: "a" },
      { ...bold, service: "svc", function: "a", step: "a", attempt: 7 },
      { ...bold, service: "svc", function: "a", step: "not a step" },
      { ...bold, service: "svc", function: "a", status: "perhaps" },
      { ...bold, service: "svc", function: "un_a" },
      "no JSON {",
    ];
    for (const value of bad) await produce("tomanager", value, j.uuid);
    await j.reply("a", ok(1));
    const view = await j.until("completed");
    expect(view.seq).toBe(4);
    const reasons = await until(
      () => "the dead letters",
      async () => {
        const { body } = await api("GET", "/topics/antigraph.deadletter/records?offset=start&limit=1000");
        const mine = body.records.filter((record: { key: string }) => record.key === j.uuid);
        return mine.length === bad.length ? mine : undefined;
      },
    );
    expect(reasons.map((record: { headers: { reason: string } }) => record.headers.reason)).toEqual([
      ...Array(4).fill("unmatched_reply"),
      "malformed",
      "unmatched_reply",
      "malformed",
    ]);
    expect(reasons[0].headers).toMatchObject({ topic: "tomanager", message: expect.stringContaining("nobody") });
    expect(reasons[0].headers.partition).toMatch(/^\d+$/);
    expect(reasons[0].headers.offset).toMatch(/^\d+$/);
    expect(reasons[4].headers.message).toContain("status");
    expect(reasons.at(-1).value).toBe("no JSON {");
  });

  test("a failure doesn't end a step while another of its attempts is open", async () => {
    const j = await run(
      { graph: "a>b", steps: { a: { timeout: "30ms", retry: soon } } },
      { a: [silence], b: [ok("end")] },
    );
    await j.command("a", 3);
    await j.reply(j.commands[2]!, fail("third"), true);
    // The first two never answered: the step's outcome is unknown, not failed.
    await j.until("rolled_back");
    expect(j.sent()).toEqual(["a", "a", "a", "un_a"]);
  });

  test("a success of an earlier attempt settles the step while a later one is open", async () => {
    const j = await run(
      { graph: "a>b", steps: { a: { timeout: "30ms", retry: { ...soon, maximumAttempts: 1_000 } } } },
      { a: [silence, silence] },
    );
    await j.command("a", 2);
    await j.reply(j.commands[0]!, ok("of the first"), true);
    const view = await j.until("completed");
    expect(view.steps.a).toMatchObject({ status: "succeeded", output: "of the first" });
    await j.reply(j.commands[1]!, ok("of the second"), true);
    await j.event("step.duplicate", { step: "a", attempt: 2 });
    expect((await j.view()).steps.a?.output).toBe("of the first");
  });
});

describe.concurrent("failure", () => {
  test("retry makes more attempts, ids and numbers going up, with the same data", async () => {
    const j = await run({ graph: "a", steps: { a: { retry: soon } } }, { a: [fail(), fail(), ok("third")] });
    const view = await j.until("completed");
    expect(j.commands.map(({ id }) => id)).toEqual([1, 2, 3].map((n) => `${j.uuid}/a/${n}`));
    expect(j.commands.map(({ value }) => [value.attempt, value.data])).toEqual(
      [1, 2, 3].map((n) => [n, { start: true }]),
    );
    expect([view.steps.a?.attempts, view.output]).toEqual([3, "third"]);
    expect(j.events.filter(({ type }) => type === "step.retry_scheduled")).toHaveLength(2);
  });

  test("the wait before an attempt doubles up to maximumInterval", async () => {
    const retry = { maximumAttempts: 5, initialInterval: 20, backoffCoefficient: 2, maximumInterval: 50, jitter: 0 };
    const j = await run({ graph: "a", steps: { a: { retry } } }, { a: [fail()] });
    await j.until("rolled_back");
    const waits = j.events
      .filter(({ type }) => type === "step.retry_scheduled")
      .map((event) => Date.parse(String(event.detail?.due)) - Date.parse(event.at));
    expect(waits).toEqual([20, 40, 50, 50]);
  });

  test("jitter moves the wait by its share at most, and not always alike", async () => {
    const retry = { maximumAttempts: 9, initialInterval: 100, backoffCoefficient: 1, jitter: 0.5 };
    const j = await run({ graph: "a", steps: { a: { retry } } }, { a: [fail()] });
    await j.until("rolled_back");
    const waits = j.events
      .filter(({ type }) => type === "step.retry_scheduled")
      .map((event) => Date.parse(String(event.detail?.due)) - Date.parse(event.at));
    expect(waits).toHaveLength(8);
    for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(50);
    for (const wait of waits) expect(wait).toBeLessThanOrEqual(150);
    expect(new Set(waits).size).toBeGreaterThan(1);
  });

  test("retryable: false ends the attempts at once; true or nothing goes on", async () => {
    const steps = { a: { retry: soon } };
    const j = await run({ graph: "a", steps }, { a: [fail("e", true), fail("final", false)] });
    const view = await j.until("rolled_back");
    expect([j.sent(), view.error?.code]).toEqual([["a", "a"], "final"]);
  });

  test("policy gives every step its default, the step's own setting wins", async () => {
    const j = await run(
      { graph: "a>b", policy: { retry: soon }, steps: { b: { retry: { maximumAttempts: 1 } } } },
      { a: [fail(), ok(1)], b: [fail()] },
    );
    await j.until("rolled_back");
    expect(j.sent()).toEqual(["a", "a", "b", "un_a"]);
  });
});

describe.concurrent("clocks", () => {
  test("timeout ends an attempt that nobody answers; the step is timed_out and its negations are called", async () => {
    const j = await run({ graph: "a>b", steps: { b: { timeout: "50ms" } } }, { b: [silence] });
    const view = await j.until("rolled_back");
    expect(j.sent()).toEqual(["a", "b", "un_b", "un_a"]);
    expect(view.error?.code).toBe("timeout");
    expect(j.events.map(({ type }) => type)).toContain("step.timed_out");
    // A blind undo has no output: it gets the step's input.
    expect((await j.command("un_b")).value).toMatchObject({ data: { by: "a" }, undo: { step: "b", output: null } });
  });

  test("the first inprogress ends timeout; from then on silence of inprogressTimeout ends the attempt", async () => {
    const steps = { a: { timeout: "20s", inprogressTimeout: "60ms" } };
    const j = await run({ graph: "a", steps }, { a: [progress] });
    const view = await j.until("rolled_back");
    const [progressed, timedOut] = [await j.event("step.progressed"), await j.event("step.timed_out")];
    const silentMs = Date.parse(timedOut.at) - Date.parse(progressed.at);
    expect(silentMs).toBeGreaterThanOrEqual(60);
    expect(silentMs).toBeLessThan(15_000);
    expect(view.error?.code).toBe("timeout");
  });

  test("each inprogress begins the silence anew; a success ends it", async () => {
    const j = await run({ graph: "a", steps: { a: { timeout: "20s" } } }, { a: [[progress, progress, progress]] });
    const last = await j.event("step.progressed", {}, 3);
    const silences = j.events
      .filter(({ type }) => type === "step.progressed")
      .map((event) => Date.parse(String(event.detail?.due)) - Date.parse(event.at));
    expect([silences, last.detail?.due]).toEqual([[20_000, 20_000, 20_000], expect.any(String)]);
    await j.reply("a", ok("at last"));
    expect((await j.until("completed")).output).toBe("at last");
  });

  test("what ends without a reply is retried: a long in-progress step is asked again, and may say so again", async () => {
    const steps = { a: { timeout: "30s", inprogressTimeout: "50ms", retry: soon } };
    const j = await run({ graph: "a", steps }, { a: [progress, progress, ok("third")] });
    const view = await j.until("completed");
    expect([j.sent(), view.steps.a?.attempts]).toEqual([["a", "a", "a"], 3]);
    expect(j.events.filter(({ type }) => type === "step.progressed").map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  test("totalTimeout bounds all attempts together", async () => {
    const retry = { maximumAttempts: 1000, initialInterval: 10, backoffCoefficient: 1, jitter: 0 };
    const j = await run(
      { graph: "a", steps: { a: { timeout: "20ms", totalTimeout: "1s", retry } } },
      { a: [silence] },
    );
    const view = await j.until("rolled_back");
    expect(view.steps.a?.attempts).toBeGreaterThan(1);
    expect(view.steps.a?.attempts).toBeLessThan(50);
  });

  test("deadline bounds the journey: a rollback with a cause of its own, which lets what is out answer", async () => {
    const j = await run({ graph: "b", policy: { deadline: "80ms" } }, { b: [silence] });
    await j.event("rollback.started");
    await j.reply("b", ok("did it all the same"));
    const view = await j.until("rolled_back");
    expect(view.error?.code).toBe("deadline_exceeded");
    expect(j.sent()).toEqual(["b", "un_b"]);
  });

  test("pausing stops the clocks: neither timeout nor deadline fires", async () => {
    const j = await run(
      { graph: "a", policy: { deadline: "1600ms" }, steps: { a: { timeout: "1500ms" } } },
      { a: [silence] },
    );
    await j.command("a");
    await j.act("pause");
    await j.until("paused");
    await pass(1_700);
    expect((await j.view()).status).toBe("paused");
    await j.act("resume");
    await j.until("running");
    await j.reply("a", ok("in time"));
    expect((await j.until("completed")).output).toBe("in time");
  });
});
