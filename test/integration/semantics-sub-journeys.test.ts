// Section 3, built-in steps, where parent and child meet what operators do; and names and numbers that others may give.
// From outside.
import { randomUUID } from "node:crypto";
import { v5 } from "uuid";
import { describe, expect, test } from "vitest";
import { fail, flowFile, ok, outsider, type Script, silence } from "../support/outsider.ts";

const { api, follow, publish, run } = outsider();
const CHILD = { graph: "x>y" };

/** A parent `a > k > b` whose step `k` runs journeys of the child flow, and those journeys, in the order of elements. */
async function family(
  type: "manager.journey" | "manager.each",
  settings: Record<string, unknown>,
  script: Script,
  childScripts: Script[],
  data: unknown = {},
) {
  const child = await publish({ ...CHILD, name: `child ${randomUUID()}` });
  const parent = await publish({
    graph: "a>k>b",
    types: { k: type },
    steps: { k: { flow: child.name, ...settings } },
  });
  const uuid = randomUUID();
  const children = childScripts.map((said, index) =>
    follow(v5(type === "manager.each" ? `k/${index}` : "k", uuid), said),
  );
  const j = follow(uuid, script);
  await api("POST", "/journeys", { ...parent, data, uuid });
  return { j, children };
}

describe.concurrent("a terminated parent", () => {
  test("ends its sub-journey, which tells by whom and why; nothing is undone", async () => {
    const { j, children } = await family("manager.journey", {}, {}, [{ y: [silence] }]);
    const child = children[0]!;
    await child.command("y");
    await j.act("terminate", { reason: "enough" });
    await child.until("terminated");
    const told = await child.event("journey.terminated");
    expect(told).toMatchObject({
      id: `${j.uuid}/k/terminate`,
      reason: `terminated with ${j.uuid}, which ran it: enough`,
    });
    expect(told.actor).toBe((await j.event("journey.terminated")).actor);
    expect([...j.sent(), ...child.sent()].filter((name) => name.startsWith("un_"))).toEqual([]);
  });

  test("ends the elements that run; those that have ended stay, those that wait never begin", async () => {
    const list = { list: [1, 2, 3] };
    const settings = { items: "input.list", concurrency: 1 };
    const { j, children } = await family("manager.each", settings, {}, [{}, { x: [silence] }, {}], list);
    await children[1]!.command("x");
    await j.act("terminate");
    await children[1]!.until("terminated");
    expect((await children[0]!.view()).status).toBe("completed");
    expect(children[0]!.events.some(({ type }) => type === "action.refused")).toBe(false);
    expect(children[2]!.events).toEqual([]);
  });
});

describe.concurrent("an each", () => {
  test("undoes each element with what came out of that one", async () => {
    const settings = { items: "input.list" };
    const { j } = await family("manager.each", settings, {}, [{ y: [ok(0)] }, { y: [ok("two")] }], { list: [1, 2] });
    await j.until("completed");
    const { body } = await j.dryRun("rollback");
    expect(body.levels[1]).toMatchObject([
      { function: "rollback/0", data: 0 },
      { function: "rollback/1", data: "two" },
    ]);
  });

  test("of more than 1,000 elements fails its step and says what to do", async () => {
    const list = { list: Array.from({ length: 1_001 }, () => 0) };
    const { j } = await family("manager.each", { items: "input.list" }, {}, [], list);
    const view = await j.until("rolled_back");
    expect(view.steps.k?.error).toMatchObject({ code: "too_many_elements" });
    expect(view.steps.a?.status).toBe("undone");
  });
});

describe.concurrent("what others may give", () => {
  test.each(["constructor", "toString", "hasOwnProperty"])("a step called %s is refused, not lost", async (id) => {
    const nodes = { [id]: { id, type: "svc.a", connections: { inputs: {}, outputs: {} } } };
    const file = { ...flowFile({ graph: "a" }), workflow: { nodes, negations: {} } };
    const { status, body } = await api("POST", "/flows", file);
    expect([status, body.code, body.findings[0].node]).toEqual([422, "flow_invalid", id]);
  });

  test("an input that no step could be sent is refused, as is a field that no action has", async () => {
    const { name } = await publish({ graph: "a" });
    const { status, body } = await api("POST", "/journeys", { name, data: "x".repeat(256 * 1024) });
    expect([status, body.code]).toEqual([413, "payload_too_large"]);
    const j = await run({ graph: "a>b" }, { b: [fail()] });
    await j.until("rolled_back");
    const act = await j.act("rollback", { dryRun: true });
    expect([act.status, act.body.code]).toEqual([400, "invalid_request"]);
  });
});
