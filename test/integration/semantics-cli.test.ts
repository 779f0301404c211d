// Section 5, "CLI": exit codes 0 done, 1 failed, 2 wrong use; --json for machines. Seen from outside.
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fail, flowFile, ok, outsider, silence } from "../support/outsider.ts";

const { dataDir, run, follow, publish, api, cli } = outsider();

/** A started journey's services answer as soon as it is known. */
async function started(args: string[], script = {}) {
  const uuid = randomUUID();
  const j = follow(uuid, script);
  return { j, said: await cli("start", ...args, "--uuid", uuid) };
}

describe.concurrent("start", () => {
  test("--wait ends with 0 when it completed and 1 when it didn't, and says how; --json is the journey", async () => {
    const { name } = await publish({ graph: "a>b" });
    const good = await started([name, "--data", '{"n":1}', "--wait", "--json"]);
    expect([good.said.code, JSON.parse(good.said.out)]).toEqual([
      0,
      expect.objectContaining({ status: "completed", input: { n: 1 }, output: { by: "b" } }),
    ]);
    const bad = await started([name, "--wait"], { b: [fail("out_of_stock")] });
    expect([bad.said.code, `${bad.said.out}${bad.said.err}`]).toEqual([1, expect.stringContaining("out_of_stock")]);
    expect(bad.said.out + bad.said.err).toContain("rolled_back");
  });

  test("without --wait it says the uuid; --data may be a file", async () => {
    const { name } = await publish({ graph: "a" });
    const path = join(dataDir, "input.json");
    writeFileSync(path, '{"from":"a file"}');
    const { j, said } = await started([name, "--data", `@${path}`]);
    expect([said.code, said.out]).toEqual([0, expect.stringContaining(j.uuid)]);
    expect((await j.until("completed")).input).toEqual({ from: "a file" });
  });

  test("an unknown flow or version is a failure; what can't be read is wrong use or a failure, in one line", async () => {
    const { name } = await publish({ graph: "a" });
    const cases: [string[], number, string][] = [
      [["start", "no such flow"], 1, "no such flow"],
      [["start", name, "--version", "99"], 1, "99"],
      [["start", name, "--data", "{no json"], 2, "--data"],
      [["start", name, "--colour", "red"], 2, "--colour"],
      [["journeys", "show", randomUUID()], 1, "journey"],
      [["journeys", "dance", randomUUID()], 2, "dance"],
    ];
    const said = await Promise.all(cases.map(([args]) => cli(...args)));
    expect(said.map(({ code }, index) => [cases[index]?.[0].join(" "), code])).toEqual(
      cases.map(([args, code]) => [args.join(" "), code]),
    );
    for (const [index, { err, out }] of said.entries()) {
      expect(err.toLowerCase()).toContain(cases[index]?.[2].toLowerCase());
      expect(out).toBe("");
      expect(err).not.toMatch(/\n\s+at /);
    }
  });
});

describe.concurrent("journeys", () => {
  test("list, show and events speak to people and to machines", async () => {
    const { name } = await publish({ graph: "a>b" });
    const { j } = await started([name, "--wait"]);
    const [list, listJson, show, showJson, then, events, eventsJson] = await Promise.all([
      cli("journeys", "list", "--name", name),
      cli("journeys", "list", "--name", name, "--json"),
      cli("journeys", "show", j.uuid),
      cli("journeys", "show", j.uuid, "--json"),
      cli("journeys", "show", j.uuid, "--at", "1", "--json"),
      cli("journeys", "events", j.uuid),
      cli("journeys", "events", j.uuid, "--json"),
    ]);
    for (const { code, err } of [list, listJson, show, showJson, then, events, eventsJson])
      expect([code, err]).toEqual([0, ""]);
    expect(list.out).toContain(j.uuid);
    expect(JSON.parse(listJson.out).journeys.map(({ uuid }: { uuid: string }) => uuid)).toEqual([j.uuid]);
    expect(show.out).toContain("completed");
    expect(JSON.parse(showJson.out)).toEqual((await api("GET", `/journeys/${j.uuid}`)).body);
    expect(JSON.parse(then.out).status).toBe("running");
    expect(events.out).toContain("journey.completed");
    expect(JSON.parse(eventsJson.out).events).toHaveLength(6);
  });

  test("ACTION --dry-run says what would be sent, and sends nothing; ACTION does it", async () => {
    const { name } = await publish({ graph: "a>b" });
    const { j } = await started([name, "--wait"]);
    const dry = await cli("journeys", "rollback", j.uuid, "--dry-run");
    expect([dry.code, dry.out]).toEqual([0, expect.stringMatching(/un_b[\s\S]*un_a/)]);
    const dryJson = JSON.parse((await cli("journeys", "rollback", j.uuid, "--dry-run", "--json")).out);
    expect(dryJson.levels.flat().map((one: { function: string }) => one.function)).toEqual(["un_b", "un_a"]);
    expect(j.sent()).toEqual(["a", "b"]);
    const plan = ["--plan", dryJson.plan, "--seq", String(dryJson.seq)];
    const done = await cli("journeys", "rollback", j.uuid, "--reason", "a complaint", ...plan);
    expect([done.code, done.err]).toEqual([0, ""]);
    const view = await j.until("rolled_back");
    expect(view.rollback).toMatchObject({ reason: "a complaint" });
    const refused = await cli("journeys", "rollback", j.uuid, "--reason", "again");
    expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/^antigraph: .+\n$/)]);
    const refusedJson = await cli("journeys", "rollback", j.uuid, "--reason", "again", "--json");
    expect([refusedJson.code, JSON.parse(refusedJson.err || refusedJson.out).error.code]).toEqual([
      1,
      "action_not_allowed",
    ]);
  });

  test("pause, resume, complete, skip, retry, replay work by their options", async () => {
    const types = { ask: "manager.approve" };
    const j = await run({ graph: "ask>b", types }, { b: [silence] });
    await j.until("held");
    const done = await cli(
      "journeys",
      "complete",
      j.uuid,
      "--step",
      "ask",
      "--output",
      '{"ok":true}',
      "--reason",
      "r",
    );
    expect([done.code, done.err]).toEqual([0, ""]);
    expect((await j.command("b")).value.data).toEqual({ ok: true });
    expect((await cli("journeys", "pause", j.uuid, "--reason", "r")).code).toBe(0);
    await j.until("paused");
    expect((await cli("journeys", "resume", j.uuid, "--reason", "r")).code).toBe(0);
    await j.reply("b", ok(1));
    await j.until("completed");
    const replayed = await cli("journeys", "replay", j.uuid, "--data", "7", "--reason", "r", "--json");
    const { replay_uuid } = JSON.parse(replayed.out);
    const next = follow(replay_uuid);
    await next.until("held");
    expect((await next.view()).input).toBe(7);
    const wrong = await cli("journeys", "complete", replay_uuid, "--reason", "r");
    expect([wrong.code, wrong.err]).toEqual([expect.any(Number), expect.stringContaining("step")]);
    expect(wrong.code).not.toBe(0);
  });
});

test("check and publish: 0 or 1 by the findings, which are shown; --help everywhere is 0", async () => {
  const path = join(dataDir, "flow.json");
  const file = flowFile({ graph: "a>b" });
  writeFileSync(path, JSON.stringify(file));
  expect((await cli("check", path)).code).toBe(0);
  const published = await cli("publish", path);
  expect([published.code, published.out]).toEqual([0, expect.stringContaining(file.name)]);
  writeFileSync(path, JSON.stringify(flowFile({ graph: "a>b>a", name: file.name })));
  const cyclic = await cli("check", path);
  expect([cyclic.code, cyclic.out + cyclic.err]).toEqual([1, expect.stringContaining("cycle")]);
  expect((await cli("publish", path)).code).toBe(1);
  writeFileSync(path, JSON.stringify(flowFile({ graph: "a", name: file.name })));
  const conflict = await cli("publish", path);
  expect([conflict.code, conflict.err]).toEqual([1, expect.stringMatching(/version/)]);
  const commands = [[], ["journeys", "rollback"], ["doctor"]];
  const helps = await Promise.all(commands.map((command) => cli(...command, "--help")));
  for (const { code, out } of helps) expect([code, out]).toEqual([0, expect.stringContaining("USAGE")]);
});

test("a console that isn't there, or another's token: one line that says what to do", async () => {
  const away = await cli("journeys", "list", "--url", "http://127.0.0.1:9");
  expect([away.code, away.err]).toEqual([1, expect.stringMatching(/^antigraph: .*http:\/\/127\.0\.0\.1:9.*\n$/)]);
  const json = await cli("journeys", "list", "--url", "http://127.0.0.1:9", "--json");
  expect([json.code, JSON.parse(json.err || json.out).error.code]).toEqual([1, "console_unreachable"]);
});
