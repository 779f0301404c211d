// Section 5, "HTTP": codes, filters, moments, watching. Seen from outside.
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fail, ok, outsider, silence } from "../support/outsider.ts";

const { run, follow, publish, produce, api, call } = outsider();

describe.concurrent("POST /journeys", () => {
  test("202 with uuid and queued; 200 with the journey if it ended within the wait, or was started before", async () => {
    const { name } = await publish({ graph: "a" });
    const uuid = randomUUID();
    const j = follow(uuid, { a: [silence] });
    const first = await api("POST", "/journeys", { name, data: 1, uuid });
    expect([first.status, first.body]).toEqual([202, { uuid, queued: false }]);
    await j.command("a");
    const again = await api("POST", "/journeys", { name, data: 2, uuid });
    expect([again.status, again.body.uuid, again.body.input, again.body.status]).toEqual([200, uuid, 1, "running"]);
    const unfinished = await api("POST", "/journeys?wait=30", { name, data: 1, uuid: randomUUID() });
    expect(unfinished.status).toBe(202);
    const waited = randomUUID();
    follow(waited);
    const ended = await api("POST", "/journeys?wait=20000", { name, data: 3, uuid: waited });
    expect([ended.status, ended.body.status, ended.body.output]).toEqual([200, "completed", { by: "a" }]);
    await j.reply("a", ok(1));
  });

  test("refuses what can't be, naming the field and the way out", async () => {
    const { name } = await publish({ graph: "a" });
    const other = await publish({ graph: "a" });
    const uuid = randomUUID();
    follow(uuid);
    await api("POST", "/journeys?wait=20000", { name, data: 1, uuid });
    const answers = [
      await api("POST", "/journeys", { name: "no such flow", data: 1 }),
      await api("POST", "/journeys", { name, version: "99", data: 1 }),
      await api("POST", "/journeys", { data: 1 }),
      await api("POST", "/journeys", { name, uuid: "7", data: 1 }),
      await api("POST", "/journeys", { ...other, uuid, data: 1 }),
      await api("POST", "/journeys?wait=soon", { name, data: 1 }),
    ];
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
      [404, "flow_not_found"],
      [404, "flow_not_found"],
      [400, "invalid_request"],
      [400, "invalid_request"],
      [409, "uuid_in_use"],
      [400, "invalid_request"],
    ]);
    const words = ["no such flow", "99", "name", "uuid", uuid, "wait"];
    for (const [index, { body }] of answers.entries()) {
      expect(JSON.stringify([body.detail, body.errors])).toContain(words[index]);
      expect(body).toMatchObject({
        title: expect.any(String),
        status: answers[index]?.status,
        fix: expect.any(String),
      });
    }
    const raw = await call("POST", "/api/v1/journeys", undefined, { "content-type": "application/json" });
    expect([raw.status, raw.headers.get("content-type")]).toEqual([400, expect.stringContaining("problem+json")]);
  });
});

describe.concurrent("GET /journeys", () => {
  test("filters by status, name, version, service, error, text and time; counts say the same; the cursor goes on", async () => {
    const sketch = { graph: "a", types: { a: "filtered.a" }, negations: {} };
    const { name } = await publish({ ...sketch, name: `filter ${randomUUID()}` });
    const flow = { ...sketch, name };
    const before = new Date().toISOString();
    const good = [];
    for (let nth = 0; nth < 3; nth++) good.push(await run(flow));
    const bad = await run(flow, { a: [fail("out_of_stock")] });
    for (const j of good) await j.until("completed");
    await bad.until("rolled_back");
    const n = encodeURIComponent(name);
    const list = async (query: string): Promise<string[]> =>
      (await api("GET", `/journeys?name=${n}&${query}`)).body.journeys.map(({ uuid }: { uuid: string }) => uuid);
    expect((await list("")).sort()).toEqual([...good, bad].map(({ uuid }) => uuid).sort());
    expect(await list("status=rolled_back")).toEqual([bad.uuid]);
    expect(await list("status=running")).toEqual([]);
    expect(await list("version=2")).toEqual([]);
    expect(await list("service=filtered&status=rolled_back")).toEqual([bad.uuid]);
    expect(await list("service=other")).toEqual([]);
    expect(await list("error=out_of_stock")).toEqual([bad.uuid]);
    expect(await list(`q=${bad.uuid}`)).toEqual([bad.uuid]);
    expect(await list(`to=${before}`)).toEqual([]);
    expect(await list(`from=${before}`)).toHaveLength(4);
    const { body: counts } = await api("GET", `/journeys/counts?name=${n}`);
    expect(JSON.stringify(counts)).toMatch(/"completed":3/);
    expect(JSON.stringify(counts)).toMatch(/"rolled_back":1/);
    const seen: string[] = [];
    let next: string | null | undefined = "";
    while (next != null) {
      const page: { body: { journeys: { uuid: string }[]; next?: string | null } } = await api(
        "GET",
        `/journeys?name=${n}&limit=3${next ? `&cursor=${encodeURIComponent(next)}` : ""}`,
      );
      seen.push(...page.body.journeys.map(({ uuid }) => uuid));
      next = page.body.next;
    }
    expect(seen).toEqual(await list(""));
    const wrong = await api("GET", "/journeys?status=sleeping");
    expect([wrong.status, wrong.body.code]).toEqual([400, "invalid_request"]);
    expect((await api("GET", "/journeys?cursor=nonsense")).status).toBe(400);
  });

  test("one journey then and now, and its events, with causes", async () => {
    const j = await run({ graph: "a>b" });
    await j.until("completed");
    const { body } = await api("GET", `/journeys/${j.uuid}/events`);
    expect(body.events.map(({ type }: { type: string }) => type)).toEqual([
      "journey.started",
      "step.dispatched",
      "step.succeeded",
      "step.dispatched",
      "step.succeeded",
      "journey.completed",
    ]);
    for (const event of body.events) {
      expect(event).toMatchObject({
        uuid: j.uuid,
        name: expect.any(String),
        version: "1",
        at: expect.stringMatching(/Z$/),
      });
      expect(event.cause).toMatchObject({
        topic: "tomanager",
        partition: expect.any(Number),
        offset: expect.any(Number),
      });
    }
    expect((await j.view("?at=1")).status).toBe("running");
    expect((await j.view("?at=3")).steps.a).toMatchObject({ status: "succeeded", output: { by: "a" } });
    expect((await j.view("?at=3")).steps.b?.status).not.toBe("succeeded");
    for (const at of ["0", "99", "yesterday", "2001-01-01T00:00:00Z"]) {
      const { status, body: problem } = await api("GET", `/journeys/${j.uuid}?at=${at}`);
      expect([at, status >= 400 ? problem.code : "shown"]).toEqual([
        at,
        expect.stringMatching(/^(journey_not_found|invalid_request|shown)$/),
      ]);
    }
    expect((await api("GET", `/journeys/${randomUUID()}`)).body.code).toBe("journey_not_found");
    expect((await api("GET", `/journeys/${randomUUID()}/events`)).body.code).toBe("journey_not_found");
    expect((await api("GET", "/journeys/nonsense")).body.code).toBe("invalid_request");
  });
});

describe.concurrent("watching", () => {
  test("/health, /ready, /metrics, /openapi.json and /docs answer; nothing else without the token", async () => {
    expect((await call("GET", "/health", undefined, { authorization: "" })).status).toBe(200);
    expect((await call("GET", "/ready", undefined, { authorization: "" })).status).toBe(200);
    const metrics = await (await call("GET", "/metrics")).text();
    for (const name of [
      "antigraph_journeys{status=",
      "antigraph_inputs_processed_total",
      "antigraph_dead_letters_total",
    ])
      expect(metrics).toContain(name);
    const openapi = await (await call("GET", "/openapi.json")).json();
    expect(openapi.openapi).toMatch(/^3\.1/);
    const paths = Object.keys(openapi.paths);
    for (const path of [
      "/journeys",
      "/journeys/counts",
      "/journeys/{uuid}/actions",
      "/flows",
      "/topics/{topic}/records",
    ])
      expect(
        paths.some((known) => known.endsWith(path)),
        path,
      ).toBe(true);
    expect((await call("GET", "/docs")).headers.get("content-type")).toContain("html");
    for (const [method, path] of [
      ["GET", "/api/v1/journeys"],
      ["POST", "/api/v1/journeys"],
      ["GET", "/api/v1/nothing"],
      ["GET", "/metrics"],
    ] as const) {
      const answer = await call(method, path, undefined, { authorization: "Bearer wrong" });
      expect([path, answer.status, (await answer.json()).code]).toEqual([path, 401, "unauthorized"]);
    }
    expect((await api("GET", "/nothing")).body.code).toBe("not_found");
  });

  test("failures are grouped, actions are listed, services are counted", async () => {
    const sketch = { graph: "a", types: { a: "grouped.a" }, negations: {} };
    const flow = { ...sketch, name: (await publish({ ...sketch, name: `g ${randomUUID()}` })).name };
    for (let nth = 0; nth < 2; nth++) {
      const j = await run(flow, {
        a: [{ status: "failure", error: { code: "E42", message: `order ${nth} is broken` } }],
      });
      await j.until("rolled_back");
    }
    const held = await run({ graph: "x", types: { x: "manager.approve" } });
    await held.until("held");
    await held.act("terminate", { reason: `because ${held.uuid}` });
    await held.until("terminated");
    const { body } = await api("GET", "/failures");
    const group = body.failures.find((one: unknown) => JSON.stringify(one).includes("E42"));
    expect(group).toMatchObject({ count: 2 });
    expect(JSON.stringify((await api("GET", "/activity")).body)).toContain(`because ${held.uuid}`);
    const stats = await api("GET", "/services/grouped/stats?function=a");
    expect([stats.status, JSON.stringify(stats.body)]).toEqual([200, expect.stringMatching(/"failed":2|"errors":2/)]);
    expect((await api("GET", "/services/nobody/stats")).status).toBe(404);
  });

  test("topics, groups and the cluster can be looked at; managers' own topics can't be written", async () => {
    const { body } = await api("GET", "/topics");
    const names = body.topics.map(({ name }: { name: string }) => name);
    for (const name of ["tomanager", "fromanager", "tomanageredits", "antigraph.audit", "antigraph.deadletter"])
      expect(names).toContain(name);
    expect((await api("GET", "/cluster")).status).toBe(200);
    expect(JSON.stringify((await api("GET", "/groups")).body)).toContain("lag");
    for (const topic of ["antigraph.audit", "antigraph.journeys"])
      expect((await produce(topic, {}, "k")).body.code).toBe("forbidden_topic");
    expect((await produce("nowhere", {}, "k")).body.code).toBe("topic_not_found");
  });
});

test("a stopped manager leaves starts and replies lie; started again it takes them", async () => {
  const j = await run({ graph: "a>b" }, { a: [silence] });
  await j.command("a");
  expect((await api("POST", "/manager", { running: false })).body.running).toBe(false);
  await j.reply("a", ok(1));
  const { name } = await publish({ graph: "a" });
  const late = follow(randomUUID());
  expect((await api("POST", "/journeys", { name, uuid: late.uuid, data: 1 })).status).toBe(202);
  expect((await api("GET", "/manager")).body.running).toBe(false);
  expect(j.sent()).toEqual(["a"]);
  await api("POST", "/manager", { running: true });
  await j.until("completed");
  await late.until("completed");
});
