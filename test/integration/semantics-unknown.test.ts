// Section 3, "Unknown outcome": steps that timed out may have worked. Seen from outside.
import { describe, expect, test } from "vitest";
import { fail, ok, outsider, silence } from "../support/outsider.ts";

const { run, pass } = outsider();
const short = { timeout: "40ms" };

describe.concurrent("onTimeout: undo", () => {
  test("a late success while the blind negation is out: it runs again, with the output, before its ancestors", async () => {
    const j = await run({ graph: "a>b", steps: { b: short } }, { b: [silence], un_b: [silence, ok(2)] });
    const blind = await j.command("un_b");
    expect(blind.value).toMatchObject({ data: { by: "a" }, undo: { output: null, error: { code: "timeout" } } });
    await j.reply("b", ok({ id: "b1" }));
    await j.event("step.late", { step: "b" });
    expect(j.sent()).not.toContain("un_a");
    await j.reply(blind, ok("found nothing"));
    const again = await j.command("un_b", 2);
    expect(again.value).toMatchObject({ data: { id: "b1" }, attempt: 2, undo: { output: { id: "b1" } } });
    const view = await j.until("rolled_back");
    expect(j.sent()).toEqual(["a", "b", "un_b", "un_b", "un_a"]);
    expect(view.steps.b?.status).toBe("undone");
  });

  test("a late success after the rollback has ended re-opens the journey for that undo, and says so", async () => {
    const j = await run({ graph: "a>b", steps: { b: short } }, { b: [silence] });
    await j.until("rolled_back");
    await j.reply("b", ok({ id: "b1" }));
    await j.event("journey.reopened");
    const again = await j.command("un_b", 2);
    expect(again.value.data).toEqual({ id: "b1" });
    await j.event("rollback.completed", {}, 2);
    expect((await j.view()).status).toBe("rolled_back");
    expect(j.sent()).toEqual(["a", "b", "un_b", "un_a", "un_b"]);
  });

  test("the late success that comes twice is undone once more only", async () => {
    const j = await run({ graph: "a>b", steps: { b: short } }, { b: [silence] });
    await j.until("rolled_back");
    await j.reply("b", ok({ id: "b1" }));
    await j.event("rollback.completed", {}, 2);
    await j.reply("b", ok({ id: "b1" }));
    await j.event("step.duplicate", { step: "b" });
    expect(j.sent().filter((name) => name === "un_b")).toHaveLength(2);
  });

  test("a late failure says that it didn't happen: nothing more is sent", async () => {
    const j = await run({ graph: "a>b", steps: { b: short } }, { b: [silence] });
    await j.until("rolled_back");
    await j.reply("b", fail("never worked"));
    await j.event("step.late", { step: "b" });
    expect(j.sent()).toEqual(["a", "b", "un_b", "un_a"]);
    expect((await j.view()).status).toBe("rolled_back");
  });

  test("a late success that finds the step's undo not yet begun is undone once, with the output", async () => {
    // c is undone first and holds b back.
    const j = await run(
      { graph: "a>b; a>c", steps: { b: { ...short, onTimeout: "undo" } } },
      { b: [silence], un_b: [silence] },
    );
    const blind = await j.command("un_b");
    await j.reply("b", ok("late"));
    await j.reply(blind, ok(1));
    const second = await j.command("un_b", 2);
    await j.reply(second, ok(2));
    await j.until("rolled_back");
    expect(j.sent().filter((name) => name === "un_b")).toHaveLength(2);
    expect(j.sent().at(-1)).toBe("un_a");
  });

  test("a step without an earlier answer is blind-undone after its retries are used up, each attempt may answer late", async () => {
    const steps = { a: { ...short, retry: { maximumAttempts: 2, initialInterval: 10, jitter: 0 } } };
    const j = await run({ graph: "a", steps }, { a: [silence] });
    await j.until("rolled_back");
    expect(j.sent()).toEqual(["a", "a", "un_a"]);
    await j.reply(j.commands[1]!, ok("second"), true);
    expect((await j.command("un_a", 2)).value.data).toBe("second");
    await j.event("rollback.completed", {}, 2);
    // The first attempt worked too: an effect of its own.
    await j.reply(j.commands[0]!, ok("first"), true);
    expect((await j.command("un_a", 3)).value.data).toBe("first");
    await j.event("rollback.completed", {}, 3);
  });
});

describe.concurrent("onTimeout: ignore", () => {
  const steps = { b: { ...short, onTimeout: "ignore" } };

  test("its negations aren't called", async () => {
    const j = await run({ graph: "a>b", steps }, { b: [silence] });
    const view = await j.until("rolled_back");
    expect([j.sent(), view.steps.b?.status]).toEqual([["a", "b", "un_a"], "timed_out"]);
  });

  test("unless its success arrives: then it is undone, also after the end", async () => {
    const j = await run({ graph: "a>b", steps }, { b: [silence] });
    await j.until("rolled_back");
    await j.reply("b", ok("late"));
    expect((await j.command("un_b")).value.data).toBe("late");
    await j.event("rollback.completed", {}, 2);
    expect((await j.view()).steps.b?.status).toBe("undone");
  });

  test("a success that arrives while its ancestor is being undone doesn't stop that, and is undone", async () => {
    const j = await run({ graph: "a>b", steps }, { b: [silence], un_a: [silence] });
    const undoA = await j.command("un_a");
    await j.reply("b", ok("late"));
    await j.command("un_b");
    await j.reply(undoA, ok(1));
    await j.until("rolled_back");
    expect(j.sent()).toEqual(["a", "b", "un_a", "un_b"]);
  });
});

describe.concurrent("onTimeout: hold", () => {
  const steps = { b: { ...short, onTimeout: "hold" } };
  const held = async () => {
    const j = await run({ graph: "a>b>c", steps }, { b: [silence, ok("again")] });
    await j.until("held");
    expect(j.sent()).toEqual(["a", "b"]);
    return j;
  };

  test("waits for an operator: complete goes on with what came out", async () => {
    const j = await held();
    await j.act("complete", { step: "b", output: { by: "hand" } });
    await j.until("completed");
    expect((await j.command("c")).value.data).toEqual({ by: "hand" });
  });

  test("retry asks again, numbers go on", async () => {
    const j = await held();
    await j.act("retry", { step: "b" });
    await j.until("completed");
    expect(j.commands.map(({ value }) => [value.function, value.attempt])).toEqual([
      ["a", 1],
      ["b", 1],
      ["b", 2],
      ["c", 1],
    ]);
  });

  test("skip settles it with null", async () => {
    const j = await held();
    await j.act("skip", { step: "b" });
    await j.until("completed");
    expect((await j.command("c")).value.data).toBe(null);
  });

  test("its late success goes on by itself", async () => {
    const j = await held();
    await j.reply("b", ok("late"));
    await j.until("completed");
    expect((await j.command("c")).value.data).toBe("late");
  });

  test("rollback and cancel undo it blindly", async () => {
    for (const action of ["rollback", "cancel"]) {
      const j = await held();
      await j.act(action);
      await j.until("rolled_back");
      expect(j.sent()).toEqual(["a", "b", "un_b", "un_a"]);
    }
  });

  test("resume doesn't answer the question: it is refused", async () => {
    const j = await held();
    const { status, body } = await j.act("resume");
    expect([status, body.code]).toEqual([409, "action_not_allowed"]);
    expect((await j.view()).status).toBe("held");
  });
});

test("with a step still out elsewhere the rollback waits for it, and its success is undone in its place", async () => {
  const j = await run({ graph: "s>a>z; s>b>z", steps: { b: short } }, { a: [silence], b: [silence] });
  await j.event("rollback.started");
  await j.command("un_b");
  await pass(30);
  expect(j.sent()).not.toContain("un_s");
  await j.reply("a", ok("A"));
  await j.until("rolled_back");
  const sent = j.sent();
  expect(sent.slice(-2)).toEqual(["un_a", "un_s"]);
  expect(sent).not.toContain("z");
});
