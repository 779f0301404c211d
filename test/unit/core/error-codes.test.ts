/** Every code that a journey's history can carry is raised by the way that users meet it, and stands in the docs. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { RefusalCode } from "../../../engine/core/actions.ts";
import { EVENT_TYPES, type JourneyEvent } from "../../../engine/core/events.ts";
import { STEP_ERRORS, type StepErrorCode } from "../../../engine/core/step-errors.ts";
import { Family } from "../../support/family.ts";
import { type FlowSketch, given, refusing, UUID } from "../../support/journey-spec.ts";

const chain: FlowSketch = { edges: { a: [], b: ["a"] } };
const child: FlowSketch = { name: "child", edges: { pay: [] } };
const sub = (settings: Record<string, unknown> = {}): FlowSketch => ({
  name: "parent",
  edges: { sub: [], last: ["sub"] },
  calls: { sub: "manager.journey" },
  steps: { sub: { flow: "child", ...settings } },
});
const each = (items: string): FlowSketch => ({
  name: "parent",
  edges: { all: [], x: [] },
  calls: { all: "manager.each" },
  steps: { all: { flow: "child", items, concurrency: 1 } },
});

/** The last one of each gives the events of the journey that carries the code. */
const RAISE: Record<StepErrorCode, () => JourneyEvent[]> = {
  failed() {
    const spec = given(chain);
    spec.reply({ function: "a", status: "failure", data: null });
    return spec.events;
  },
  timeout() {
    const spec = given(chain);
    spec.after(30_000);
    return spec.events;
  },
  service_down() {
    const spec = given(chain);
    spec.health.svc = "down";
    spec.success("a");
    return spec.events;
  },
  expression_failed: () => given({ ...chain, steps: { a: { when: "input.nope" } } }).events,
  data_too_large: () => given(chain, "x".repeat(300_000)).events,
  schema_invalid: () => given(chain, {}, (spec) => (spec.schemas = refusing("command"))).events,
  deadline_exceeded() {
    const spec = given({ ...chain, policy: { deadline: "1s" } });
    spec.after(1_000);
    return spec.events;
  },
  element_failed() {
    const family = new Family([each("[1]"), child]);
    family.answer("pay", "failure");
    return family.events;
  },
  cancelled() {
    const family = new Family([each("[1, 2]"), child]);
    family.act(UUID, "pause");
    family.answer("pay");
    family.act(UUID, "rollback");
    family.act(UUID, "resume");
    return family.events;
  },
  too_many_elements: () => given(each("input"), Array(10_001).fill(0)).events,
  too_deep: () => new Family([{ ...sub({ flow: "parent" }), edges: { sub: [] } }]).events,
  terminated() {
    const family = new Family([sub(), child]);
    family.act(family.children[0]!.uuid, "terminate");
    return family.events.filter((event) => event.uuid === UUID);
  },
  rolled_back() {
    const family = new Family([sub(), { name: "child", edges: { ok: [] }, calls: { ok: "manager.approve" } }]);
    family.act(family.children[0]!.uuid, "cancel");
    return family.events.filter((event) => event.uuid === UUID);
  },
  unknown_flow: () => new Family([sub()]).events,
  flow_invalid: () => new Family([sub()], {}, "flow_invalid").events,
  unknown_journey() {
    const family = new Family([sub(), child], {}, "unknown_journey");
    family.answer("pay");
    family.journeys.delete(family.children[0]!.uuid);
    family.answer("last", "failure");
    return family.events;
  },
};

const held = () => {
  const spec = given({ edges: { p: [], b: ["p"] }, steps: { p: { pivot: true } } });
  spec.flows.push(given({ edges: { x: [] }, version: "2" }).flow);
  spec.success("p");
  spec.failure("b");
  return spec;
};
const REFUSE: Record<RefusalCode, (spec: ReturnType<typeof held>) => void> = {
  invalid_request: (spec) => spec.action("complete", { step: "b" }),
  payload_too_large: (spec) => spec.action("retry", { step: "b", data: "x".repeat(300_000) }),
  action_not_allowed: (spec) => spec.action("resume"),
  past_pivot: (spec) => spec.action("rollback"),
  stale_preview: (spec) => spec.action("cancel", { force: true, plan: "of yesterday" }),
  schema_invalid(spec) {
    spec.schemas = refusing("command");
    spec.action("retry", { step: "b", data: {} });
  },
  unknown_step: (spec) => spec.action("retry", { step: "nope" }),
  unknown_version: (spec) => spec.action("migrate", { version: "9" }),
  no_home_in_version: (spec) => spec.action("migrate", { version: "2" }),
};

const docs = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");

describe("a step's error code", () => {
  it.each(Object.keys(RAISE) as StepErrorCode[])("%s is met", (code) => {
    expect(RAISE[code]().map((event) => event.error?.code)).toContain(code);
  });
  it.each(Object.entries(STEP_ERRORS))("%s stands in the docs with what it means", (code, meaning) => {
    expect(docs).toContain(`| \`${code}\` | ${meaning} |`);
  });
});

describe("a refusal's code", () => {
  it.each(Object.keys(REFUSE) as RefusalCode[])("%s is met, and stands in the docs", (code) => {
    const spec = held();
    REFUSE[code](spec);
    expect(spec.last()).toMatchObject({ type: "action.refused", error: { code } });
    expect(docs).toContain(`\`${code}\``);
  });
});

describe("a journey event's type", () => {
  it("stands in the docs' closed list", () => {
    const begin = docs.indexOf("a closed list kept in");
    const list = docs.slice(begin, docs.indexOf("`action.refused`", begin) + "`action.refused`".length);
    const groups = list.split(";").flatMap((group) => {
      const names = [...group.matchAll(/`([a-z_.]+)`/g)].map(([, name = ""]) => name);
      const prefix = names[0]?.split(".")[0];
      return names.map((name) => (name.startsWith(".") ? `${prefix}${name}` : name));
    });
    expect(groups.toSorted()).toEqual([...EVENT_TYPES].sort());
  });
});
