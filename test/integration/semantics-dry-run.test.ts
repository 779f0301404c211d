// "Every action that sends commands has a dry run": what it lists is what is sent, in those levels. Seen from outside.
import { describe, expect, test } from "vitest";
import { type FlowSketch, fail, ok, outsider, progress, type Script, silence } from "../support/outsider.ts";

const { run, until } = outsider();
type Journey = Awaited<ReturnType<typeof run>>;

interface Case {
  title: string;
  sketch: FlowSketch;
  script?: Script;
  /** Brings the journey to where the action is asked. */
  there(j: Journey): Promise<unknown>;
  action: string;
  fields?: Record<string, unknown>;
  /** By level, as the text says. */
  levels: string[][];
  more?: Record<string, unknown>;
  /** What must have happened before the commands are compared. */
  end(j: Journey): Promise<unknown>;
}

const diamond: FlowSketch = { graph: "s>a>z; s>b>z" };
const completed = (j: Journey) => j.until("completed");
const rolledBack = (j: Journey) => j.until("rolled_back");

const CASES: Case[] = [
  {
    title: "rollback of a completed diamond",
    sketch: diamond,
    there: completed,
    action: "rollback",
    levels: [["un_z"], ["un_a", "un_b"], ["un_s"]],
    end: rolledBack,
  },
  {
    title: "rollback through negation-less and skipped steps, with several negations of one",
    sketch: {
      graph: "a>b>c>d; c>e",
      negations: { svc: { a: ["un_a", "log_a"], c: ["un_c"], d: ["un_d"] } },
      steps: { d: { when: "false" } },
    },
    there: completed,
    action: "rollback",
    levels: [["un_c"], ["log_a", "un_a"]],
    end: rolledBack,
  },
  {
    title: "cancel with a step in flight that fails then",
    sketch: { graph: "s>a; s>b" },
    script: { a: [silence] },
    there: (j) => j.event("step.succeeded", { step: "b" }),
    action: "cancel",
    levels: [["un_b"], ["un_s"]],
    more: {
      in_flight: [
        { step: "a", service: "svc", function: "a", adds: [expect.objectContaining({ function: "un_a" })] },
      ],
    },
    end: async (j) => {
      await j.reply("a", fail());
      await j.until("rolled_back");
    },
  },
  {
    title: "rollback of scope path for a step that stands for the failed one",
    sketch: { graph: "s>a>x; s>b>y" },
    there: completed,
    action: "rollback",
    fields: { scope: "path", step: "x" },
    levels: [["un_a"], ["un_s"]],
    more: { left_standing: expect.arrayContaining(["x", "b", "y"]) },
    end: rolledBack,
  },
  {
    title: "rollback of scope to",
    sketch: diamond,
    there: completed,
    action: "rollback",
    fields: { scope: "to", to: "s" },
    levels: [["un_z"], ["un_a", "un_b"]],
    end: (j) => j.until("held"),
  },
  {
    title: "rollback that only force allows, over a pivot that can't be undone",
    sketch: {
      graph: "a>p>c",
      steps: { p: { pivot: true, irreversible: true } },
      negations: { svc: { a: ["un_a"], c: ["un_c"] } },
    },
    there: completed,
    action: "rollback",
    fields: { force: true },
    levels: [["un_c"], ["un_a"]],
    more: { irreversible: ["p"] },
    end: rolledBack,
  },
  {
    title: "retry of a step the journey is held for",
    sketch: { graph: "a>b", steps: { b: { timeout: "40ms", onTimeout: "hold" } } },
    script: { b: [silence, ok(2)] },
    there: (j) => j.until("held"),
    action: "retry",
    fields: { step: "b", data: { other: 1 } },
    levels: [["b"]],
    end: completed,
  },
  {
    title: "skip of a negation that failed: what it had kept back",
    sketch: { graph: "a>b>c", steps: { b: { negationRetry: { maximumAttempts: 1 } } } },
    script: { c: [fail()], un_b: [fail()] },
    there: (j) => j.until("rollback_failed"),
    action: "skip",
    fields: { step: "b" },
    levels: [["un_a"]],
    end: rolledBack,
  },
  {
    title: "complete of an approval",
    sketch: { graph: "ask>b", types: { ask: "manager.approve" } },
    there: (j) => j.until("held"),
    action: "complete",
    fields: { step: "ask", output: { yes: 1 } },
    levels: [["b"]],
    end: completed,
  },
  {
    title: "resume of a paused rollback",
    sketch: { graph: "a>b>c" },
    script: { c: [silence] },
    there: async (j) => {
      await j.command("c");
      await j.act("pause");
      await j.reply("c", fail());
      await j.event("step.failed");
      await j.until("paused");
    },
    action: "resume",
    levels: [["un_b"], ["un_a"]],
    end: rolledBack,
  },
];

describe.concurrent("the dry run of", () => {
  test.each(CASES)("$title", async ({ sketch, script, there, action, fields, levels, more = {}, end }) => {
    const j = await run(sketch, script);
    await there(j);
    const before = j.commands.length;
    const { status, body } = await j.dryRun(action, fields);
    const planned: { step: string; function: string; data: unknown }[][] = body.levels;
    expect([status, planned.map((level) => level.map((one) => one.function).sort())]).toEqual([200, levels]);
    expect(body).toMatchObject(more);
    expect((await j.act(action, { ...fields, plan: body.plan, seq: body.seq })).status).toBe(202);
    await end(j);
    const count = levels.flat().length;
    const sent = await until(j.tell, () =>
      j.commands.length >= before + count ? j.commands.slice(before) : undefined,
    );
    let at = 0;
    for (const level of planned) {
      const wave = sent.slice(at, at + level.length).map(({ value }) => [value.step, value.function, value.data]);
      expect(wave.sort()).toEqual(level.map((one) => [one.step, one.function, one.data]).sort());
      at += level.length;
    }
    expect(j.commands.length).toBe(before + count);
  });
});

describe.concurrent("besides", () => {
  test("progress of a negation puts its timeout off", async () => {
    const steps = { a: { negationTimeout: "20s" } };
    const j = await run({ graph: "a>b", steps }, { b: [fail()], un_a: [[progress, progress]] });
    const second = await j.event("undo.progressed", {}, 2);
    expect(Date.parse(String(second.detail?.due)) - Date.parse(second.at)).toBe(20_000);
    await j.reply("un_a", ok(1));
    await j.until("rolled_back");
  });

  test("a step on hold holds the rollback that another failure began, until somebody says what it did", async () => {
    const sketch = { graph: "s>b; s>c", steps: { b: { timeout: "40ms", onTimeout: "hold" } } };
    const j = await run(sketch, { b: [silence], c: [silence] });
    await j.until("held");
    await j.reply("c", fail());
    await j.event("rollback.started");
    await j.event("journey.held", { step: "b" }, 2);
    expect(j.sent().filter((name) => name.startsWith("un_"))).toEqual([]);
    await j.act("complete", { step: "b", output: { id: 7 } });
    await j.until("rolled_back");
    expect(j.sent().slice(-2)).toEqual(["un_b", "un_s"]);
    expect((await j.command("un_b")).value.data).toEqual({ id: 7 });
  });
});
