/**
 * Every code of the catalogue is met, on the way that users meet it: through the API, at the opening of a console, or on
 * the command line. A code that is added is added here too.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, onTestFinished, test } from "vitest";
import { MAXIMUM_BODY_BYTES } from "../../../engine/api/app.ts";
import { type ConsoleOptions, openConsole } from "../../../engine/api/console.ts";
import { openOutbox } from "../../../engine/api/outbox.ts";
import { openEmbeddedBus } from "../../../engine/bus/embedded/bus.ts";
import { ERRORS, type ErrorCode } from "../../../engine/core/errors.ts";
import { TOPICS } from "../../../engine/core/protocol.ts";
import { silent } from "../../../engine/manager/logger.ts";
import { openTestApi, type TestApiOptions } from "../../support/api-host.ts";
import { type FlowSketch, flowFile, given, UUID } from "../../support/journey-spec.ts";
import type { RegistryStub } from "../../support/registry-stub.ts";
import { temporaryFolder } from "../../support/running-console.ts";
import { preparedStore } from "../../support/schema-store.ts";
import { cli } from "../cli/cli.ts";

type Raise = () => Promise<unknown>;

const flow: FlowSketch = { name: "pair", edges: { p: [], b: ["p"] }, steps: { p: { pivot: true } } };
const cyclic = flowFile({ edges: { a: ["b"], b: ["a"] } });
const KAFKA = { brokers: ["127.0.0.1:1"], prefix: "" };
const sasl = (password: string) => ({
  kafka: { ...KAFKA, sasl: { mechanism: "plain", username: "u", password } },
});

/** One call of the API, told its code. */
const answer =
  (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
    options: TestApiOptions = {},
  ): Raise =>
  async () => {
    const t = await openTestApi(options);
    return (await (await t.call(method, path, body, headers)).json()).code;
  };
const v1 = (method: string, path: string, body?: unknown, options?: TestApiOptions): Raise =>
  answer(method, `/api/v1${path}`, body, undefined, options);

/** An action on a journey that is held past its pivot, looked at by a dry run. */
const dryRun =
  (action: string, fields: Record<string, unknown> = {}): Raise =>
  async () => {
    const t = await openTestApi();
    await t.publish(flowFile(flow));
    await t.publish(flowFile({ name: "pair", edges: { x: [] }, version: "2" }));
    const spec = given(flow);
    spec.success("p");
    spec.failure("b");
    t.audit.ingest(spec.events);
    const request = { action, reason: "a look", dry_run: true, ...fields };
    return (await t.api("POST", `/journeys/${UUID}/actions`, request)).body.code;
  };

/** A schema given to a registry that was prepared. */
const registered =
  (schema: unknown, prepare?: (stub: RegistryStub) => unknown): Raise =>
  async () => {
    const { store } = await preparedStore(prepare);
    const t = await openTestApi({ host: { schemas: store } });
    return (await t.api("PUT", "/schemas/fromanager-value", { schema })).body.code;
  };

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : error);

/** The opening of a console on a folder that was prepared. */
const opening =
  (prepare: (dataDir: string) => Promise<Partial<ConsoleOptions>> | Partial<ConsoleOptions> | undefined): Raise =>
  async () => {
    const dataDir = temporaryFolder();
    const options = await prepare(dataDir);
    return openConsole({ dataDir, ...options }).then((host) => host.close(), codeOf);
  };

/** A command line, told its code. Whenever it looks at the clock a minute has gone by. */
const command =
  (args: string[], answers?: Parameters<typeof cli>[1]): Raise =>
  async () => {
    let now = Date.parse("2026-11-22T10:00:00Z");
    const { err } = await cli([...args, "--json"], answers, undefined, () => (now += 60_000));
    return JSON.parse(err.trim().split("\n").at(-1) ?? "{}").error?.code;
  };

const RAISE: Record<ErrorCode, Raise> = {
  invalid_request: v1("POST", "/journeys", {}),
  unauthorized: answer("GET", "/api/v1/info", undefined, { authorization: "Bearer nobody" }),
  invalid_session_code: v1("POST", "/session", { code: "guessed" }),
  forbidden_host: answer("GET", "/api/v1/info", undefined, { host: "evil.example:4600" }),
  forbidden_origin: answer("GET", "/api/v1/info", undefined, { origin: "https://evil.example" }),
  forbidden_profile: v1("POST", "/journeys", { name: "pair" }, { profile: { read_only: true } }),
  forbidden_topic: v1("POST", `/topics/${TOPICS.audit}/records`, { key: null, value: {} }),
  not_found: v1("GET", "/nothing-here"),
  journey_not_found: v1("GET", `/journeys/${UUID}`),
  flow_not_found: v1("POST", "/journeys", { name: "nobody-knows" }),
  topic_not_found: v1("GET", "/topics/nobody-knows/records"),
  service_not_found: v1("GET", "/services/nobody-knows/stats"),
  profile_not_found: v1("POST", "/profiles/choose", { name: "nobody" }),
  profile_in_use: v1("DELETE", "/profiles/embedded"),
  no_key_store: v1("PUT", "/profiles/shop", sasl("in clear")),
  async secret_missing() {
    const t = await openTestApi({ profiles: { environment: {} } });
    await t.api("PUT", "/profiles/shop", sasl(`\${NOWHERE_SET}`));
    return t.host.profiles.connection("shop").catch(codeOf);
  },
  payload_too_large: v1("POST", "/journeys", `"${"x".repeat(MAXIMUM_BODY_BYTES)}"`),
  unsupported_media_type: answer("POST", "/api/v1/journeys", "<x/>", { "content-type": "text/xml" }),
  flow_invalid: v1("POST", "/flows", cyclic),
  async flow_version_exists() {
    const t = await openTestApi();
    await t.publish(flowFile(flow));
    return (await t.api("POST", "/flows", { ...cyclic, ...flowFile({ ...flow, edges: { other: [] }, steps: {} }) }))
      .body.code;
  },
  async uuid_in_use() {
    const t = await openTestApi();
    for (const name of ["pair", "other"]) await t.publish(flowFile({ ...flow, name }));
    t.audit.ingest(given(flow).events);
    return (await t.api("POST", "/journeys", { name: "other", uuid: UUID })).body.code;
  },
  offset_out_of_range: v1("GET", `/topics/${TOPICS.toManager}/records?partition=0&offset=99`),
  unknown_action: v1("POST", `/journeys/${UUID}/actions`, { action: "dance", reason: "r" }),
  action_not_allowed: dryRun("resume"),
  past_pivot: dryRun("rollback"),
  async stale_preview() {
    const spec = given(flow);
    spec.action("cancel", { plan: "of yesterday" });
    return spec.last().error?.code;
  },
  unknown_step: dryRun("retry", { step: "nope" }),
  unknown_version: dryRun("migrate", { version: "9" }),
  no_home_in_version: dryRun("migrate", { version: "2" }),
  async schema_invalid() {
    const { store } = await preparedStore((stub) => stub.add("fromanager-svc.b", false));
    const t = await openTestApi({ host: { schemas: store } });
    await t.publish(flowFile(flow));
    const spec = given(flow);
    spec.success("p");
    spec.failure("b");
    t.audit.ingest(spec.events);
    const request = { action: "retry", reason: "a look", dry_run: true, step: "b", data: 1 };
    return (await t.api("POST", `/journeys/${UUID}/actions`, request)).body.code;
  },
  no_registry: v1("PUT", "/schemas/fromanager-value", { schema: true }),
  schema_unusable: registered({ type: "nonsense" }),
  schema_incompatible: registered({}, (stub) => {
    stub.isStrict = true;
    stub.add("fromanager-value", true);
  }),
  registry_denied: registered({}, (stub) => {
    stub.login = "somebody:else";
  }),
  registry_unavailable: registered({}, (stub) => stub.goAway()),
  async not_supported() {
    const t = await openTestApi();
    await t.api("PUT", "/profiles/shop", { kafka: KAFKA });
    return (await t.api("POST", "/profiles/choose", { name: "shop" })).body.code;
  },
  async bus_unavailable() {
    const t = await openTestApi();
    await t.publish(flowFile(flow));
    await t.bus.close();
    return (await t.api("POST", "/journeys", { name: "pair" })).body.code;
  },
  async outbox_full() {
    const outbox = openOutbox({
      file: join(temporaryFolder(), "outbox.sqlite"),
      bus: {
        append: async () => [],
        connection: () => ({ state: "disconnected", since: 0 }),
        onConnection: () => () => {},
      },
      logger: silent,
      maximumRecords: 0,
    });
    onTestFinished(() => outbox.close());
    const t = await openTestApi({ host: { outgoing: outbox } });
    await t.publish(flowFile(flow));
    return (await t.api("POST", "/journeys", { name: "pair" })).body.code;
  },
  async too_many_streams() {
    const t = await openTestApi();
    const streams = await Promise.all(Array.from({ length: 64 }, () => t.call("GET", "/api/v1/stream")));
    const { body } = await t.api("GET", "/stream");
    await Promise.all(streams.map((stream) => stream.body?.cancel()));
    return body.code;
  },
  pages_not_built: answer("GET", "/", undefined, { accept: "text/html" }, { pagesDir: "/nonexistent/renderer" }),
  port_in_use: opening(async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
    onTestFinished(() => void server.close());
    return { listen: { port } };
  }),
  data_folder_locked: opening(async (dataDir) => {
    const holder = await openConsole({ dataDir });
    onTestFinished(() => holder.close());
    return {};
  }),
  data_folder_unwritable: opening((dataDir) => {
    writeFileSync(join(dataDir, "file"), "");
    return { dataDir: join(dataDir, "file", "below") };
  }),
  data_folder_corrupt: opening((dataDir) => {
    writeFileSync(join(dataDir, "profiles.json"), "{");
    return {};
  }),
  data_folder_newer: opening(async (dataDir) => {
    const file = join(dataDir, "bus.sqlite");
    await openEmbeddedBus({ file }).close();
    const database = new Database(file);
    database.pragma("user_version = 1000");
    database.close();
    return {};
  }),
  topics_differ: opening(async (dataDir) => {
    const topics = [{ name: TOPICS.toManager, partitions: 3 }];
    await openEmbeddedBus({ file: join(dataDir, "bus.sqlite"), topics }).close();
    return {};
  }),
  async data_folder_missing() {
    const empty = temporaryFolder();
    mkdirSync(join(empty, "folder"));
    return command(["audit", "rebuild", "--data", join(empty, "folder")])();
  },
  console_unreachable: command(["journeys", "list"]),
  file_unusable: command(["check", "/nonexistent/a.flow.json"]),
  wait_timeout: command(["start", "pair", "--wait", "--timeout", "30"], {
    "POST /journeys": { status: 202, body: { uuid: UUID, queued: false } },
    [`GET /journeys/${UUID}`]: { body: { uuid: UUID, status: "running" } },
  }),
  async internal() {
    const t = await openTestApi();
    t.host.audit.list = () => Promise.reject(new Error("something broke inside"));
    return (await t.api("GET", "/journeys")).body.code;
  },
};

describe("an error's code", () => {
  test.each(Object.keys(ERRORS) as ErrorCode[])("%s is met", async (code) => {
    expect(await RAISE[code]()).toBe(code);
  });
});
