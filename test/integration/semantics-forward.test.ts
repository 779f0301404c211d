// Section 3, "Forward": what runs when, with which data, and what is skipped. Seen from outside.
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type FlowSketch, fail, ok, outsider, type Script, silence } from "../support/outsider.ts";

const { run, produce, follow, publish } = outsider();

/** The data each function was called with. */
const dataOf = (commands: { value: { function: string; data: unknown } }[]) =>
  Object.fromEntries(commands.map(({ value }) => [value.function, value.data]));

describe.concurrent("data", () => {
  test("an entry gets the journey's input, a step with one predecessor its output, verbatim", async () => {
    const j = await run({ graph: "a>b>c" }, { a: [ok([1, "two"])], b: [ok("text")], c: [ok(false)] }, { n: 1 });
    const view = await j.until("completed");
    expect(dataOf(j.commands)).toEqual({ a: { n: 1 }, b: [1, "two"], c: "text" });
    expect([view.input, view.output]).toEqual([{ n: 1 }, false]);
  });

  test("a join gets { stepId: output }, a null output is one", async () => {
    const j = await run({ graph: "s>a>z; s>b>z" }, { a: [ok(null)], b: [ok({ x: 1 })] });
    await j.until("completed");
    expect(dataOf(j.commands).z).toEqual({ a: null, b: { x: 1 } });
  });

  test("a join with a skipped predecessor still gets { stepId: output } of those that succeeded", async () => {
    const j = await run(
      { graph: "s>a>z; s>b>z", steps: { b: { when: "input.plan == 'paid'" } } },
      { a: [ok(1)] },
      { plan: "free" },
    );
    const view = await j.until("completed");
    expect(dataOf(j.commands)).toEqual({ s: { plan: "free" }, a: { by: "s" }, z: { a: 1 } });
    expect(view.steps.b?.status).toBe("skipped");
  });

  test("the output of several last steps is { stepId: output }, without the skipped one", async () => {
    const sketch = { graph: "s>a; s>b; s>c", steps: { c: { when: "false" } } };
    const j = await run(sketch, { a: [ok("A")], b: [ok(null)] });
    expect((await j.until("completed")).output).toEqual({ a: "A", b: null });
  });

  test("several entries all get the journey's input and run in parallel", async () => {
    const j = await run({ graph: "a>z; b>z" }, { a: [silence], b: [silence] }, "in");
    await Promise.all([j.command("a"), j.command("b")]);
    await j.reply("b", ok(2));
    await j.reply("a", ok(1));
    await j.until("completed");
    expect(dataOf(j.commands)).toEqual({ a: "in", b: "in", z: { a: 1, b: 2 } });
  });

  test("input maps a step's data over the journey's input and the steps' outputs", async () => {
    const steps = { c: { input: "{'who': input.name, 'sum': steps.a.n + steps.b.n, 'list': [steps.a.n]}" } };
    const j = await run({ graph: "a>b>c", steps }, { a: [ok({ n: 1 })], b: [ok({ n: 2 })] }, { name: "Ada" });
    await j.until("completed");
    expect(dataOf(j.commands).c).toEqual({ who: "Ada", sum: 3, list: [1] });
  });

  test("every journey, input and output may be any JSON: null, 0, empty text, lists", async () => {
    for (const data of [null, 0, "", [], {}, false]) {
      const j = await run({ graph: "a>b", name: "any JSON" }, { a: [ok(data)], b: [ok(data)] }, data);
      const view = await j.until("completed");
      expect([dataOf(j.commands), view.output]).toEqual([{ a: data, b: data }, data]);
    }
  });
});

describe.concurrent("conditions", () => {
  test("a step none of whose edges is taken is skipped, and so on down; the rest goes on", async () => {
    const j = await run({ graph: "a>b>c>z; a>z", steps: { b: { when: "steps.a.go" } } }, { a: [ok({ go: false })] });
    const { steps, status } = await j.until("completed");
    expect([steps.b?.status, steps.c?.status, steps.z?.status, status]).toEqual([
      "skipped",
      "skipped",
      "succeeded",
      "completed",
    ]);
    expect(j.sent()).toEqual(["a", "z"]);
    expect(dataOf(j.commands).z).toEqual({ a: { go: false } });
  });

  test("when by predecessor decides about one edge; a step with another taken edge runs", async () => {
    const steps = { z: { when: { a: "steps.a.yes" } } };
    const j = await run({ graph: "s>a>z; s>b>z", steps }, { a: [ok({ yes: false })], b: [ok(2)] });
    await j.until("completed");
    expect(dataOf(j.commands).z).toEqual({ a: { yes: false }, b: 2 });
  });

  test("a when that is false on every edge skips a join; a journey of skipped steps completes", async () => {
    const j = await run({ graph: "s>a>z; s>b>z", steps: { z: { when: { a: "false", b: "false" } } } });
    const view = await j.until("completed");
    expect(view.steps.z?.status).toBe("skipped");
    const k = await run({ graph: "a>b", steps: { a: { when: "input.on" } } }, {}, { on: false });
    const nothing = await k.until("completed");
    expect([k.sent(), nothing.steps.a?.status, nothing.steps.b?.status]).toEqual([[], "skipped", "skipped"]);
  });

  test("an exclusive choice: one branch runs, the other is skipped, the join runs once", async () => {
    const steps = { x: { when: "steps.s.way == 'x'" }, y: { when: "steps.s.way == 'y'" } };
    const script: Script = { s: [ok({ way: "y" })] };
    const j = await run({ graph: "s>x>x2>z; s>y>y2>z", steps }, script);
    await j.until("completed");
    expect(j.sent()).toEqual(["s", "y", "y2", "z"]);
    expect(dataOf(j.commands).z).toEqual({ y2: { by: "y2" } });
  });

  test("a condition that can't be worked out fails the step with an error that names it, and rolls back", async () => {
    const j = await run({ graph: "a>b", steps: { b: { when: "steps.a.n > 3" } } }, { a: [ok({ n: "text" })] });
    const view = await j.until("rolled_back");
    expect([view.steps.b?.status, view.steps.b?.error?.code, view.error?.code]).toEqual([
      "failed",
      "expression_failed",
      "expression_failed",
    ]);
    expect(view.steps.b?.error?.message).toContain("when");
    expect(j.sent()).toEqual(["a", "un_a"]);
    const k = await run({ graph: "a>b", steps: { b: { input: "steps.a.missing.deep" } } });
    const other = await k.until("rolled_back");
    expect(other.steps.b?.error).toMatchObject({
      code: "expression_failed",
      message: expect.stringContaining("input"),
    });
  });

  test("a when that gives no boolean is an error, not a truth", async () => {
    const j = await run({ graph: "a>b", steps: { b: { when: "steps.a.n" } } }, { a: [ok({ n: 1 })] });
    expect((await j.until("rolled_back")).steps.b?.error?.code).toBe("expression_failed");
  });
});

describe.concurrent("sizes", () => {
  const big = (bytes: number) => "x".repeat(bytes);

  test("data of 256 KiB goes through, one byte more fails the step clearly", async () => {
    const limit = 256 * 1024;
    const fits = await run({ graph: "a>b" }, { a: [ok(big(limit - 2))] });
    await fits.until("completed");
    const j = await run({ graph: "a>b" }, { a: [ok(big(limit - 1))] });
    const view = await j.until("rolled_back");
    expect(view.steps.a?.error).toMatchObject({
      code: "data_too_large",
      message: expect.stringMatching(/256 KiB|262,?144/),
    });
    // It did its work: what it did is undone.
    expect(j.sent()).toEqual(["a", "un_a"]);
  });

  test("outputs that are too large together fail the join before it is sent", async () => {
    const j = await run({ graph: "s>a>z; s>b>z" }, { a: [ok(big(150_000))], b: [ok(big(150_000))] });
    const view = await j.until("rolled_back");
    expect(view.steps.z?.error?.code).toBe("data_too_large");
    expect(j.sent().slice(3).sort()).toEqual(["un_a", "un_b", "un_s"]);
  });

  test("an input of more fails the first step that gets it, unless a mapping makes it smaller", async () => {
    // The API refuses it; whoever writes to the topic is told by the journey.
    const start = async (sketch: FlowSketch) => {
      const { name, version } = await publish(sketch);
      const j = follow(randomUUID());
      const call = { service: "manager", function: "start", status: "success", schema_version: "1" };
      await produce("tomanager", { uuid: j.uuid, name, version, ...call, data: big(256 * 1024) }, j.uuid);
      return j;
    };
    const long = await start({ graph: "a" });
    expect((await long.until("rolled_back")).error?.code).toBe("data_too_large");
    const j = await start({ graph: "a", steps: { a: { input: "size(input)" } } });
    await j.until("completed");
    expect(dataOf(j.commands).a).toBe(256 * 1024);
  });
});

describe.concurrent("fail fast and the error", () => {
  test("one failure rolls everything back in reverse; the journey's error is the service's", async () => {
    const j = await run({ graph: "a>b>c" }, { c: [fail("card_declined")] });
    const view = await j.until("rolled_back");
    expect(j.sent()).toEqual(["a", "b", "c", "un_b", "un_a"]);
    expect(view.error).toMatchObject({ code: "card_declined", message: "it is card_declined" });
    expect(view.rollback).toMatchObject({ scope: "journey" });
    expect([view.steps.a?.status, view.steps.b?.status, view.steps.c?.status]).toEqual([
      "undone",
      "undone",
      "failed",
    ]);
  });

  test("a failure with the bold fields only still has an error to read", async () => {
    const j = await run({ graph: "a" }, { a: [{ status: "failure", data: { reason: "no money" } }] });
    const view = await j.until("rolled_back");
    expect(view.error).toMatchObject({ code: "failed", message: expect.stringContaining("svc.a") });
  });

  test("a negation gets the step's output as data, and the rest in undo", async () => {
    const j = await run({ graph: "a>b" }, { a: [ok({ id: 7 })], b: [fail("no")] }, { who: "Ada" });
    await j.until("rolled_back");
    const undo = await j.command("un_a");
    expect(undo.value).toMatchObject({
      service: "svc",
      data: { id: 7 },
      schema_version: "1",
      undo: { step: "a", function: "a", input: { who: "Ada" }, output: { id: 7 }, error: null },
    });
    expect(undo.id).toBe(`${j.uuid}/a/undo/un_a/1`);
  });

  test("a start as a record of the bold fields runs the newest version; its uuid may be in capitals", async () => {
    await publish({ graph: "a", name: "twice", version: "9" });
    await publish({ graph: "a>b", name: "twice", version: "10" });
    const j = follow("0b8f7c1e-6f0c-4e5a-9d3b-aaaaaaaaaaaa");
    const start = { uuid: j.uuid, name: "twice", version: "", service: "manager", function: "start" };
    await produce("tomanager", { ...start, status: "success", schema_version: "1", data: { from: "a record" } });
    const view = await j.until("completed");
    expect([view.version, j.sent(), view.input]).toEqual(["10", ["a", "b"], { from: "a record" }]);
  });
});
