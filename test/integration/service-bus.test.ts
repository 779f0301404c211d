import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Bus } from "../../engine/bus/bus.ts";
import { openEmbeddedBus } from "../../engine/bus/embedded/bus.ts";
import { TOPICS, type ToManager } from "../../engine/core/protocol.ts";
import { createBusTransport } from "../../engine/service/bus-transport.ts";
import { defineService, type Handler } from "../../engine/service/define.ts";
import { type RunOptions, runService } from "../../engine/service/run.ts";

function openBus() {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-service-"));
  const bus = openEmbeddedBus({ file: join(folder, "bus.sqlite") });
  onTestFinished(async () => {
    await bus.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return bus;
}

function run(bus: Bus, handler: Handler, options: RunOptions = {}) {
  const service = defineService({ name: "user", functions: { create_user: handler } });
  return runService(service, createBusTransport(bus), options);
}

function command(n: number) {
  const uuid = `6b1f0c3e-2a57-4b0e-9d7c-${String(n).padStart(12, "0")}`;
  const value = { uuid, service: "user", function: "create_user", step: "s", attempt: 1, data: n };
  return { topic: TOPICS.fromManager, key: uuid, value: JSON.stringify(value), headers: { id: `${uuid}/s/1` } };
}

/** All replies, once there are so many. */
async function replies(bus: Bus, count: number): Promise<ToManager[]> {
  const found: ToManager[] = [];
  const enough = Promise.withResolvers<void>();
  const subscription = await bus.subscribe(TOPICS.toManager, (records) => {
    found.push(...records.map(({ value }) => JSON.parse(value ?? "null")));
    if (found.length >= count) enough.resolve();
  });
  await enough.promise;
  await subscription.close();
  return found;
}

const lag = async (bus: Bus) =>
  (await bus.groups())
    .find(({ group }) => group === "service.user")
    ?.topics.reduce((sum, { lag: behind }) => sum + behind, 0);

test("over a bus in the same process a service is a consumer group and goes on where it was", async () => {
  const bus = openBus();
  await bus.append(Array.from({ length: 50 }, (_, n) => command(n)));
  const seen: unknown[] = [];
  const handler: Handler = ({ data }) => void seen.push(data);
  const first = await run(bus, handler);
  await replies(bus, 50);
  await first.stop();
  expect(await lag(bus)).toBe(0);

  await bus.append([command(50), command(51)]);
  expect(await lag(bus)).toBe(2);
  const second = await run(bus, handler);
  expect((await replies(bus, 52)).map(({ status }) => status)).toEqual(Array.from({ length: 52 }, () => "success"));
  await second.stop();
  expect(seen).toHaveLength(52);
  expect(new Set(seen).size).toBe(52);
});

test("two instances share the work of their group", async () => {
  const bus = openBus();
  const seen: [string, unknown][] = [];
  const instances = await Promise.all(
    ["a", "b"].map((instance) => run(bus, ({ data }) => void seen.push([instance, data]), { instance })),
  );
  await bus.append(Array.from({ length: 100 }, (_, n) => command(n)));
  await replies(bus, 100);
  await Promise.all(instances.map((instance) => instance.stop()));
  expect(new Set(seen.map(([, data]) => data)).size).toBe(100);
  expect(new Set(seen.map(([instance]) => instance))).toEqual(new Set(["a", "b"]));
});

test("a command that was not finished when its service stopped is done by the next one", async () => {
  const bus = openBus();
  await bus.append([command(1)]);
  const begun = Promise.withResolvers<void>();
  const stuck = await run(
    bus,
    () => {
      begun.resolve();
      return new Promise(() => {});
    },
    { stopGraceMs: 10 },
  );
  await begun.promise;
  await stuck.stop();
  const next = await run(bus, ({ data }) => ({ done: data }));
  expect((await replies(bus, 1)).map(({ data }) => data)).toEqual([{ done: 1 }]);
  await next.stop();
});
