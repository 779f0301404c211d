// Section 2, flow files and bare Flume exports as others write them, by the command line. Seen from outside.
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fail, flowFile, outsider } from "../support/outsider.ts";

const { dataDir, follow, api, cli } = outsider();

type Links = Record<string, { nodeId: string; portName: string }[]>;
/** A node as Flume exports it, with whatever else its port types put there. */
const node = (id: string, type: string, inputs: Links, outputs: Links, more: Record<string, unknown> = {}) => ({
  [id]: {
    id,
    x: 1.5,
    y: -20,
    type,
    width: 200,
    connections: { inputs, outputs },
    inputData: { port: { text: "x" } },
    ...more,
  },
});
const link = (nodeId: string, portName: string) => [{ nodeId, portName }];

function file(content: unknown): string {
  const path = join(dataDir, `${randomUUID()}.json`);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}
async function runs(name: string, script = {}) {
  const { body } = await api("POST", "/journeys", { name, data: { n: 1 } });
  return follow(body.uuid, script);
}

describe.concurrent("a bare Flume export", () => {
  test("with a start node, odd port names and ids that are nobody's words", async () => {
    const name = `odd ${randomUUID()}`;
    const bare = {
      ...node("V1StGXR8_Z5j", "start", {}, { "→ out": link("k-9", "after everything") }),
      ...node(
        "k-9",
        "user.create_user",
        { "after everything": link("V1StGXR8_Z5j", "→ out") },
        { 1: link("l:1", "in") },
      ),
      ...node("l:1", "eu.licenses.add_license", { in: link("k-9", "1") }, {}),
    };
    const said = await cli("publish", file(bare), "--name", name);
    expect([said.code, said.err]).toEqual([0, expect.not.stringContaining("Error")]);
    const j = await runs(name);
    const view = await j.until("completed");
    expect(j.commands.map(({ value }) => [value.step, value.service, value.function])).toEqual([
      ["k-9", "user", "create_user"],
      ["l:1", "eu.licenses", "add_license"],
    ]);
    expect(Object.keys(view.steps)).toEqual(["k-9", "l:1"]);
  });

  test("with root: true on its first node, which is a step if its type names a call", async () => {
    const name = `root ${randomUUID()}`;
    const bare = {
      ...node("a", "svc.a", {}, { o: link("b", "i") }, { root: true }),
      ...node("b", "svc.b", { i: link("a", "o") }, {}),
    };
    expect((await cli("publish", file(bare), "--name", name)).code).toBe(0);
    const j = await runs(name);
    await j.until("completed");
    expect([j.sent(), j.commands[0]?.value.data]).toEqual([["a", "b"], { n: 1 }]);
  });

  test("with root: true on its last node: a root that has predecessors is just a step", async () => {
    const name = `sink ${randomUUID()}`;
    const bare = {
      ...node("a", "svc.a", {}, { o: link("z", "i1") }),
      ...node("b", "svc.b", {}, { o: link("z", "i2") }),
      ...node("z", "svc.z", { i1: link("a", "o"), i2: link("b", "o") }, {}, { root: true }),
    };
    expect((await cli("publish", file(bare), "--name", name)).code).toBe(0);
    const j = await runs(name);
    await j.until("completed");
    expect([j.sent().slice(0, 2).sort(), j.commands[2]?.value.data]).toEqual([
      ["a", "b"],
      { a: { by: "a" }, b: { by: "b" } },
    ]);
  });

  test("with connections that only one end lists runs with them, and says so", async () => {
    const name = `halves ${randomUUID()}`;
    const bare = {
      ...node("a", "svc.a", {}, { o: link("b", "i") }),
      ...node("b", "svc.b", {}, {}),
      ...node("c", "svc.c", { i: link("b", "o") }, {}),
    };
    const said = await cli("publish", file(bare), "--name", name);
    expect([said.code, said.out + said.err]).toEqual([0, expect.stringContaining("doesn't list it")]);
    const j = await runs(name);
    await j.until("completed");
    expect(j.sent()).toEqual(["a", "b", "c"]);
  });

  test("with types that name no call: check lists them all, --map gives them one, nothing is dropped", async () => {
    const name = `mapped ${randomUUID()}`;
    const bare = {
      ...node("s", "manager.start", {}, { o: link("a", "i") }),
      ...node("a", "Create a user", { i: link("s", "o") }, { o: link("b", "i") }),
      ...node("b", "Send mail", { i: link("a", "o") }, {}),
    };
    const path = file(bare);
    const checked = await cli("check", path, "--json");
    const { findings } = JSON.parse(checked.out);
    expect([checked.code, findings.map(({ code }: { code: string }) => code)]).toEqual([
      1,
      expect.arrayContaining(["unknown_type"]),
    ]);
    expect(checked.out).toContain("Create a user");
    expect(checked.out).toContain("Send mail");
    expect((await cli("publish", path, "--name", name)).code).toBe(1);
    const map = ["--map", "Create a user=user.create_user", "--map", "Send mail=mail.send"];
    expect((await cli("check", path, ...map)).code).toBe(0);
    expect((await cli("publish", path, "--name", name, ...map)).code).toBe(0);
    const j = await runs(name);
    await j.until("completed");
    expect(j.sent()).toEqual(["create_user", "send"]);
  });
});

describe.concurrent("a flow file", () => {
  test("with types, negations, steps and policy works as it stands", async () => {
    const name = `whole ${randomUUID()}`;
    const workflow = {
      nodes: {
        ...node("n1", "start", {}, { next: link("n2", "after") }),
        ...node("n2", "Create a user", { after: link("n1", "next") }, { next: link("n3", "after") }),
        ...node("n3", "license.add_license", { after: link("n2", "next") }, { next: link("n4", "after") }),
        ...node("n4", "membership.add", { after: link("n3", "next") }, {}),
      },
      negations: {
        user: { create_user: ["delete_user"] },
        license: { add_license: ["remove_license", "log_removal"] },
      },
      types: { "Create a user": "user.create_user" },
      steps: { n2: { timeout: "10s", retry: { maximumAttempts: 3 } }, n3: { when: "input.n != 0" } },
      policy: { timeout: "30s", scope: "journey" },
    };
    const path = file({ name, version: "1", schema_version: "1", workflow });
    expect((await cli("publish", path)).code).toBe(0);
    const j = await runs(name, { add: [fail()] });
    await j.until("rolled_back");
    const sent = j.sent();
    expect([sent.slice(0, 3), sent.slice(3, 5).sort(), sent.slice(5)]).toEqual([
      ["create_user", "add_license", "add"],
      ["log_removal", "remove_license"],
      ["delete_user"],
    ]);
  });

  test("without negations gets the profile's list, frozen in at publish", async () => {
    const name = `frozen ${randomUUID()}`;
    await api("PUT", "/negations", { negations: { frozen: { a: ["un_a"] } } });
    const { workflow } = flowFile({ graph: "a>b", types: { a: "frozen.a", b: "frozen.b" }, name });
    const path = file({ name, version: "1", schema_version: "1", workflow: { nodes: workflow.nodes } });
    expect((await cli("publish", path)).code).toBe(0);
    await api("PUT", "/negations", { negations: {} });
    const j = await runs(name, { b: [fail()] });
    await j.until("rolled_back");
    expect(j.sent()).toEqual(["a", "b", "un_a"]);
  });

  test("with mistakes: each finding names its node and the way out", async () => {
    const cases: [string, Parameters<typeof flowFile>[0], string][] = [
      ["unknown_setting", { graph: "a", steps: { a: { timeuot: "1s" } } }, "timeuot"],
      ["unknown_setting", { graph: "a", policy: { colour: "red" } }, "colour"],
      ["unknown_setting", { graph: "a", steps: { b: { timeout: "1s" } } }, "b"],
      ["invalid_setting", { graph: "a", steps: { a: { timeout: "soon" } } }, "soon"],
      ["invalid_setting", { graph: "a", policy: { scope: "all" } }, "scope"],
      ["invalid_expression", { graph: "a", steps: { a: { when: "input.x ==" } } }, "when"],
      ["invalid_expression", { graph: "a>b", steps: { b: { input: "steps.nobody" } } }, "nobody"],
      ["cycle", { graph: "a>b>a" }, "a"],
      ["unknown_type", { graph: "a", types: { a: "Do it" } }, "Do it"],
    ];
    for (const [code, sketch, word] of cases) {
      const { status, body } = await api("POST", "/flows/check", flowFile(sketch));
      const found = body.findings.find((finding: { code: string }) => finding.code === code);
      expect([status, found?.severity, found?.message], code).toEqual([200, "error", expect.stringContaining(word)]);
    }
  });

  test("that is no flow at all: one line that names the file, exit code 1 or 2", async () => {
    for (const content of ["no JSON", "[]", "7", "{}", { name: "x" }]) {
      const path = file(content);
      const { code, err, out } = await cli("check", path);
      expect([content, [1, 2].includes(code ?? 0)]).toEqual([content, true]);
      expect(`${out}${err}`).not.toMatch(/\n\s+at /);
    }
    const missing = await cli("check", "/no/such/file.json");
    expect([missing.code, missing.err]).toEqual([expect.any(Number), expect.stringContaining("/no/such/file.json")]);
    expect(missing.code).not.toBe(0);
  });
});
