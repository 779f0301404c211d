/** What an event that breaks its schema does: it doesn't flow. */
import { describe, expect, it } from "vitest";
import type { FromManager } from "../../../engine/core/protocol.ts";
import { NO_SCHEMAS } from "../../../engine/core/turn.ts";
import { Family } from "../../support/family.ts";
import { type FlowSketch, given, refusing } from "../../support/journey-spec.ts";

const chain: FlowSketch = { edges: { a: [], b: ["a"] } };
const error = (name: string) => ({
  code: "schema_invalid",
  message: `data/fits must be true (${name})`,
  retryable: false,
});

describe("a command that breaks its schema", () => {
  it("isn't sent: its step fails with the schema's message, and what was done is undone", () => {
    const spec = given({ ...chain, steps: { b: { retry: { maximumAttempts: 5 } } } });
    spec.schemas = refusing("command", "b");
    spec.success("a");
    expect(spec.sent()).toEqual(["undo_a"]);
    expect(spec.events.find(({ type }) => type === "step.failed")).toMatchObject({ step: "b", error: error("b") });
    expect(spec.journey.steps.b).toMatchObject({ status: "failed", attempts: 0 });
    spec.undone("a");
    expect(spec.journey).toMatchObject({ status: "rolled_back", error: error("b") });
  });

  it("that would have been the first ends the journey with nothing sent", () => {
    const spec = given(chain, {}, (it) => {
      it.schemas = refusing("command", "a");
    });
    expect(spec.sent()).toEqual([]);
    expect(spec.journey.status).toBe("rolled_back");
  });

  it("is looked at whole, a negation's with what it undoes", () => {
    const asked: FromManager[] = [];
    const spec = given(chain, { n: 1 }, (it) => {
      it.schemas = {
        ...NO_SCHEMAS,
        command(command) {
          asked.push(command);
          return undefined;
        },
      };
    });
    spec.success("a", { made: 1 });
    spec.failure("b");
    const sent = spec.messages().map(({ value }) => value);
    expect(asked.map((it) => it.function)).toEqual(["a", "b", "undo_a"]);
    expect(asked.at(-1)).toEqual(sent.at(-1));
    expect(asked.at(-1)).toMatchObject({ data: { made: 1 }, undo: { step: "a", input: { n: 1 } } });
  });

  it("of a step past the pivot holds the journey, and may be retried with data that fits", () => {
    const spec = given({ ...chain, steps: { a: { pivot: true } } });
    spec.schemas = refusing("command", "b");
    spec.success("a");
    expect(spec.journey.status).toBe("held");
    spec.action("retry", { step: "b", data: { fits: false } });
    expect(spec.last()).toMatchObject({ type: "action.refused", error: { code: "schema_invalid" } });
    spec.action("retry", { step: "b", data: { fits: true } });
    expect(spec.sent()).toEqual(["b"]);
  });

  it("isn't looked for in built-in steps", () => {
    const spec = given({ edges: { w: [] }, calls: { w: "manager.approve" } }, {}, (it) => {
      it.schemas = { ...refusing("command"), reply: refusing("reply").reply };
    });
    spec.action("complete", { step: "w", output: 1 });
    expect(spec.journey.status).toBe("completed");
  });
});

describe("a reply that breaks its schema", () => {
  it("fails its step, which took effect and is undone with its input", () => {
    const spec = given(chain, { name: "Ada" });
    spec.schemas = refusing("reply", "a");
    spec.success("a", { made: 1 });
    expect(spec.events.find(({ type }) => type === "step.failed")).toMatchObject({ step: "a", error: error("a") });
    expect(spec.sent()).toEqual(["undo_a"]);
    expect(spec.messages()[0]!.value.data).toEqual({ name: "Ada" });
    spec.undone("a");
    expect(spec.journey.status).toBe("rolled_back");
  });

  it("lets one that fits through", () => {
    const spec = given(chain);
    spec.schemas = refusing("reply", "a");
    spec.success("a", { fits: true });
    expect(spec.sent()).toEqual(["b"]);
  });

  it("says nothing of failures and progress", () => {
    const spec = given({ edges: { a: [] } });
    spec.schemas = refusing("reply");
    spec.inprogress("a");
    spec.failure("a", { code: "own" });
    expect(spec.codes("step.failed")).toEqual(["own"]);
  });

  it("of a pivot counts as its success", () => {
    const spec = given({ edges: { a: [] }, steps: { a: { pivot: true } } });
    spec.schemas = refusing("reply");
    spec.success("a");
    expect(spec.journey.status).toBe("held");
  });

  it("that comes late is an effect to be undone all the same", () => {
    const spec = given({ ...chain, steps: { b: { onTimeout: "ignore" } } });
    spec.success("a");
    spec.after(30_000);
    spec.undone("a");
    expect(spec.journey.status).toBe("rolled_back");
    spec.schemas = refusing("reply", "b");
    spec.success("b", { made: 2 });
    expect(spec.last()).toMatchObject({ type: "undo.dispatched", function: "undo_b", data: { from: "a" } });
    expect(spec.codes("step.late")).toEqual(["schema_invalid"]);
  });

  it("of a sub-journey isn't looked for", () => {
    const parent: FlowSketch = {
      name: "parent",
      edges: { sub: [] },
      calls: { sub: "manager.journey" },
      steps: { sub: { flow: "child" } },
    };
    const family = new Family([parent, { name: "child", edges: { pay: [] } }]);
    family.schemas = { ...NO_SCHEMAS, reply: (service) => (service === "manager" ? "no" : undefined) };
    family.answer("pay");
    expect(family.parent.status).toBe("completed");
  });
});

describe("a negation's command that breaks its schema", () => {
  const failed = (negations = ["undo_a"]) => {
    const spec = given({ ...chain, negations: { a: negations } });
    spec.schemas = refusing("command", "undo_a");
    spec.success("a");
    spec.failure("b");
    return spec;
  };

  it("isn't sent and isn't tried again: the rollback has failed, with the schema's message", () => {
    const spec = failed();
    expect(spec.sent()).toEqual([]);
    expect(spec.journey.status).toBe("rollback_failed");
    expect(spec.codes("rollback.failed")).toEqual(["schema_invalid"]);
    expect(spec.journey.steps.a).toMatchObject({
      status: "undo_failed",
      undo: { undo_a: { error: error("undo_a") } },
    });
  });

  it("lets the other negations of the step go", () => {
    for (const negations of [
      ["undo_a", "log_a"],
      ["log_a", "undo_a"],
    ]) {
      const spec = failed(negations);
      expect(spec.sent()).toEqual(["log_a"]);
      expect(spec.journey.status).toBe("rollback_failed");
    }
  });

  it("can be done by hand", () => {
    const spec = failed();
    spec.action("skip", { step: "a" });
    expect(spec.journey.status).toBe("rolled_back");
  });

  it("can be retried with data that fits, and only with such", () => {
    const spec = failed();
    spec.action("retry", { step: "a" });
    expect(spec.journey.status).toBe("rollback_failed");
    spec.action("retry", { step: "a", data: { fits: false } });
    expect(spec.last()).toMatchObject({ type: "action.refused", error: { code: "schema_invalid" } });
    spec.action("retry", { step: "a", data: { fits: true } });
    expect(spec.calls()).toEqual(["a.undo_a#1"]);
    spec.undone("a");
    expect(spec.journey.status).toBe("rolled_back");
  });

  it("of a second round comes to rest too", () => {
    const spec = given({ edges: { a: [] } });
    spec.after(30_000);
    spec.undone("a");
    expect(spec.journey.status).toBe("rolled_back");
    spec.schemas = refusing("command", "undo_a");
    spec.success("a", { made: 1 });
    expect(spec.journey.status).toBe("rollback_failed");
    spec.schemas = NO_SCHEMAS;
    spec.action("retry", { step: "a" });
    expect(spec.messages()[0]!.value.data).toEqual({ made: 1 });
    expect(spec.calls()).toEqual(["a.undo_a#2"]);
  });

  it("doesn't begin the attempts' numbers anew after the step was set back", () => {
    const spec = given({ edges: { a: [] } });
    spec.success("a");
    spec.action("rerun", { step: "a" });
    spec.undone("a");
    expect(spec.calls()).toEqual(["a.a#2"]);
    spec.success("a");
    spec.schemas = refusing("command", "undo_a");
    spec.action("rollback");
    spec.action("retry", { step: "a", data: { fits: true } });
    expect(spec.calls()).toEqual(["a.undo_a#2"]);
  });
});

describe("a negation's reply that breaks its schema", () => {
  it("fails the undo at once: it took place, and only an operator can say that it did", () => {
    const spec = given(chain);
    spec.success("a");
    spec.failure("b");
    spec.schemas = refusing("reply", "undo_a");
    spec.undone("a");
    expect(spec.sent()).toEqual([]);
    expect(spec.journey.status).toBe("rollback_failed");
    expect(spec.codes("undo.failed")).toEqual(["schema_invalid"]);
    spec.action("skip", { step: "a" });
    expect(spec.journey.status).toBe("rolled_back");
  });

  it("of an attempt given up on ends nothing", () => {
    const spec = given(chain);
    spec.success("a");
    spec.failure("b");
    spec.after(30_000);
    spec.nextTimer();
    expect(spec.calls()).toEqual(["a.undo_a#2"]);
    spec.schemas = refusing("reply", "undo_a");
    spec.reply({ function: "undo_a", status: "success", step: "a", attempt: 1 });
    expect(spec.last()).toMatchObject({ type: "step.late", error: { code: "schema_invalid" } });
    expect(spec.journey.status).toBe("rolling_back");
  });
});

describe("what an operator writes by hand", () => {
  const held = () => {
    const spec = given({ ...chain, steps: { b: { onTimeout: "hold" } } });
    spec.success("a");
    spec.after(30_000);
    spec.schemas = { ...refusing("command", "b"), reply: refusing("reply", "b").reply };
    return spec;
  };

  it.each([
    ["complete", { output: 1 }],
    ["skip", { output: 1 }],
    ["retry", { data: 1 }],
  ] as const)("%s is refused when it breaks the schema", (action, fields) => {
    const spec = held();
    spec.action(action, { step: "b", ...fields });
    expect(spec.last()).toMatchObject({ type: "action.refused", error: { code: "schema_invalid" } });
    expect(spec.journey.status).toBe("held");
  });

  it("is taken when it fits", () => {
    const spec = held();
    spec.action("complete", { step: "b", output: { fits: true } });
    expect(spec.journey.status).toBe("completed");
  });

  it("may be nothing: a step is skipped without an output", () => {
    const spec = held();
    spec.action("skip", { step: "b" });
    expect(spec.journey.status).toBe("completed");
  });

  it("is looked at before a rerun undoes anything", () => {
    const spec = given({ edges: { a: [] } });
    spec.success("a");
    spec.schemas = refusing("command", "a");
    spec.action("rerun", { step: "a", data: 1 });
    expect(spec.last()).toMatchObject({ type: "action.refused", error: { code: "schema_invalid" } });
    spec.action("rerun", { step: "a", data: { fits: true } });
    expect(spec.sent()).toEqual(["undo_a"]);
  });
});

describe("a dry run", () => {
  it("tells which negations would be refused, and ends where the rollback would", () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["b"] } });
    spec.success("a");
    spec.success("b");
    spec.schemas = refusing("command", "undo_b");
    const { levels, refused, plan } = spec.dryRun("cancel");
    expect(levels).toEqual([]);
    expect(refused).toEqual([
      { step: "b", service: "svc", function: "undo_b", message: "data/fits must be true (undo_b)" },
    ]);
    spec.action("cancel", { plan });
    expect(spec.types()).not.toContain("action.refused");
  });

  it("says nothing of refusals where there are none", () => {
    const spec = given(chain);
    spec.success("a");
    spec.failure("b");
    expect(spec.dryRun("cancel")).not.toHaveProperty("refused");
  });

  it("of a replay tells what the new journey couldn't send", () => {
    const spec = given(chain);
    spec.action("terminate");
    spec.schemas = refusing("command", "a");
    expect(spec.dryRun("replay")).toMatchObject({ levels: [], refused: [{ step: "a", function: "a" }] });
  });
});
