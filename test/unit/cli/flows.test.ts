import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cli } from "./cli.ts";

const examples = fileURLToPath(new URL("../../../examples/", import.meta.url));
const onboarding = join(examples, "flows/onboarding.flow.json");
const bare = join(examples, "flows/onboarding-bare.json");
const negations = join(examples, "negations.json");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "antigraph-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const node = (id: string, type: string, to?: string, from?: string) => ({
  ...{ id, type, x: 0, y: 0, width: 200, inputData: {} },
  connections: {
    inputs: from ? { after: [{ nodeId: from, portName: "next" }] } : {},
    outputs: to ? { next: [{ nodeId: to, portName: "after" }] } : {},
  },
});

describe("check", () => {
  test("passes a good flow with exit code 0", async () => {
    expect(await cli(["check", onboarding])).toMatchObject({
      code: 0,
      out: "onboarding 1, 3 steps: 0 errors, 0 warnings.\n",
      err: "",
      requests: [],
    });
  });

  test("shows warnings, and passes", async () => {
    const { code, out } = await cli(["check", bare]);
    expect([code, out.split("\n")[0]]).toEqual([0, expect.stringMatching(/^SEVERITY +CODE +NODE +MESSAGE$/)]);
    expect(out).toMatch(/^warning +missing_negation +create_user +\S/m);
    expect(out).toContain("onboarding-bare 1, 3 steps: 0 errors, 2 warnings.");
  });

  test("takes negations from a file for a bare export", async () => {
    const { out } = await cli(["check", bare, "--negations", negations]);
    expect(out).toContain("0 errors, 0 warnings.");
  });

  test("fails with exit code 1 on errors, and names them", async () => {
    const path = file("cyclic.json", { a: node("a", "x.a", "b", "b"), b: node("b", "x.b", "a", "a") });
    const { code, out } = await cli(["check", path]);
    expect([code, out]).toEqual([1, expect.stringMatching(/^error +cycle/m)]);
  });

  test("lists unknown types, and takes a mapping for them", async () => {
    const path = file("drawn.json", { s: node("s", "start", "a"), a: node("a", "Create = a user", undefined, "s") });
    expect((await cli(["check", path])).out).toContain("unknown_type");
    const { code } = await cli(["check", path, "--map", "Create = a user=user.create_user"]);
    expect(code).toBe(0);
  });

  test("answers as JSON for machines", async () => {
    const { out } = await cli(["check", onboarding, "--json"]);
    expect(JSON.parse(out)).toEqual({ name: "onboarding", version: "1", findings: [] });
  });

  test.each([
    ["not-json.json", "{", "isn't JSON"],
    ["list.json", "[]", "holds no JSON object"],
  ])("refuses %s in one line", async (name, content, message) => {
    const { code, err } = await cli(["check", file(name, content)]);
    expect([code, err]).toEqual([1, expect.stringContaining(message)]);
  });
});

describe("publish", () => {
  const published = { body: { name: "onboarding", version: "1", findings: [] }, status: 201 };

  test("sends a flow file as it is", async () => {
    const { code, out, requests } = await cli(["publish", onboarding], { "POST /flows": published });
    expect([code, out]).toEqual([0, "onboarding 1 is published.\n"]);
    expect(requests).toMatchObject([{ body: { name: "onboarding", version: "1", schema_version: "1" } }]);
  });

  test("sends a bare export bare, named by the file, and says what it assumed", async () => {
    const { err, requests } = await cli(["publish", bare], { "POST /flows": published });
    expect(requests[0]?.body).toMatchObject({
      name: "onboarding-bare",
      version: "1",
      workflow: { start: { id: "start" } },
    });
    expect(err).toContain('The name "onboarding-bare" is the file\'s; set another with --name.');
    expect(err).toContain('The file has no version: "1" is taken; set another with --version.');
  });

  test("adds names, mappings and negations that are given", async () => {
    const args = ["--name", "onboarding", "--version", "7", "--map", "A=user.create_user", "--negations", negations];
    const { err, requests } = await cli(["publish", bare, ...args], { "POST /flows": published });
    expect(err).toBe("");
    expect(requests[0]?.body).toMatchObject({
      name: "onboarding",
      version: "7",
      workflow: {
        nodes: { start: { id: "start" } },
        types: { A: "user.create_user" },
        negations: { user: { create_user: ["delete_user"] } },
      },
    });
  });

  test("refuses to put negations in the place of a file's own", async () => {
    expect(await cli(["publish", onboarding, "--negations", negations])).toMatchObject({ code: 2, requests: [] });
  });

  test("says when the same was published before", async () => {
    const { code, out } = await cli(["publish", onboarding], { "POST /flows": { ...published, status: 200 } });
    expect([code, out]).toEqual([0, "onboarding 1 was published before, just so.\n"]);
  });

  test("shows the findings of a flow that is refused", async () => {
    const findings = [{ code: "cycle", severity: "error", node: "a", message: "a comes after itself." }];
    const body = { status: 422, code: "flow_invalid", detail: "It has 1 error.", fix: "Mend it.", findings };
    const refused = { "POST /flows": { status: 422, body } };
    const { code, err } = await cli(["publish", onboarding], refused);
    expect(code).toBe(1);
    expect(err).toMatch(/error +cycle +a +a comes after itself\./);
    expect(err).toContain("onboarding 1 isn't published: 1 error, 0 warnings.");
    const json = await cli(["publish", onboarding, "--json"], refused);
    expect(JSON.parse(json.err).error).toMatchObject({ code: "flow_invalid", findings });
  });

  test("fails when the version exists with other content", async () => {
    const body = {
      status: 409,
      code: "flow_version_exists",
      detail: "onboarding 1 is published already.",
      fix: "Publish a new version.",
    };
    const { code, err } = await cli(["publish", onboarding], { "POST /flows": { status: 409, body } });
    expect([code, err]).toEqual([1, "antigraph: onboarding 1 is published already. Publish a new version.\n"]);
  });
});
