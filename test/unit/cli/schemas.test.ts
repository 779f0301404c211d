import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../support/running-console.ts";
import { cli } from "./cli.ts";

const topic = { subject: "fromanager-value", kind: "topic", topic: "fromanager" };
const called = { kind: "function", topic: "fromanager", service: "user", direction: "command" };
const registered = {
  subject: "fromanager-user.create",
  function: "create",
  ...called,
  version: 3,
  id: 7,
  schema: true,
};
const broken = {
  ...registered,
  subject: "fromanager-user.drop",
  function: "drop",
  in_force: 2,
  error: "no such $ref",
};
const body = {
  registry: { url: "http://r", reachable: true, known: true, wire_format: "json", validate: true },
  subjects: [topic, registered, broken],
};
const answers = { "GET /schemas": { body } };

test("list shows what is registered, what isn't, and what can't be used", async () => {
  const { code, out } = await cli(["schemas", "list"], answers);
  expect(code).toBe(0);
  expect(out).toMatch(/fromanager-value +-/);
  expect(out).toMatch(/fromanager-user\.create +3 +7/);
  expect(out).toContain("version 2 is in force: no such $ref");
  const only = await cli(["schemas", "list", "--registered", "--json"], answers);
  expect(JSON.parse(only.out).subjects).toHaveLength(2);
});

test("show prints a schema, and fails where there is none", async () => {
  expect((await cli(["schemas", "show", "fromanager-user.create"], answers)).out).toBe("true\n");
  expect((await cli(["schemas", "show", "fromanager-value"], answers)).code).toBe(1);
});

test("register sends the file's schema", async () => {
  const file = join(temporaryFolder(), "create.json");
  writeFileSync(file, '{"type":"object"}');
  const { code, out, requests } = await cli(["schemas", "register", "fromanager-user.create", file], {
    "PUT /schemas/fromanager-user.create": { body: registered },
  });
  expect({ code, out }).toEqual({ code: 0, out: "fromanager-user.create is registered as version 3, id 7.\n" });
  expect(requests[0]).toMatchObject({ method: "PUT", body: { schema: { type: "object" } } });
});
