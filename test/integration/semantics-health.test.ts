// Section 3, "Health", with heartbeats written as raw records. Seen from outside.
import { describe, expect, test } from "vitest";
import { ok, outsider, silence } from "../support/outsider.ts";

const { run, produce, api, until, pass } = outsider();

/** A heartbeat of an instance; `ago` in milliseconds. */
async function beat(service: string, fields: Record<string, unknown> = {}, ago = 0): Promise<void> {
  const at = new Date(Date.now() - ago).toISOString();
  const value = { service, instance: "i1", functions: ["a"], at, version: "1", ...fields };
  const { status, body } = await produce("antigraph.services", value, `${service}/${value.instance}`);
  if (status >= 300) throw new Error(JSON.stringify(body));
}
const statusOf = async (service: string): Promise<{ status: string; why: string } | undefined> =>
  (await api("GET", "/services")).body.services.find((one: { service: string }) => one.service === service);
const untilStatus = (service: string, status: string) =>
  until(
    () => `${service} isn't ${status}`,
    async () => ((await statusOf(service))?.status === status ? status : undefined),
  );

describe.concurrent("a service", () => {
  test("is up while heartbeats come, and the list says why", async () => {
    await beat("up1");
    await untilStatus("up1", "up");
    expect(await statusOf("up1")).toMatchObject({ status: "up", why: expect.stringMatching(/.+/) });
  });

  test("that was never seen is unknown, and is called", async () => {
    const j = await run({ graph: "a", types: { a: "never_seen.a" }, negations: {} });
    await j.until("completed");
    expect((await statusOf("never_seen"))?.status).toBe("unknown");
  });

  test("whose heartbeat record is deleted is not forgotten to be down: a redeployment fails nothing", async () => {
    await beat("leaver");
    await produce("antigraph.services", null, "leaver/i1");
    await pass(20);
    const j = await run({ graph: "a", types: { a: "leaver.a" }, negations: {} });
    await j.until("completed");
  });
});

describe.concurrent("holding", () => {
  test("stops the service's clocks; they go on when it is over", async () => {
    await beat("holder", { holding: true });
    const sketch = { graph: "a", types: { a: "holder.a" }, negations: {}, steps: { a: { timeout: "100ms" } } };
    await pass(20);
    const j = await run(sketch, { a: [silence] });
    await j.command("a");
    await pass(400);
    expect((await j.view()).status).toBe("running");
    await beat("holder", { holding: false });
    await j.reply("a", ok("its database is back"));
    expect((await j.until("completed")).output).toBe("its database is back");
  });

  test("is bounded by totalTimeout", async () => {
    await beat("holder2", { holding: true });
    await pass(20);
    const steps = { a: { timeout: "50ms", totalTimeout: "200ms" } };
    const j = await run({ graph: "a", types: { a: "holder2.a" }, negations: {}, steps }, { a: [silence] });
    const view = await j.until("rolled_back");
    expect(view.error?.code).toBe("timeout");
  });
});

test("a heartbeat that is no heartbeat harms nobody", async () => {
  for (const value of ["no JSON", "{}", "[]", JSON.stringify({ service: 1 })]) {
    await produce("antigraph.services", value, "bad/1");
  }
  await beat("good");
  await untilStatus("good", "up");
});

test("a service that was silent for 30 s is down: fail doesn't call it, wait waits until it is up, ignore calls it", async () => {
  await beat("mute");
  await untilStatus("mute", "up");
  const sketch = (onServiceDown?: string) => ({
    graph: "a>b",
    types: { b: "mute.b" },
    negations: { svc: { a: ["un_a"] } },
    ...(onServiceDown && { steps: { b: { onServiceDown } } }),
  });
  for (let twice = 0; twice < 2; twice++) await pass(16_000);
  expect((await statusOf("mute"))?.why).toMatch(/.+/);
  const [failing, waiting, ignoring] = await Promise.all([
    run(sketch()),
    run(sketch("wait")),
    run(sketch("ignore"), { b: [silence] }),
  ]);
  const view = await failing.until("rolled_back");
  expect([failing.sent(), view.error?.code, view.steps.b?.attempts]).toEqual([["a", "un_a"], "service_down", 0]);
  await ignoring.command("b");
  await waiting.event("step.succeeded", { step: "a" });
  expect((await waiting.view()).status).toBe("running");
  expect(waiting.sent()).toEqual(["a"]);
  await beat("mute");
  await waiting.until("completed");
  await ignoring.reply("b", ok(1));
  await ignoring.until("completed");
}, 60_000);
