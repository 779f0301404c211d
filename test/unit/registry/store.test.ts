/** What is known of a registry: which schemas are in force, while it is there and while it isn't. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { FromManager } from "../../../engine/core/protocol.ts";
import { ENVELOPES } from "../../../engine/registry/envelopes.ts";
import type { RegistryStub } from "../../support/registry-stub.ts";
import { openStub, type StoreOptions, storeOn } from "../../support/schema-store.ts";

const topics = { fromManager: "dev.fromanager", toManager: "dev.tomanager" };
const EMAIL = { type: "object", properties: { email: { type: "string" } } };
const command = (data: unknown): FromManager => ({
  ...{
    uuid: "6f1c2d0e-0000-4000-8000-00000000a920",
    name: "f",
    version: "1",
    service: "user",
    function: "create_user",
  },
  ...{ schema_version: "1", data, step: "a", attempt: 1 },
});

const open = (stub: RegistryStub, options: StoreOptions = {}) => storeOn(stub, { topics, ...options });

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "antigraph-schemas-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe("a schema in force", () => {
  it("is that of the function, direction and topic with the profile's prefix", async () => {
    const stub = await openStub();
    stub.add("dev.fromanager-user.create_user", EMAIL);
    stub.add("dev.tomanager-user.create_user", { type: "object", required: ["id"] });
    stub.add("fromanager-user.create_user", false);
    const { store } = open(stub);
    await store.known;
    expect(store.command(command({ email: 1 }))).toBe(
      "data/email must be string (dev.fromanager-user.create_user, version 1)",
    );
    expect(store.command(command({ email: "a@b.c" }))).toBeUndefined();
    expect(store.reply("user", "create_user", {})).toBe(
      "data must have required property 'id' (dev.tomanager-user.create_user, version 1)",
    );
    expect(store.reply("user", "delete_user", {})).toBeUndefined();
  });

  it("may be of a topic's whole records", async () => {
    const stub = await openStub();
    stub.add("dev.fromanager-value", { properties: { attempt: { maximum: 3 } } });
    stub.add("dev.tomanager-value", { required: ["trace"] });
    const { store } = open(stub);
    await store.known;
    expect(store.command({ ...command({}), attempt: 4 })).toMatch(/^record\/attempt must be <= 3/);
    expect(store.record('{"uuid":"1"}')).toMatch(/^record must have required property 'trace'/);
    expect(store.record('{"trace":1}')).toBeUndefined();
  });

  it("is the newest version, as soon as it has been looked at", async () => {
    const stub = await openStub();
    stub.add("dev.fromanager-user.create_user", EMAIL);
    const { store } = open(stub);
    await store.known;
    stub.add("dev.fromanager-user.create_user", { ...EMAIL, required: ["email"] });
    expect(store.command(command({}))).toBeUndefined();
    await store.refresh();
    expect(store.command(command({}))).toMatch(/version 2/);
  });

  it("is none any more when its subject is gone, and that is told", async () => {
    const stub = await openStub();
    stub.add("dev.fromanager-user.create_user", EMAIL);
    const { store, warnings } = open(stub);
    await store.known;
    stub.remove("dev.fromanager-user.create_user");
    await store.refresh();
    expect(store.command(command({ email: 1 }))).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/checked no more/)]);
  });

  it("stays when all are gone at once, for the registry was emptied then, which is told", async () => {
    const subjects = ["dev.fromanager-user.create_user", "dev.tomanager-user.create_user"];
    const stub = await openStub();
    for (const subject of subjects) stub.add(subject, EMAIL);
    const file = join(folder(), "schemas.json");
    const { store, warnings } = open(stub, { file });
    await store.known;
    for (const subject of subjects) stub.remove(subject);
    await store.refresh();
    await store.refresh();
    expect(store.command(command({ email: 1 }))).toMatch(/email must be string/);
    expect(store.status()).toMatchObject({ reachable: false, known: true, error: expect.stringMatching(/emptied/) });
    expect(warnings).toEqual([expect.stringMatching(/stays in force/)]);
    await store.close();
    // Nor are they forgotten by a process that starts now.
    const { store: later } = open(stub, { file });
    await later.refresh();
    expect(later.command(command({ email: 1 }))).toMatch(/email must be string/);
    // With others in it, it isn't theirs yet.
    stub.add("dev.fromanager-user.delete_user", { type: "object" });
    await later.refresh();
    await later.refresh();
    expect(later.command(command({ email: 1 }))).toMatch(/email must be string/);
    const { store: last } = open(stub, { file });
    await last.refresh();
    expect(last.command(command({ email: 1 }))).toMatch(/email must be string/);
    // They come back one by one: each stays until it does, and for a process that starts in between too.
    stub.add("dev.fromanager-user.create_user", { type: "object" });
    await later.refresh();
    expect(later.command(command({ email: 1 }))).toBeUndefined();
    expect(later.reply("user", "create_user", { email: 1 })).toMatch(/email must be string/);
    const why = expect.stringMatching(/emptied.*1 of its schemas.*dev\.tomanager-user\.create_user/);
    expect(later.status()).toMatchObject({ reachable: false, error: why });
    await later.close();
    const { store: between } = open(stub, { file });
    await between.refresh();
    expect(between.command(command({ email: 1 }))).toBeUndefined();
    expect(between.reply("user", "create_user", { email: 1 })).toMatch(/email must be string/);
    stub.add("dev.tomanager-user.create_user", { type: "object" });
    await between.refresh();
    expect(between.reply("user", "create_user", { email: 1 })).toBeUndefined();
    expect(between.status()).toEqual({ url: stub.url, reachable: true, known: true });
    // From then on one that is gone was deleted.
    stub.remove("dev.tomanager-user.create_user");
    await between.refresh();
    expect([...between.all().keys()].sort()).toEqual([
      "dev.fromanager-user.create_user",
      "dev.fromanager-user.delete_user",
    ]);
  });

  it("stays though another one came back while nobody looked", async () => {
    const subjects = ["dev.fromanager-user.create_user", "dev.tomanager-user.create_user"];
    const stub = await openStub();
    for (const subject of subjects) stub.add(subject, EMAIL);
    const file = join(folder(), "schemas.json");
    const { store } = open(stub, { file });
    await store.known;
    for (const subject of subjects) stub.remove(subject);
    await store.refresh();
    await store.close();
    stub.add("dev.fromanager-user.create_user", EMAIL);
    const { store: later } = open(stub, { file });
    await later.refresh();
    expect(later.reply("user", "create_user", { email: 1 })).toMatch(/email must be string/);
  });

  it("stays when the registry is emptied again before all are back", async () => {
    const names = ["create_user", "delete_user", "rename_user"];
    const stub = await openStub();
    const file = join(folder(), "schemas.json");
    for (const name of names) stub.add(`dev.tomanager-user.${name}`, EMAIL);
    const { store } = open(stub, { file });
    await store.known;
    const empty = async () => {
      for (const name of names) stub.remove(`dev.tomanager-user.${name}`);
      await store.refresh();
    };
    const checked = (it = store) => names.filter((name) => it.reply("user", name, { email: 1 }) !== undefined);
    await empty();
    stub.add("dev.tomanager-user.create_user", EMAIL);
    await store.refresh();
    await empty();
    expect(checked()).toEqual(names);
    await store.close();
    // What had come back in between is noted as lost again.
    stub.add("dev.tomanager-user.delete_user", EMAIL);
    const { store: later } = open(stub, { file });
    await later.refresh();
    expect(checked(later)).toEqual(names);
  });

  it("is waited for no more where the profile has other topics now", async () => {
    const subjects = ["dev.fromanager-user.create_user", "dev.tomanager-user.create_user"];
    const stub = await openStub();
    const file = join(folder(), "schemas.json");
    for (const subject of subjects) stub.add(subject, EMAIL);
    const { store } = open(stub, { file });
    await store.known;
    for (const subject of subjects) stub.remove(subject);
    await store.refresh();
    await store.close();
    const { store: others } = open(stub, { file, topics: { fromManager: "x.fromanager", toManager: "x.tomanager" } });
    await others.refresh();
    expect(others.status()).toEqual({ url: stub.url, reachable: true, known: true });
  });

  it("stays when the registry comes back empty, which is told beside its absence", async () => {
    const subjects = ["dev.fromanager-user.create_user", "dev.tomanager-user.create_user"];
    const stub = await openStub();
    for (const subject of subjects) stub.add(subject, EMAIL);
    const { store, warnings } = open(stub);
    await store.known;
    await stub.goAway();
    await store.refresh();
    for (const subject of subjects) stub.remove(subject);
    await stub.comeBack();
    await store.refresh();
    expect(warnings).toHaveLength(2);
    expect(store.command(command({ email: 1 }))).toMatch(/email must be string/);
  });

  it("goes with all others where nothing is checked, or other topics are", async () => {
    const subjects = ["dev.fromanager-user.create_user", "dev.tomanager-user.create_user"];
    const stub = await openStub();
    for (const subject of subjects) stub.add(subject, EMAIL);
    const [file, copy] = [join(folder(), "schemas.json"), join(folder(), "schemas.json")];
    const { store } = open(stub, { file });
    await store.known;
    copyFileSync(file, copy);
    for (const subject of subjects) stub.remove(subject);
    const { store: others } = open(stub, { file, topics: { fromManager: "x.fromanager", toManager: "x.tomanager" } });
    await others.refresh();
    expect(others.status()).toMatchObject({ reachable: true });
    const registry = { url: stub.url, wireFormat: "json" as const, validate: false };
    const { store: unchecked } = open(stub, { file: copy, registry });
    await unchecked.refresh();
    expect(unchecked.status()).toMatchObject({ reachable: true });
    expect([...unchecked.all()]).toEqual([]);
  });

  it("stays too where the topics' own are made anew in what was emptied", async () => {
    const subjects = ["dev.fromanager-user.create_user", "dev.tomanager-user.create_user"];
    const stub = await openStub();
    for (const subject of subjects) stub.add(subject, EMAIL);
    const { store } = open(stub, { wireFormat: "confluent" });
    await store.known;
    for (const subject of [...subjects, "dev.fromanager-value", "dev.tomanager-value"]) stub.remove(subject);
    await store.refresh();
    await store.refresh();
    expect(stub.versions("dev.tomanager-value")).toHaveLength(1);
    expect(store.command(command({ email: 1 }))).toMatch(/email must be string/);
  });

  it("stays when a newer version can't be used, which is told", async () => {
    const stub = await openStub();
    stub.add("dev.fromanager-user.create_user", EMAIL);
    const { store, warnings } = open(stub);
    await store.known;
    stub.add("dev.fromanager-user.create_user", { $ref: "#/nowhere" });
    await store.refresh();
    expect(store.command(command({ email: 1 }))).toMatch(/version 1/);
    expect(store.all().get("dev.fromanager-user.create_user")?.error).toMatch(/nowhere/);
    expect(warnings).toHaveLength(1);
  });

  it("that can't be used, and has none before it, lets nothing through", async () => {
    const stub = await openStub();
    stub.add("dev.fromanager-user.create_user", "{}", { schemaType: "AVRO" });
    const { store } = open(stub);
    await store.known;
    expect(store.command(command({}))).toMatch(/AVRO; only JSON Schema is read/);
  });

  it("may refer to others", async () => {
    const stub = await openStub();
    stub.add("address", { type: "object", required: ["street"] });
    stub.add(
      "dev.fromanager-user.create_user",
      { properties: { home: { $ref: "address.json" } } },
      { references: [{ name: "address.json", subject: "address", version: 1 }] },
    );
    const { store } = open(stub);
    await store.known;
    expect(store.command(command({ home: {} }))).toMatch(/^data\/home must have required property 'street'/);
  });

  it("isn't asked where the profile says not to", async () => {
    const stub = await openStub();
    stub.add("dev.fromanager-user.create_user", false);
    const { store } = open(stub, { registry: { url: stub.url, wireFormat: "json", validate: false } });
    await store.refresh();
    expect(store.command(command({}))).toBeUndefined();
  });
});

describe("while the registry is away", () => {
  it("what was known stays in force, and it says so once", async () => {
    const stub = await openStub();
    stub.add("dev.fromanager-user.create_user", EMAIL);
    const { store, warnings } = open(stub);
    await store.known;
    await stub.goAway();
    for (let look = 0; look < 3; look++) await store.refresh();
    expect(store.command(command({ email: 1 }))).toMatch(/must be string/);
    expect(store.status()).toMatchObject({
      reachable: false,
      known: true,
      error: expect.stringMatching(/ECONNREFUSED/),
    });
    expect(warnings).toEqual([expect.stringMatching(/stays in force/)]);
    await stub.comeBack();
    await store.refresh();
    expect(store.status()).toEqual({ url: stub.url, reachable: true, known: true });
  });

  it("nothing is known at a first start", async () => {
    const stub = await openStub();
    await stub.goAway();
    const { store } = open(stub);
    await store.refresh();
    expect(() => store.assertKnown()).toThrow(expect.objectContaining({ code: "registry_unavailable" }));
    await stub.comeBack();
    await store.refresh();
    await store.known;
    expect(() => store.assertKnown()).not.toThrow();
  });

  it("what was kept on the disk is known at a later start", async () => {
    const stub = await openStub();
    stub.add("dev.fromanager-user.create_user", EMAIL);
    const file = join(folder(), "schemas.json");
    const before = open(stub, { file });
    await before.store.known;
    await before.store.close();
    await stub.goAway();
    const { store } = open(stub, { file });
    await store.known;
    expect(store.command(command({ email: 1 }))).toMatch(/must be string/);
  });

  it.each(["not JSON", '{"url":"http://elsewhere","schemas":[]}'])(
    "a copy that says %s counts for nothing",
    async (said) => {
      const stub = await openStub();
      await stub.goAway();
      const file = join(folder(), "schemas.json");
      writeFileSync(file, said);
      const { store } = open(stub, { file });
      await store.refresh();
      expect(store.status().known).toBe(false);
    },
  );

  it("one that wants another login counts as away, and says why", async () => {
    const stub = await openStub();
    stub.login = "ada:secret";
    const { store } = open(stub);
    await store.refresh();
    expect(() => store.assertKnown()).toThrow(expect.objectContaining({ code: "registry_denied" }));
    expect(store.status().error).not.toContain("secret");
  });
});

describe("the ids that records bear", () => {
  it("are those of the topics' schemas, which are registered where there are none", async () => {
    const stub = await openStub();
    const own = stub.add("dev.tomanager-value", { type: "object" });
    const { store } = open(stub, { wireFormat: "confluent" });
    await store.known;
    expect(store.idOf("dev.tomanager")).toBe(own.id);
    const [made] = stub.versions("dev.fromanager-value");
    expect(store.idOf("dev.fromanager")).toBe(made?.id);
    expect(JSON.parse(made?.schema ?? "")).toEqual(ENVELOPES.fromManager);
    expect(store.idOf("dev.antigraph.audit")).toBeUndefined();
    expect(store.command(command({ any: "thing" }))).toBeUndefined();
  });

  it("are not known before they have been asked for: nothing is written meanwhile", async () => {
    const stub = await openStub();
    await stub.goAway();
    const { store } = open(stub, { wireFormat: "confluent" });
    await store.refresh();
    expect(() => store.idOf("dev.tomanager")).toThrow(expect.objectContaining({ code: "bus_unavailable" }));
  });

  it("are looked for and not made by those who may not", async () => {
    const stub = await openStub();
    const { store } = open(stub, { wireFormat: "confluent", mayRegister: () => false });
    await store.refresh();
    expect(store.status().known).toBe(false);
    expect(stub.versions("dev.fromanager-value")).toEqual([]);
  });

  it("are all that a service asks for", async () => {
    const stub = await openStub();
    stub.add("dev.fromanager-user.create_user", false);
    const { store } = open(stub, { wireFormat: "confluent", onlyTopics: true });
    await store.known;
    expect([...store.all().keys()].sort()).toEqual(["dev.fromanager-value", "dev.tomanager-value"]);
    expect(stub.calls.some((call) => call.includes("create_user"))).toBe(false);
  });
});

describe("registering", () => {
  it("puts a version in force at once", async () => {
    const stub = await openStub();
    const { store } = open(stub);
    await store.known;
    const { newest } = await store.register("dev.fromanager-user.create_user", EMAIL);
    expect(newest).toMatchObject({ version: 1, schemaType: "JSON" });
    expect(store.command(command({ email: 1 }))).toMatch(/must be string/);
  });

  it("is refused for what can't be used, before the registry is asked", async () => {
    const stub = await openStub();
    const { store } = open(stub);
    const refused = store.register("dev.fromanager-user.create_user", { type: "nonsense" });
    await expect(refused).rejects.toMatchObject({ code: "schema_unusable" });
    expect(stub.versions("dev.fromanager-user.create_user")).toEqual([]);
  });

  it.each([
    ["schema_incompatible", EMAIL],
    ["schema_unusable", { title: "refuse me" }],
  ])("is refused with %s by the registry's word", async (code, schema) => {
    const stub = await openStub();
    stub.isStrict = true;
    stub.add("dev.fromanager-user.create_user", {});
    const { store } = open(stub);
    await expect(store.register("dev.fromanager-user.create_user", schema)).rejects.toMatchObject({ code });
  });
});
