// Section 3, "Built-in steps", seen from outside.
import { v5 as uuidv5 } from "uuid";
import { describe, expect, test } from "vitest";
import { type FlowSketch, fail, ok, outsider, type Script, silence } from "../support/outsider.ts";

const { run, follow, publish, api } = outsider();
const CALL = { x: "manager.journey" };

describe.concurrent("wait", () => {
  test("for: a durable timer whose answer is its input", async () => {
    const j = await run({ graph: "a>w>b", types: { w: "manager.wait" }, steps: { w: { for: "120ms" } } });
    const view = await j.until("completed");
    const waitedMs = Date.parse(view.steps.w?.ended_at ?? "") - Date.parse(view.steps.w?.started_at ?? "");
    expect(waitedMs).toBeGreaterThanOrEqual(120);
    expect((await j.command("b")).value.data).toEqual({ by: "a" });
    expect(j.sent()).toEqual(["a", "b"]);
  });

  test("until: a moment, also worked out; one that has passed doesn't wait", async () => {
    const sketch = { graph: "w>b", types: { w: "manager.wait" } };
    const at = new Date(Date.now() + 300).toISOString();
    const j = await run({ ...sketch, steps: { w: { until: "input.at" } } }, {}, { at });
    const view = await j.until("completed");
    expect(Date.parse(view.steps.w?.ended_at ?? "")).toBeGreaterThanOrEqual(Date.parse(at));
    const past = await run({ ...sketch, steps: { w: { until: "2020-01-01T00:00:00Z" } } });
    await past.until("completed");
  });

  test("a wait is nothing to undo; a rollback doesn't wait for it", async () => {
    const sketch = { graph: "a>w>b; a>c", types: { w: "manager.wait" }, steps: { w: { for: "1h" } } };
    const j = await run(sketch, { c: [fail()] });
    await j.until("rolled_back");
    expect(j.sent().sort()).toEqual(["a", "c", "un_a"]);
  });
});

describe.concurrent("approve", () => {
  const sketch = { graph: "a>ask>b", types: { ask: "manager.approve" }, steps: { ask: {} } };

  test("holds the journey until somebody completes it; the word is its output", async () => {
    const j = await run(sketch);
    const held = await j.until("held");
    expect(held.held?.step).toBe("ask");
    await j.act("complete", { step: "ask", output: { approved: true } });
    await j.until("completed");
    expect((await j.command("b")).value.data).toEqual({ approved: true });
  });

  test("completed without an output it passes its data on", async () => {
    const j = await run(sketch);
    await j.until("held");
    await j.act("complete", { step: "ask" });
    await j.until("completed");
    expect((await j.command("b")).value.data).toEqual({ by: "a" });
  });

  test("is declined by a rollback", async () => {
    const j = await run(sketch);
    await j.until("held");
    await j.act("rollback", { reason: "no" });
    await j.until("rolled_back");
    expect(j.sent()).toEqual(["a", "un_a"]);
  });
});

describe.concurrent("journey", () => {
  test("runs another flow with the step's data; its output is the step's", async () => {
    const { name } = await publish({ graph: "c" });
    const script: Script = { c: [ok("child")] };
    const j = await run({ graph: "a>x>b", types: CALL, steps: { x: { flow: name } } });
    const child = follow(uuidv5("x", j.uuid), script);
    const end = await child.until("completed");
    await j.until("completed");
    expect([end.input, end.parent, (await j.command("b")).value.data]).toEqual([
      { by: "a" },
      { uuid: j.uuid, step: "x" },
      "child",
    ]);
  });

  test("a child that fails undoes itself and fails the step; the parent rolls back", async () => {
    const { name } = await publish({ graph: "c>d" });
    const j = await run({ graph: "a>x>b", types: CALL, steps: { x: { flow: name } } });
    const child = follow(uuidv5("x", j.uuid), { d: [fail("declined")] });
    const view = await j.until("rolled_back");
    await child.until("rolled_back");
    expect([j.sent(), child.sent(), view.error?.code]).toEqual([["a", "un_a"], ["c", "d", "un_c"], "declined"]);
  });

  test("it is undone by rolling the child back, in its place in the order", async () => {
    const { name } = await publish({ graph: "c>d" });
    const j = await run({ graph: "a>x>b", types: CALL, steps: { x: { flow: name } } }, { b: [fail()] });
    const child = follow(uuidv5("x", j.uuid), { un_d: [silence] });
    const undo = await child.command("un_d");
    expect(j.sent()).not.toContain("un_a");
    await child.reply(undo, ok(1));
    await j.until("rolled_back");
    expect((await child.view()).status).toBe("rolled_back");
    expect(child.sent()).toEqual(["c", "d", "un_d", "un_c"]);
  });

  test("a flow that isn't published fails the step with a clear error", async () => {
    const j = await run({ graph: "a>x", types: CALL, steps: { x: { flow: "no such flow" } } });
    expect((await j.until("rolled_back")).error).toMatchObject({
      code: "unknown_flow",
      message: expect.stringContaining("no such flow"),
    });
  });
});

describe.concurrent("each", () => {
  const each = async (settings: Record<string, unknown> = {}) => {
    const { name } = await publish({ graph: "c" });
    const steps = { all: { items: "input.list", flow: name, concurrency: 2, ...settings } };
    return { graph: "a>all>b", types: { all: "manager.each" }, steps };
  };
  const element = (uuid: string, index: number, script: Script = {}) => follow(uuidv5(`all/${index}`, uuid), script);

  test("runs a journey per element, never more at a time than concurrency; its output is the list of outputs", async () => {
    const j = await run(await each(), {}, { list: ["x", "y", "z"] });
    const children = [0, 1, 2].map((index) => element(j.uuid, index, { c: [silence] }));
    await Promise.all([children[0]!.command("c"), children[1]!.command("c")]);
    expect((await api("GET", `/journeys/${children[2]!.uuid}`)).status).toBe(404);
    await children[1]!.reply("c", ok("Y"));
    await children[2]!.command("c");
    await children[0]!.reply("c", ok("X"));
    await children[2]!.reply("c", ok("Z"));
    await j.until("completed");
    expect((await j.command("b")).value.data).toEqual(["X", "Y", "Z"]);
    expect(children.map(({ commands }) => commands[0]?.value.data)).toEqual(["x", "y", "z"]);
  });

  test("a failed element fails the step after the others are settled; they are undone", async () => {
    const j = await run(await each(), {}, { list: [1, 2] });
    const good = element(j.uuid, 0, { c: [silence] });
    const bad = element(j.uuid, 1, { c: [fail("bad apple")] });
    await bad.until("rolled_back");
    await good.command("c");
    expect((await j.view()).steps.all?.status).not.toBe("failed");
    await good.reply("c", ok("good"));
    const view = await j.until("rolled_back");
    expect(view.steps.all?.error).toMatchObject({
      code: "element_failed",
      message: expect.stringContaining("bad apple"),
    });
    expect([good.sent(), bad.sent(), j.sent()]).toEqual([["c", "un_c"], ["c"], ["a", "un_a"]]);
    expect((await good.view()).status).toBe("rolled_back");
  });

  test("an empty list gives an empty list; what is no list fails the step", async () => {
    const j = await run(await each(), {}, { list: [] });
    await j.until("completed");
    expect((await j.command("b")).value.data).toEqual([]);
    const k = await run(await each(), {}, { list: "text" });
    expect((await k.until("rolled_back")).error?.code).toBe("expression_failed");
  });

  test("retry runs only what didn't succeed, as new journeys", async () => {
    const j = await run(
      await each({ retry: { maximumAttempts: 2, initialInterval: 1, jitter: 0 } }),
      {},
      {
        list: [1, 2],
      },
    );
    const good = element(j.uuid, 0);
    const bad = element(j.uuid, 1, { c: [fail("once")] });
    await bad.until("rolled_back");
    await good.until("completed");
    await j.event("step.retry_scheduled", { step: "all" });
    const again = follow(uuidv5("all/1#2", j.uuid), { c: [ok("second time")] });
    await again.until("completed");
    await j.until("completed");
    expect([good.sent(), (await j.command("b")).value.data]).toEqual([["c"], [{ by: "c" }, "second time"]]);
  });
});

test("settings that a built-in step lacks are findings that name it", async () => {
  const sketches: FlowSketch[] = [
    { graph: "w", types: { w: "manager.wait" } },
    { graph: "x", types: CALL },
    { graph: "e", types: { e: "manager.each" }, steps: { e: { flow: "f" } } },
    { graph: "e", types: { e: "manager.nonsense" } },
  ];
  for (const sketch of sketches) {
    const problem = await publish(sketch).then(
      () => "published",
      (error: Error) => JSON.parse(error.message),
    );
    expect([problem.status, problem.code, problem.findings?.[0]?.node]).toEqual([422, "flow_invalid", sketch.graph]);
  }
});
