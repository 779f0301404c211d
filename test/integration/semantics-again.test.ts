// Section 3, "Actions": replay, rerun and migrate. Seen from outside.
import { randomUUID } from "node:crypto";
import { v5 as uuidv5 } from "uuid";
import { describe, expect, test } from "vitest";
import { fail, ok, outsider, silence } from "../support/outsider.ts";

const { run, follow, publish } = outsider();

describe.concurrent("replay, rerun, migrate", () => {
  test("replay starts a new journey with a uuid of the action's id, linked, with the same or other data", async () => {
    const j = await run({ graph: "a>b" }, { b: [fail()] }, { n: 1 });
    await j.until("rolled_back");
    const id = randomUUID();
    const next = follow(uuidv5(id, j.uuid));
    const { status, body } = await j.act("replay", { id, data: { n: 2 } });
    expect([status, body.replay_uuid]).toEqual([202, next.uuid]);
    const view = await next.until("completed");
    expect([view.input, view.replay_of]).toEqual([{ n: 2 }, j.uuid]);
    await j.event("journey.replayed");
    const same = randomUUID();
    const again = follow(uuidv5(same, j.uuid));
    await j.act("replay", { id: same });
    expect((await again.until("completed")).input).toEqual({ n: 1 });
  });

  test("replay may name another version", async () => {
    const name = `replayed ${randomUUID()}`;
    const j = await run({ graph: "a", name, version: "1" });
    await j.until("completed");
    await publish({ graph: "a>b", name, version: "2" });
    const id = randomUUID();
    const next = follow(uuidv5(id, j.uuid));
    await j.act("replay", { id, version: "2" });
    expect([(await next.until("completed")).version, next.sent()]).toEqual(["2", ["a", "b"]]);
  });

  test("rerun rolls back to before the step, then goes on from it, with data if given", async () => {
    const j = await run({ graph: "a>b>c>d" });
    await j.until("completed");
    const { body } = await j.dryRun("rerun", { step: "b" });
    const levels = body.levels.map((level: { function: string }[]) => level.map((one) => one.function));
    expect(levels).toEqual([["un_d"], ["un_c"], ["un_b"], ["b"]]);
    await j.act("rerun", { step: "b", data: { second: true } });
    await j.command("d", 2);
    const view = await j.until("completed");
    expect(j.sent()).toEqual(["a", "b", "c", "d", "un_d", "un_c", "un_b", "b", "c", "d"]);
    expect((await j.command("b", 2)).value).toMatchObject({ data: { second: true }, attempt: 2 });
    expect([view.steps.a?.attempts, view.steps.b?.attempts]).toEqual([1, 2]);
  });

  test("migrate goes on in the other version; negations of executed steps stay those of the old one", async () => {
    const name = `migrated ${randomUUID()}`;
    const j = await run({ graph: "a>b", name, version: "1" }, { b: [silence], d: [fail()] });
    await j.command("b");
    await publish({
      graph: "a>b>d",
      name,
      version: "2",
      negations: { svc: { a: ["other_un_a"], b: ["other_un_b"] } },
    });
    expect((await j.act("migrate", { version: "2" })).status).toBe(202);
    await j.event("journey.migrated");
    await j.reply("b", ok(1));
    const view = await j.until("rolled_back");
    expect(view.version).toBe("2");
    expect(j.sent()).toEqual(["a", "b", "d", "un_b", "un_a"]);
  });

  test("migrate is refused where a live or undoable step has no home", async () => {
    const name = `homeless ${randomUUID()}`;
    const j = await run({ graph: "a>b", name, version: "1" }, { b: [silence] });
    await j.command("b");
    await publish({ graph: "a>x", name, version: "2" });
    const { status, body } = await j.act("migrate", { version: "2" });
    expect([status, body.code]).toEqual([422, "no_home_in_version"]);
    expect(body.detail).toContain("b");
  });
});
