import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openConsole } from "../../engine/api/console.ts";
import type { AntigraphError } from "../../engine/core/errors.ts";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { type FromManager, TOPICS } from "../../engine/core/protocol.ts";
import type { JourneyView, Preview } from "../../engine/core/view.ts";
import { flowFile } from "../support/journey-spec.ts";
import { type clientOf, openTestConsole, temporaryFolder } from "../support/running-console.ts";

const sketch = { name: "pair", version: "1", edges: { a: [], b: ["a"] } };

describe("a console with its sample services", () => {
  test("on the first start has flows, services and journeys, one of which has undone itself", async () => {
    const { host, api, untilStatus } = await openTestConsole({ samples: true });
    await host.samplesReady;
    const { body: list } = await api("GET", "/flows");
    expect(list.flows.map(({ name }: { name: string }) => name)).toEqual(["new-hire", "onboarding", "order"]);
    const failing = await untilJourney(api, (row) => row.status === "rolled_back");
    const journey = await untilStatus(failing, "rolled_back");
    expect(Object.values(journey.steps).some(({ undo }) => undo !== undefined)).toBe(true);
    const { body } = await api("GET", "/services");
    const up = body.services.filter(({ status }: { status: string }) => status === "up");
    expect(up.map(({ service }: { service: string }) => service)).toEqual([
      "card",
      "license",
      "membership",
      "order",
      "ticket",
      "user",
    ]);
    expect((await api("GET", "/info")).body).toEqual({ ...host.info, samples: true });
  });

  test("runs a journey, and a rollback by hand sends exactly what its dry run listed", async () => {
    const { host, api, untilStatus } = await openTestConsole({ samples: true });
    await host.samplesReady;
    const started = await api("POST", "/journeys?wait=20000", { name: "onboarding", data: { name: "Alan" } });
    expect([started.status, started.body.status]).toEqual([200, "completed"]);
    const { uuid }: JourneyView = started.body;
    const request = { action: "rollback", reason: "wrong plan" };
    const dry = await api("POST", `/journeys/${uuid}/actions`, { ...request, dry_run: true });
    const plan: Preview = dry.body;
    const planned = plan.levels.map((level) => level.map((command) => command.function).sort());
    expect(planned).toEqual([["remove_membership"], ["log_removal", "remove_license"], ["delete_user"]]);

    const acted = await api("POST", `/journeys/${uuid}/actions`, { ...request, plan: plan.plan, seq: plan.seq });
    expect(acted.status).toBe(202);
    await untilStatus(uuid, "rolled_back");
    const { body } = await api("GET", `/journeys/${uuid}/events`);
    const sent = (body.events as JourneyEvent[]).filter(({ type }) => type === "undo.dispatched");
    expect(sent.map(({ step, service, function: name, data }) => ({ step, service, function: name, data }))).toEqual(
      plan.levels.flat(),
    );
    const caused = (body.events as JourneyEvent[]).find(({ type }) => type === "rollback.started");
    expect(caused).toMatchObject({ id: acted.body.id, actor: host.info.actor, reason: "wrong plan" });
    const { body: past } = await api("GET", `/journeys/${uuid}?at=${plan.seq}`);
    expect(past).toEqual(started.body);
    const { body: activity } = await api("GET", "/activity");
    expect(activity.activity[0]).toMatchObject({ uuid, action: "rollback", reason: "wrong plan", outcome: "done" });
  });

  test("a journey that fails is undone, by a fault asked for over the API", async () => {
    const { host, api, untilStatus } = await openTestConsole({ samples: true });
    await host.samplesReady;
    const fault = { service: "membership", function: "add_membership", rate: 1, message: "no seat left" };
    await api("PUT", "/faults", { faults: [fault] });
    // The services have it as soon as their long poll is answered; the first call may be a moment earlier.
    let journey: JourneyView;
    do {
      const { body } = await api("POST", "/journeys", { name: "onboarding", data: { name: "Mary" } });
      journey = await untilStatus(body.uuid, "completed", "rolled_back");
    } while (journey.status === "completed");
    expect(journey.error?.message ?? journey.steps.add_membership?.error?.message).toMatch(/no seat left/);
    expect(journey.steps.create_user?.undo?.delete_user?.status).toBe("succeeded");
    const { body: groups } = await api("GET", "/failures");
    expect(groups.failures.map((group: { service: string }) => group.service)).toContain("membership");
  });

  test("an action that doesn't fit is refused with a code, and that stands in the history", async () => {
    const { host, api } = await openTestConsole({ samples: true });
    await host.samplesReady;
    const { body } = await api("POST", "/journeys?wait=20000", { name: "onboarding", data: {} });
    const refused = await api("POST", `/journeys/${body.uuid}/actions`, { action: "cancel", reason: "late" });
    expect([refused.status, refused.body.code]).toEqual([409, "action_not_allowed"]);
    const { body: history } = await api("GET", `/journeys/${body.uuid}/events`);
    expect(history.events.at(-1)).toMatchObject({ type: "action.refused", reason: "late" });
    const stale = { action: "rollback", reason: "x", plan: "6f1c2d0e-0000-5000-8000-00000000a920", seq: 1 };
    const answer = await api("POST", `/journeys/${body.uuid}/actions`, stale);
    expect([answer.status, answer.body.code]).toEqual([409, "stale_preview"]);
  });

  test("in Electron no port serves the pages, and the services have one for calls", async () => {
    const dataDir = temporaryFolder();
    const host = await openConsole({ dataDir, samples: true, trusted: true });
    onTestFinished(() => host.close());
    await host.samplesReady;
    expect(host.url).toBeUndefined();
    expect((await host.app.fetch(new Request("antigraph-app://console/api/v1/info"))).status).toBe(200);
    const { url } = JSON.parse(readFileSync(join(dataDir, "lock"), "utf8"));
    expect((await fetch(`${url}/api/v1/info`)).status).toBe(401);
    expect((await fetch(`${url}/`)).status).toBe(404);
  });
});

describe("a service written against the records alone", () => {
  test("reads commands, answers them, and the journey ends", async () => {
    const { api, untilStatus } = await openTestConsole();
    await api("POST", "/flows", flowFile(sketch));
    const started = await api("POST", "/journeys", { name: "pair", data: { n: 1 } });
    let offset = "start";
    const done: string[] = [];
    while (done.length < 2) {
      const path = `/topics/${TOPICS.fromManager}/records?offset=${offset}&wait=10000`;
      const { body } = await api("GET", path);
      offset = body.next;
      for (const { value, headers } of body.records) {
        const { uuid, name, version, service, function: called, schema_version }: FromManager = JSON.parse(value);
        expect(headers.id).toMatch(new RegExp(`^${uuid}/`));
        done.push(called);
        const reply = { uuid, name, version, service, function: called, schema_version, status: "success", data: {} };
        await api("POST", `/topics/${TOPICS.toManager}/records`, { key: uuid, value: reply });
      }
    }
    expect(done).toEqual(["a", "b"]);
    expect((await untilStatus(started.body.uuid, "completed")).status).toBe("completed");
  });

  test("malformed records go to the dead letters and block nothing", async () => {
    const { api, untilStatus } = await openTestConsole();
    await api("POST", "/flows", flowFile({ name: "none", edges: { a: [] } }));
    await api("POST", `/topics/${TOPICS.toManager}/records`, { records: [{ value: "nonsense {" }, { value: {} }] });
    const { body } = await api("GET", `/topics/${TOPICS.deadLetter}/records?wait=10000`);
    expect(body.records[0].headers.reason).toBe("malformed");
    const started = await api("POST", "/journeys", { name: "none" });
    expect((await untilStatus(started.body.uuid, "running")).seq).toBeGreaterThan(0);
  });
});

describe("the console on its data folder", () => {
  test("goes on where it was after a restart, with the same token", async () => {
    const { dataDir, host, api, untilStatus } = await openTestConsole();
    await api("POST", "/flows", flowFile(sketch));
    const { body } = await api("POST", "/journeys", { name: "pair", data: 1 });
    const before = await untilStatus(body.uuid, "running");
    await host.close();
    const again = await openTestConsole({ dataDir });
    expect(again.host.token).toBe(host.token);
    expect((await again.untilStatus(body.uuid, "running")).steps).toEqual(before.steps);
    const repeated = await again.api("POST", "/journeys", { name: "pair", uuid: body.uuid });
    expect(repeated.status).toBe(200);
  });

  test("keeps the token for the owner's eyes, also where the file was open to others", async () => {
    const dataDir = temporaryFolder();
    writeFileSync(join(dataDir, "token"), "kept-token\n", { mode: 0o644 });
    const { host } = await openTestConsole({ dataDir });
    expect(host.token).toBe("kept-token");
    expect(statSync(join(dataDir, "token")).mode & 0o777).toBe(0o600);
    const fresh = await openTestConsole();
    expect(statSync(join(fresh.dataDir, "token")).mode & 0o777).toBe(0o600);
    expect(fresh.host.token.length).toBeGreaterThanOrEqual(40);
  });

  test("belongs to one console at a time; the second one is told who has it", async () => {
    const { dataDir, host } = await openTestConsole();
    const error = await failureOf(() => openConsole({ dataDir }));
    expect(error.code).toBe("data_folder_locked");
    expect(error.message).toContain(String(process.pid));
    expect(error.message).toContain(host.url);
    expect((await fetch(`${host.url}/health`)).status).toBe(200);
  });

  test("a folder that can't be one, a damaged profile list, an unknown profile: clear errors", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    expect((await failureOf(() => openConsole({ dataDir: join(folder, "file") }))).code).toBe(
      "data_folder_unwritable",
    );
    expect((await failureOf(() => openConsole({ dataDir: join(folder, "file", "below") }))).code).toBe(
      "data_folder_unwritable",
    );
    const unknown = await failureOf(() => openConsole({ dataDir: join(folder, "a"), profile: "prod" }));
    expect([unknown.code, unknown.message]).toEqual(["profile_not_found", expect.stringContaining("embedded")]);
    mkdirSync(join(folder, "b"));
    writeFileSync(join(folder, "b", "profiles.json"), "{");
    expect((await failureOf(() => openConsole({ dataDir: join(folder, "b") }))).code).toBe("data_folder_corrupt");
    rmSync(join(folder, "b", "profiles.json"));
    await (await openConsole({ dataDir: join(folder, "b") })).close();
  });

  test("a taken port: a clear error, and the folder is free again", async () => {
    const dataDir = temporaryFolder();
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
    onTestFinished(() => void server.close());
    const error = await failureOf(() => openConsole({ dataDir, listen: { port } }));
    expect([error.code, error.message]).toEqual(["port_in_use", expect.stringContaining(String(port))]);
    await openTestConsole({ dataDir });
  });

  test("keeps the profile's negations", async () => {
    const { dataDir, host, api } = await openTestConsole();
    const negations = { user: { create_user: ["delete_user"] } };
    await api("PUT", "/negations", { negations });
    await host.close();
    const again = await openTestConsole({ dataDir });
    expect((await again.api("GET", "/negations")).body).toEqual({ negations });
  });

  test("without samples an empty folder stays empty", async () => {
    const { api } = await openTestConsole();
    expect((await api("GET", "/flows")).body).toEqual({ flows: [] });
    expect((await api("GET", "/journeys")).body).toEqual({ journeys: [], next: null });
  });

  test("closes with streams and long polls open, and twice", async () => {
    const { host, call } = await openTestConsole();
    const poll = call("GET", `/api/v1/topics/${TOPICS.fromManager}/records?offset=end&wait=60000`);
    // The stream's answer comes after the poll was taken.
    const stream = await call("GET", "/api/v1/stream");
    const reader = stream.body?.getReader();
    await reader?.read();
    await Promise.all([host.close(), host.close()]);
    while (!(await reader?.read())?.done);
    expect((await poll).status).toBe(200);
  });
});

describe("the manager's switch", () => {
  test("a stopped manager leaves starts on the bus, a started one takes them up", async () => {
    const { api, untilStatus } = await openTestConsole();
    await api("POST", "/flows", flowFile(sketch));
    expect((await api("POST", "/manager", { running: false })).body).toMatchObject({
      running: false,
      partitions: [],
    });
    const { body } = await api("POST", "/journeys", { name: "pair" });
    expect((await api("GET", "/journeys")).body.journeys).toEqual([]);
    const on = await api("POST", "/manager", { running: true });
    expect(on.body).toMatchObject({ running: true, managers: 1, partition_count: 12 });
    expect((await untilStatus(body.uuid, "running")).status).toBe("running");
  });
});

describe("the page's way in", () => {
  test("a code from the host becomes the token, once", async () => {
    const { host } = await openTestConsole();
    const exchange = async (code: string) =>
      fetch(`${host.url}/api/v1/session`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ code }),
      });
    const code = host.sessionCode();
    expect(await (await exchange(code)).json()).toEqual({ token: host.token });
    expect((await exchange(code)).status).toBe(401);
  });
});

async function failureOf(run: () => Promise<unknown>): Promise<AntigraphError> {
  try {
    await run();
  } catch (error) {
    return error as AntigraphError;
  }
  throw new Error("it should have failed");
}

/** The uuid of a journey whose row fits, as soon as there is one. */
async function untilJourney(
  api: ReturnType<typeof clientOf>["api"],
  fits: (row: { status: string }) => boolean,
): Promise<string> {
  while (true) {
    const { body } = await api("GET", "/journeys");
    const found = body.journeys.find(fits);
    if (found) return found.uuid;
    await api("GET", `/topics/${TOPICS.audit}/records?offset=end&wait=1000`);
  }
}
