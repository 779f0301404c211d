// Section 3, "Rollback": what is undone, in which order, by scope. Seen from outside.
import { describe, expect, test } from "vitest";
import { fail, ok, outsider, type Script, silence } from "../support/outsider.ts";

const { run } = outsider();

/** Asserts that each name was sent once, and for "x<y" x before y. */
function expectOrder(sent: string[], ...orders: string[]): void {
  for (const order of orders) {
    const places = order.split("<").map((name) => sent.indexOf(name));
    expect({ sent, order, places }).toEqual({ sent, order, places: [...places].sort((a, b) => a - b) });
    expect(places, `${order} in ${sent}`).not.toContain(-1);
  }
  expect(sent).toEqual([...new Set(sent)]);
}
const undone = (sent: string[]) => sent.filter((name) => name.startsWith("un_")).sort();

describe.concurrent("scope journey", () => {
  test("a diamond is undone from its end; the branches in parallel; the fork after both", async () => {
    const script: Script = { z: [fail()], un_a: [silence], un_b: [silence] };
    const j = await run({ graph: "s>a>z; s>b>z" }, script);
    const [a, b] = await Promise.all([j.command("un_a"), j.command("un_b")]);
    await j.reply(a, ok(1));
    await j.event("undo.succeeded", { step: "a" });
    expect(j.sent()).not.toContain("un_s");
    await j.reply(b, ok(1));
    await j.until("rolled_back");
    expect(undone(j.sent())).toEqual(["un_a", "un_b", "un_s"]);
  });

  test("the order holds through skipped and negation-less steps", async () => {
    const negations = { svc: { a: ["un_a"], d: ["un_d"] } };
    const steps = { b: { when: "false" }, d: { when: { b: "true" } } };
    // b is skipped, c has no negation: a still waits for d.
    const j = await run({ graph: "a>b>d; a>c>d; d>e", negations, steps }, { e: [fail()], un_d: [silence] });
    const d = await j.command("un_d");
    expect(j.sent()).not.toContain("un_a");
    await j.reply(d, ok(1));
    const view = await j.until("rolled_back");
    expect(undone(j.sent())).toEqual(["un_a", "un_d"]);
    expect([view.steps.b?.status, view.steps.c?.status]).toEqual(["skipped", "succeeded"]);
  });

  test("all negations of a step go out in parallel; its ancestors wait for all of them", async () => {
    const negations = { svc: { a: ["un_a"], b: ["un_b", "log_b", "tell_b"] } };
    const j = await run({ graph: "a>b>c", negations }, { c: [fail()], log_b: [silence] });
    const log = await j.command("log_b");
    await j.event("undo.succeeded", { function: "un_b" });
    await j.event("undo.succeeded", { function: "tell_b" });
    expect(j.sent()).not.toContain("un_a");
    await j.reply(log, ok(1));
    const view = await j.until("rolled_back");
    expect(Object.keys(view.steps.b?.undo ?? {}).sort()).toEqual(["log_b", "tell_b", "un_b"]);
  });

  test("an uneven graph: every step is undone after all its descendants", async () => {
    const j = await run({ graph: "a>b>c>f; a>d>f; b>e>f; f>g" }, { g: [fail()] });
    await j.until("rolled_back");
    expectOrder(j.sent(), "un_f<un_c<un_b<un_a", "un_f<un_e<un_b", "un_f<un_d<un_a");
    expect(undone(j.sent())).toHaveLength(6);
  });

  test("a failure while another branch is out: it settles, is undone, and nothing new goes out", async () => {
    const j = await run({ graph: "s>a>a2; s>b>b2" }, { a: [silence], b: [fail()] });
    await j.event("rollback.started");
    await j.reply("a", ok("A"));
    await j.until("rolled_back");
    expect(j.sent().sort()).toEqual(["a", "b", "s", "un_a", "un_s"]);
  });

  test("open attempts aren't retried, and a second failure joins the first", async () => {
    const retry = { maximumAttempts: 3, initialInterval: 1, jitter: 0 };
    const j = await run({ graph: "s>a; s>b", steps: { a: { retry } } }, { a: [silence], b: [fail("first")] });
    await j.event("rollback.started");
    await j.reply("a", fail("second"));
    const view = await j.until("rolled_back");
    expect([j.sent().sort(), view.error?.code]).toEqual([["a", "b", "s", "un_s"], "first"]);
    expect(j.events.filter(({ type }) => type === "rollback.started")).toHaveLength(1);
    expect(j.events.filter(({ type }) => type === "rollback.joined")).toHaveLength(1);
  });
});

describe.concurrent("scope path", () => {
  test("only the ancestors of the failed step are undone; the rest is left standing and listed", async () => {
    const sketch = { graph: "s>a>x; s>b>y", policy: { scope: "path" } };
    const j = await run(sketch, { x: [silence] });
    await j.event("step.succeeded", { step: "y" });
    await j.reply("x", fail());
    const view = await j.until("rolled_back");
    expectOrder(j.sent(), "un_a<un_s");
    expect(undone(j.sent())).toEqual(["un_a", "un_s"]);
    expect([view.steps.b?.status, view.steps.y?.status, view.steps.x?.status]).toEqual([
      "succeeded",
      "succeeded",
      "failed",
    ]);
    expect(view.rollback?.left_standing).toEqual(["b", "y"]);
  });

  test("include attempted has the failed step undone too, first", async () => {
    const policy = { scope: "path", include: "attempted" };
    const j = await run({ graph: "a>b>c", policy }, { c: [fail()] }, "in");
    await j.until("rolled_back");
    expect(j.sent().slice(3)).toEqual(["un_c", "un_b", "un_a"]);
    expect((await j.command("un_c")).value).toMatchObject({ data: { by: "b" }, undo: { step: "c", output: null } });
  });
});

describe.concurrent("scope branch", () => {
  const policy = { scope: "branch" };

  test("the ancestors after the nearest dominating fork are undone; the rest goes on and completes", async () => {
    const j = await run({ graph: "s>a>a2>a3; s>b>b2", policy }, { a3: [fail("broken")], b: [silence] });
    await j.command("un_a");
    await j.reply("b", ok("B"));
    const view = await j.until("completed");
    expectOrder(j.sent(), "un_a2<un_a", "b<b2");
    expect(undone(j.sent())).toEqual(["un_a", "un_a2"]);
    expect(view.rollback).toMatchObject({ scope: "branch" });
    expect([view.steps.a?.status, view.steps.a3?.status, view.steps.b2?.status]).toEqual([
      "undone",
      "failed",
      "succeeded",
    ]);
  });

  test("what needs the branch alone is skipped; a join with a live branch runs with what it has", async () => {
    const j = await run({ graph: "s>a>z; a>only; s>b>z", policy }, { a: [fail()], b: [ok("B")] });
    const view = await j.until("completed");
    expect(view.steps.only?.status).toBe("skipped");
    expect((await j.command("z")).value.data).toEqual({ b: "B" });
    expect(undone(j.sent())).toEqual([]);
  });

  test("nested forks: only the inner branch is undone", async () => {
    const j = await run({ graph: "s>a>f>p>p2; f>q>q2; s>b", policy }, { p2: [fail()] });
    const view = await j.until("completed");
    expect(undone(j.sent())).toEqual(["un_p"]);
    expect(view.steps.q2?.status).toBe("succeeded");
    expect(view.output).toEqual({ q2: { by: "q2" }, b: { by: "b" } });
  });

  test("behind a join the fork still dominates: both its branches and what follows are undone, the fork stands", async () => {
    const j = await run({ graph: "s>a>z; s>b>z; z>t", policy }, { t: [fail()] });
    const view = await j.until("completed");
    expectOrder(j.sent(), "un_z<un_a", "un_z<un_b");
    expect([undone(j.sent()), view.rollback?.left_standing]).toEqual([["un_a", "un_b", "un_z"], ["s"]]);
  });

  test("without a fork it is a rollback of the journey", async () => {
    const j = await run({ graph: "a>b>c", policy }, { c: [fail()] });
    const view = await j.until("rolled_back");
    expect([undone(j.sent()), view.rollback?.scope]).toEqual([["un_a", "un_b"], "journey"]);
  });

  test("two branches that fail are both undone, and the third completes the journey", async () => {
    const j = await run({ graph: "s>a>a2; s>b>b2; s>c", policy }, { a2: [fail()], b2: [fail()] });
    const view = await j.until("completed");
    expect([undone(j.sent()), view.output]).toEqual([["un_a", "un_b"], { c: { by: "c" } }]);
  });
});
