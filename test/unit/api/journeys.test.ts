import { describe, expect, test } from "vitest";
import { TOPICS } from "../../../engine/core/protocol.ts";
import { openTestApi } from "../../support/api-host.ts";
import { flowFile, given, UUID } from "../../support/journey-spec.ts";

const twoSteps = { name: "onboarding", version: "1", edges: { a: [], b: ["a"] } };
const OTHER = "6f1c2d0e-0000-4000-8000-00000000a921";

async function openWithFlow() {
  const t = await openTestApi();
  await t.publish(flowFile(twoSteps));
  return t;
}

describe("POST /journeys", () => {
  test("puts one start on the bus at the journey's home and answers 202", async () => {
    const t = await openWithFlow();
    const { status, body } = await t.api("POST", "/journeys", { name: "onboarding", data: { plan: "free" } });
    expect([status, body.queued]).toEqual([202, false]);
    const records = await t.recordsOf(TOPICS.toManager);
    expect(records).toEqual([
      {
        key: body.uuid,
        headers: { actor: "olga" },
        value: {
          uuid: body.uuid,
          name: "onboarding",
          version: "",
          service: "manager",
          function: "start",
          status: "success",
          schema_version: "1",
          data: { plan: "free" },
        },
      },
    ]);
  });

  test("the actor is the host's, whatever the body says; a reason and a trace are passed on", async () => {
    const t = await openWithFlow();
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const body = { name: "onboarding", data: null, actor: "mallory", reason: "as agreed" };
    await t.api("POST", "/journeys", body, { traceparent });
    const [record] = await t.recordsOf(TOPICS.toManager);
    expect(record?.headers).toEqual({ actor: "olga", reason: "as agreed", traceparent });
  });

  test("a trace header that is none is left out", async () => {
    const t = await openWithFlow();
    await t.api("POST", "/journeys", { name: "onboarding" }, { traceparent: "nonsense" });
    expect((await t.recordsOf(TOPICS.toManager))[0]?.headers).toEqual({ actor: "olga" });
  });

  test("a given version is asked for", async () => {
    const t = await openWithFlow();
    await t.api("POST", "/journeys", { name: "onboarding", version: "1" });
    expect((await t.recordsOf(TOPICS.toManager))[0]?.value.version).toBe("1");
  });

  test("a flow or version that isn't there: 404 flow_not_found, and nothing is sent", async () => {
    const t = await openWithFlow();
    for (const body of [{ name: "nonsense" }, { name: "onboarding", version: "9" }]) {
      const answer = await t.api("POST", "/journeys", body);
      expect([answer.status, answer.body.code]).toEqual([404, "flow_not_found"]);
    }
    expect(await t.recordsOf(TOPICS.toManager)).toEqual([]);
  });

  test("a flow published by somebody else a moment ago is found", async () => {
    const t = await openTestApi();
    await t.bus.append([{ topic: TOPICS.edits, key: "x", value: JSON.stringify(flowFile(twoSteps)) }]);
    expect((await t.api("POST", "/journeys", { name: "onboarding" })).status).toBe(202);
  });

  test("a version that was published with errors: 422 with its findings", async () => {
    const t = await openTestApi();
    await t.publish({ name: "broken", version: "1", schema_version: "1", workflow: {} });
    const { status, body } = await t.api("POST", "/journeys", { name: "broken", version: "1" });
    expect([status, body.code]).toEqual([422, "flow_invalid"]);
    expect(body.findings.length).toBeGreaterThan(0);
  });

  test("the same uuid starts one journey, also when both calls come at once", async () => {
    const t = await openWithFlow();
    const start = () => t.api("POST", "/journeys", { name: "onboarding", uuid: UUID });
    const answers = await Promise.all([start(), start(), start()]);
    expect(answers.map(({ status, body }) => [status, body.uuid])).toEqual(Array(3).fill([202, UUID]));
    expect(await t.recordsOf(TOPICS.toManager)).toHaveLength(1);
  });

  test("a uuid that was started before: 200 with the journey, and nothing is sent", async () => {
    const t = await openWithFlow();
    t.audit.ingest(given(twoSteps).events);
    const { status, body } = await t.api("POST", "/journeys", { name: "onboarding", uuid: UUID.toUpperCase() });
    expect([status, body.uuid, body.status]).toEqual([200, UUID, "running"]);
    expect(await t.recordsOf(TOPICS.toManager)).toEqual([]);
  });

  test("a uuid of another flow's journey: 409 uuid_in_use", async () => {
    const t = await openWithFlow();
    await t.publish(flowFile({ ...twoSteps, name: "order" }));
    t.audit.ingest(given(twoSteps).events);
    const { status, body } = await t.api("POST", "/journeys", { name: "order", uuid: UUID });
    expect([status, body.code]).toEqual([409, "uuid_in_use"]);
  });

  test("with wait the answer is the journey, once it has ended", async () => {
    const t = await openWithFlow();
    const spec = given(twoSteps);
    const unsubscribe = t.audit.onChange((changes) => {
      if (changes[0]?.status !== "running") return;
      unsubscribe();
      spec.success("a", { n: 1 });
      t.audit.ingest(spec.success("b", { n: 2 }));
    });
    const answer = t.api("POST", "/journeys?wait=5000", { name: "onboarding", uuid: UUID });
    await t.bus.read({ topic: TOPICS.toManager, from: allFromStart(), limit: 1, waitMs: 2000 });
    const events = [...spec.events];
    t.audit.ingest(events);
    const { status, body } = await answer;
    expect([status, body.status, body.uuid]).toEqual([200, "completed", UUID]);
  });

  test("with wait and no end in time: 202", async () => {
    const t = await openWithFlow();
    const { status } = await t.api("POST", "/journeys?wait=5", { name: "onboarding", uuid: UUID });
    expect(status).toBe(202);
  });

  test.each([
    [{}, "name"],
    [{ name: "" }, "name"],
    [{ name: "onboarding", uuid: "nonsense" }, "uuid"],
    [{ name: "onboarding", version: 1 }, "version"],
  ])("a body like %j names the field at fault", async (request, path) => {
    const t = await openWithFlow();
    const { status, body } = await t.api("POST", "/journeys", request);
    expect([status, body.code, body.errors[0].path]).toEqual([400, "invalid_request", path]);
  });

  test("an input that no step could be sent is refused: 413", async () => {
    const t = await openWithFlow();
    const largest = "x".repeat(256 * 1024 - 2);
    const start = (data: string) => t.api("POST", "/journeys", { name: "onboarding", data });
    expect((await start(largest)).status).toBe(202);
    const { status, body } = await start(`${largest}x`);
    expect([status, body.code]).toEqual([413, "payload_too_large"]);
    expect(body.detail).toBe("data has 262145 bytes; 262144 are allowed.");
  });
});

describe("GET /journeys", () => {
  test("hands the filter on, statuses repeated or with commas", async () => {
    const t = await openTestApi();
    const query =
      "status=held,running&status=paused&name=n&version=2&service=s&error=e&q=free%20text&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z";
    const { status } = await t.api("GET", `/journeys?${query}&sort=-duration&cursor=c&limit=7`);
    expect(status).toBe(200);
    const filter = {
      status: ["held", "running", "paused"],
      name: "n",
      version: "2",
      service: "s",
      error: "e",
      q: "free text",
      from: "2026-01-01T00:00:00Z",
      to: "2026-02-01T00:00:00Z",
    };
    expect(t.audit.calls.list).toEqual([{ ...filter, sort: "-duration", cursor: "c", limit: 7 }]);
    await t.api("GET", `/journeys/counts?${query}`);
    expect(t.audit.calls.counts).toEqual([filter]);
    await t.api("GET", `/failures?${query}`);
    expect(t.audit.calls.failures).toEqual([filter]);
  });

  test("answers the page", async () => {
    const t = await openTestApi();
    t.audit.ingest(given(twoSteps).events);
    const { body } = await t.api("GET", "/journeys");
    expect(body.journeys.map(({ uuid }: { uuid: string }) => uuid)).toEqual([UUID]);
    expect(body.next).toBeNull();
  });

  test("counts every status", async () => {
    const t = await openTestApi();
    t.audit.ingest(given(twoSteps).events);
    const { body } = await t.api("GET", "/journeys/counts");
    expect(body).toEqual({
      running: 1,
      paused: 0,
      held: 0,
      rolling_back: 0,
      rollback_failed: 0,
      completed: 0,
      rolled_back: 0,
      terminated: 0,
    });
  });

  test.each(["status=nonsense", "limit=0", "limit=201", "limit=x", "from=yesterday", "sort=name"])(
    "?%s is refused and named",
    async (query) => {
      const t = await openTestApi();
      const { status, body } = await t.api("GET", `/journeys?${query}`);
      expect([status, body.code]).toEqual([400, "invalid_request"]);
      expect(body.errors[0].path).toMatch(new RegExp(`^${query.split("=")[0]}`));
    },
  );
});

describe("GET /journeys/{uuid}", () => {
  test("shows the journey with the steps it has not come to yet", async () => {
    const t = await openWithFlow();
    t.audit.ingest(given(twoSteps, { plan: "free" }).events);
    const { status, body } = await t.api("GET", `/journeys/${UUID}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ uuid: UUID, status: "running", input: { plan: "free" } });
    expect(body.steps.a.status).toBe("dispatched");
    expect(body.steps.b.status).toBe("waiting");
  });

  test("as it was at a seq or a time", async () => {
    const t = await openWithFlow();
    const spec = given(twoSteps);
    spec.now += 5000;
    spec.success("a");
    t.audit.ingest(spec.events);
    expect((await t.api("GET", `/journeys/${UUID}?at=1`)).body.seq).toBe(1);
    const before = new Date(spec.now - 1).toISOString();
    const then = await t.api("GET", `/journeys/${UUID}?at=${before}`);
    expect(then.body.steps.a.status).toBe("dispatched");
    const earlier = await t.api("GET", `/journeys/${UUID}?at=1999-01-01T00:00:00Z`);
    expect([earlier.status, earlier.body.code]).toEqual([404, "journey_not_found"]);
    expect((await t.api("GET", `/journeys/${UUID}?at=now`)).status).toBe(400);
  });

  test("the events after a seq: only what has been added since", async () => {
    const t = await openWithFlow();
    const spec = given(twoSteps);
    spec.success("a");
    t.audit.ingest(spec.events);
    const seqs = async (query: string) =>
      (await t.api("GET", `/journeys/${UUID}/events${query}`)).body.events.map(({ seq }: { seq: number }) => seq);
    const all = await seqs("");
    expect(await seqs("?after=2")).toEqual(all.slice(2));
    expect(await seqs(`?after=${all.length}`)).toEqual([]);
  });

  test("unknown: 404; not a uuid: 400", async () => {
    const t = await openTestApi();
    for (const path of [`/journeys/${OTHER}`, `/journeys/${OTHER}/events`]) {
      const { status, body } = await t.api("GET", path);
      expect([status, body.code]).toEqual([404, "journey_not_found"]);
    }
    expect((await t.api("GET", "/journeys/nonsense")).status).toBe(400);
  });

  test("a journey that was just started here is waited for", async () => {
    const t = await openWithFlow();
    await t.api("POST", "/journeys", { name: "onboarding", uuid: UUID });
    const answer = t.api("GET", `/journeys/${UUID}`);
    queueMicrotask(() => t.audit.ingest(given(twoSteps).events));
    expect((await answer).status).toBe(200);
  });

  test("its events, in order", async () => {
    const t = await openTestApi();
    const { events } = given(twoSteps);
    t.audit.ingest(events);
    const { body } = await t.api("GET", `/journeys/${UUID}/events`);
    expect(body.events.map(({ seq }: { seq: number }) => seq)).toEqual(events.map(({ seq }) => seq));
    expect(body.events[0].type).toBe("journey.started");
  });
});

function allFromStart(): Record<number, number> {
  return Object.fromEntries(Array.from({ length: 12 }, (_, partition) => [partition, 0]));
}
