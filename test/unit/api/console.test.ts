import { describe, expect, test } from "vitest";
import type { FunctionStats } from "../../../engine/audit/store.ts";
import { TOPICS } from "../../../engine/core/protocol.ts";
import { topicsBySetting } from "../../../engine/core/topic-names.ts";
import { openTestApi } from "../../support/api-host.ts";

const stats = (name: string, more: Partial<FunctionStats> = {}): FunctionStats => ({
  service: "user",
  function: name,
  undo: false,
  calls: 9,
  succeeded: 6,
  failed: 2,
  timed_out: 1,
  in_flight: 1,
  p50_ms: 5,
  p95_ms: 50,
  buckets: [{ at: "2026-11-22T09:59:00.000Z", calls: 9, failed: 3, p95_ms: 50 }],
  ...more,
});

describe("/info, /manager", () => {
  test("info tells product, profile and actor", async () => {
    const t = await openTestApi();
    expect((await t.api("GET", "/info")).body).toEqual({
      product: "antigraph",
      version: "0.0.0-test",
      profile: { name: "embedded", kind: "embedded", environment: "dev", read_only: false, run_manager: true },
      actor: "olga",
      samples: false,
      retention_days: 30,
      topics: topicsBySetting(TOPICS),
      connection: { state: "connected", since: "2026-11-22T10:00:00.000Z" },
      outbox: { waiting: 0 },
    });
  });

  test("the manager is seen, stopped and started", async () => {
    const t = await openTestApi();
    const { body } = await t.api("GET", "/manager");
    expect(body).toEqual({
      running: true,
      partitions: [0, 1, 2],
      partition_count: 12,
      managers: 1,
      in_flight: 3,
      processed: 40,
      dead_lettered: 5,
    });
    expect((await t.api("POST", "/manager", { running: false })).body).toMatchObject({ running: false, managers: 0 });
    expect((await t.api("POST", "/manager", { running: true })).body.running).toBe(true);
    expect((await t.api("POST", "/manager", { running: "yes" })).body.errors[0].path).toBe("running");
  });
});

describe("/services", () => {
  test("puts heartbeats and the audit's numbers together", async () => {
    const t = await openTestApi();
    const beat = {
      service: "user",
      instance: "i1",
      functions: ["create_user", "delete_user"],
      at: "2026-11-22T10:00:00.000Z",
    };
    await t.bus.append([{ topic: TOPICS.services, key: "user/i1", value: JSON.stringify(beat) }]);
    await new Promise<void>((resolve) => {
      if (t.host.health.of("user") === "up") resolve();
      else t.host.health.onChange(() => resolve());
    });
    t.audit.answers.functionStats = [stats("create_user"), stats("verify", { service: "mail", p95_ms: undefined })];
    const { body } = await t.api("GET", "/services");
    expect([body.from, body.to]).toEqual(["2026-11-22T09:45:00.000Z", "2026-11-22T10:00:00.000Z"]);
    const [mail, user] = body.services;
    expect(user).toMatchObject({
      service: "user",
      status: "up",
      calls: 9,
      rate_per_s: 0.01,
      error_rate: 3 / 9,
      in_flight: 1,
      p50_ms: 5,
      p95_ms: 50,
    });
    expect(user.instances).toEqual([
      { instance: "i1", at: beat.at, functions: ["create_user", "delete_user"], holding: false },
    ]);
    expect(user.functions.map((each: { function: string; calls: number }) => [each.function, each.calls])).toEqual([
      ["create_user", 9],
      ["delete_user", 0],
    ]);
    expect(mail).toMatchObject({ service: "mail", status: "unknown", instances: [] });
    expect(mail).not.toHaveProperty("p95_ms");
  });

  test("one service's numbers in a time asked for", async () => {
    const t = await openTestApi();
    t.audit.answers.functionStats = [stats("create_user")];
    const path = "/services/user/stats?from=2026-11-22T08:00:00Z&to=2026-11-22T09:00:00Z&function=create_user";
    const { status, body } = await t.api("GET", path);
    expect([status, body.functions.length]).toEqual([200, 1]);
    expect(t.audit.calls.functionStats).toEqual([
      {
        service: "user",
        function: "create_user",
        from: "2026-11-22T08:00:00.000Z",
        to: "2026-11-22T09:00:00.000Z",
      },
    ]);
  });

  test("an unknown service: 404; an empty time: 400", async () => {
    const t = await openTestApi();
    expect((await t.api("GET", "/services/nobody/stats")).body.code).toBe("service_not_found");
    const { status } = await t.api("GET", "/services?from=2026-11-22T10:00:00Z&to=2026-11-22T09:00:00Z");
    expect(status).toBe(400);
  });
});

describe("/failures and /activity", () => {
  test("answer what the audit has", async () => {
    const t = await openTestApi();
    t.audit.answers.activity = { activity: [], next: "more" };
    expect((await t.api("GET", "/failures")).body).toEqual({ failures: [] });
    const { next } = (await t.api("GET", "/activity?actor=olga&action=rollback&q=x&limit=5")).body;
    await t.api("GET", `/activity?actor=olga&action=rollback&q=x&limit=5&cursor=${next}`);
    const asked = { actor: "olga", action: "rollback", q: "x", limit: 5 };
    expect(t.audit.calls.activity).toEqual([asked, { ...asked, cursor: "more" }]);
    expect((await t.api("GET", "/activity?cursor=nonsense")).body.code).toBe("invalid_request");
  });
});

describe("/cluster, /topics, /groups", () => {
  test("tell of the embedded bus", async () => {
    const t = await openTestApi({ host: { storage: { path: "/data/bus.sqlite", sizeBytes: () => 4096 } } });
    await t.bus.append([{ topic: TOPICS.deadLetter, key: null, value: "x" }]);
    await t.bus.append([{ topic: TOPICS.audit, key: "k", value: "{}" }]);
    const { body } = await t.api("GET", "/cluster");
    expect(body).toMatchObject({
      kind: "embedded",
      reachable: true,
      audit_behind: 1,
      dead_letters: 1,
      storage: { path: "/data/bus.sqlite", size_bytes: 4096 },
    });
    const { topics } = (await t.api("GET", "/topics")).body;
    const manager = topics.find(({ name }: { name: string }) => name === TOPICS.toManager);
    expect(manager).toMatchObject({ partitions: 12, compacted: false, records: 0 });
    expect(manager.offsets).toHaveLength(12);
    expect((await t.api("GET", "/groups")).body).toEqual({ groups: [] });
  });

  test("groups have their lag", async () => {
    const t = await openTestApi();
    const received = Promise.withResolvers<void>();
    const subscription = await t.bus.consume({
      group: "service.user",
      topic: TOPICS.fromManager,
      fromBeginning: true,
      onRecords: () => received.resolve(),
    });
    await t.bus.append([{ topic: TOPICS.fromManager, key: "k", value: "1" }]);
    await received.promise;
    await subscription.close();
    await t.bus.append([{ topic: TOPICS.fromManager, key: "k", value: "2" }]);
    const [group] = (await t.api("GET", "/groups")).body.groups;
    expect(group).toMatchObject({ group: "service.user", lag: 1 });
  });
});

describe("/faults", () => {
  const fault = { service: "user", function: "create_user", rate: 0.5, delay_ms: 10 };

  test("are what was put, with a revision that grows", async () => {
    const t = await openTestApi();
    expect((await t.api("GET", "/faults")).body).toEqual({ revision: 1, faults: [] });
    const put = await t.api("PUT", "/faults", { faults: [fault] });
    expect(put.body).toEqual({ revision: 2, faults: [fault] });
    expect((await t.api("GET", "/faults")).body).toEqual(put.body);
  });

  test("a long poll answers at a change, or at once when it knows less", async () => {
    const t = await openTestApi();
    const answer = t.api("GET", "/faults?revision=1&wait=5000");
    await t.api("PUT", "/faults", { faults: [fault] });
    expect((await answer).body.revision).toBe(2);
    expect((await t.api("GET", "/faults?revision=1&wait=5000")).body.revision).toBe(2);
    expect((await t.api("GET", "/faults?revision=2&wait=1")).body.revision).toBe(2);
  });

  test("a rate above 1 is refused; production has no faults", async () => {
    const t = await openTestApi();
    const { body } = await t.api("PUT", "/faults", { faults: [{ ...fault, rate: 2 }] });
    expect(body.errors[0].path).toBe("faults.0.rate");
    const prod = await openTestApi({ profile: { environment: "prod" } });
    expect((await prod.api("PUT", "/faults", { faults: [] })).body.code).toBe("forbidden_profile");
    const kafka = await openTestApi({ profile: { kind: "kafka" } });
    expect((await kafka.api("GET", "/faults")).body.code).toBe("forbidden_profile");
  });
});

describe("/health, /ready, /metrics", () => {
  test("health answers, ready says why not", async () => {
    const t = await openTestApi();
    expect(await (await t.call("GET", "/health")).json()).toEqual({ status: "ok", version: "0.0.0-test" });
    expect(await (await t.call("GET", "/ready")).json()).toMatchObject({ ready: true });
    t.closing.abort();
    const closing = await t.call("GET", "/ready");
    expect(closing.status).toBe(503);
    expect(await closing.json()).toMatchObject({ ready: false, checks: { open: { ok: false, why: "closing" } } });
  });

  test("a bus that can't be read makes it not ready", async () => {
    const t = await openTestApi();
    t.host.bus.offsets = () => Promise.reject(new Error("gone"));
    expect((await t.call("GET", "/ready")).status).toBe(503);
  });

  test("metrics are there for Prometheus", async () => {
    const t = await openTestApi();
    await t.api("GET", "/journeys/6f1c2d0e-0000-4000-8000-00000000a921");
    const response = await t.call("GET", "/metrics");
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    const text = await response.text();
    for (const line of [
      'antigraph_journeys{status="running"} 0',
      "antigraph_manager_running 1",
      "antigraph_inputs_processed_total 40",
      "antigraph_dead_letters_total 5",
      "nodejs_eventloop_lag_seconds",
      'route="/api/v1/journeys/:uuid",status="404"',
    ]) {
      expect(text).toContain(line);
    }
  });
});
