import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { TopicCopy } from "../../engine/bus/kafka/topic-copy.ts";
import { openTestConsole } from "../support/running-console.ts";

const ONBOARDING = join(import.meta.dirname, "../../examples/flows/onboarding.flow.json");
/** Nobody listens there. */
const AWAY = { kind: "kafka", kafka: { brokers: ["127.0.0.1:1"] } };

describe("a console whose cluster is away", () => {
  test("opens behind the same address, on what is kept of it, and back; the samples run with the embedded profile", async () => {
    const t = await openTestConsole({ samples: true });
    await t.host.samplesReady;
    expect((await t.api("PUT", "/profiles/away", AWAY)).status).toBe(201);
    const away = await t.api("POST", "/profiles/choose", { name: "away", reason: "to see" });
    expect(away.body).toMatchObject({
      profile: { name: "away", kind: "kafka" },
      connection: { state: "disconnected", message: expect.stringContaining("127.0.0.1:1") },
      samples: false,
      outbox: { waiting: 0 },
    });
    expect((await t.api("GET", "/journeys")).body).toEqual({ journeys: [], next: null });
    expect((await t.api("GET", "/manager")).body).toMatchObject({ running: false, managers: 0 });
    expect((await t.api("GET", "/cluster")).body).toMatchObject({ reachable: false, brokers: [{ port: 1 }] });
    expect((await t.api("GET", "/groups")).body.code).toBe("bus_unavailable");
    expect((await t.api("POST", "/flows", JSON.parse(readFileSync(ONBOARDING, "utf8")))).body.code).toBe(
      "bus_unavailable",
    );
    const unknown = await t.api("POST", "/journeys", { name: "onboarding", data: {} });
    expect(unknown.body).toMatchObject({ code: "flow_not_found", detail: expect.stringContaining("known here") });

    const back = await t.api("POST", "/profiles/choose", { name: "embedded" });
    expect(back.body).toMatchObject({ connection: { state: "connected" }, samples: true });
    const ada = { name: "onboarding", data: { name: "Ada", plan: "team" } };
    expect((await t.api("POST", "/journeys?wait=30000", ada)).body).toMatchObject({ status: "completed" });
  });

  test("accepts starts of the flows it knows, and actions on them, and keeps both over a restart", async () => {
    const first = await openTestConsole();
    await first.api("PUT", "/profiles/away", AWAY);
    new TopicCopy(join(first.dataDir, "profiles/away/flows.jsonl")).add([
      {
        ...{ topic: "tomanageredits", partition: 0, offset: 0, timestamp: Date.now(), key: null, headers: {} },
        value: readFileSync(ONBOARDING, "utf8"),
      },
    ]);
    await first.api("POST", "/profiles/choose", { name: "away" });
    expect((await first.api("GET", "/flows")).body.flows).toMatchObject([{ name: "onboarding" }]);
    const started = await first.api("POST", "/journeys", { name: "onboarding", data: { name: "Ada" } });
    expect(started).toMatchObject({ status: 202, body: { queued: true } });
    const { uuid } = started.body;
    const again = { name: "onboarding", data: {}, uuid };
    expect((await first.api("POST", "/journeys", again)).body).toEqual({ uuid, queued: true });
    expect((await first.api("POST", "/journeys", { ...again, name: "order" })).body.code).toBe("uuid_in_use");
    const pause = await first.api("POST", `/journeys/${uuid}/actions`, { action: "pause", reason: "wait" });
    expect(pause).toMatchObject({ status: 202, body: { uuid, queued: true } });
    const many = { uuids: [uuid], action: "resume", reason: "go on" };
    const { outcomes } = (await first.api("POST", "/journeys/actions", many)).body;
    expect(outcomes).toMatchObject([{ uuid, outcome: "accepted", queued: true }]);
    const unseen = await first.api("GET", `/journeys/${uuid}`);
    expect(unseen.body).toMatchObject({ code: "journey_not_found", detail: expect.stringContaining("waits") });
    expect((await first.api("GET", "/info")).body.outbox).toEqual({ waiting: 3 });
    await first.host.close();

    const second = await openTestConsole({ dataDir: first.dataDir });
    expect((await second.api("GET", "/info")).body).toMatchObject({
      profile: { name: "away" },
      outbox: { waiting: 3 },
    });
    expect((await second.api("POST", "/journeys", again)).body).toEqual({ uuid, queued: true });
    expect((await second.api("GET", "/info")).body.outbox).toEqual({ waiting: 3 });
  });
});
