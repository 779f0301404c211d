import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import type { JourneyRow } from "../../engine/audit/store.ts";
import { createConsoleClient } from "../../engine/service/console-client.ts";
import { type Dump, dumpSamples } from "../../examples/services/dump.ts";
import { descendantsOf, stillRunning } from "../support/processes.ts";
import { dataFolder, startConsole } from "./cli-process.ts";

const JOURNEYS = 60;
const KILLS = 3;

test("a console killed while journeys run loses none and doubles no effect", { timeout: 120_000 }, async () => {
  const dataDir = dataFolder();
  const first = await startConsole(dataDir);
  const token = readFileSync(join(dataDir, "token"), "utf8").trim();
  const wanted = Array.from({ length: JOURNEYS }, (_, n) => ({
    uuid: randomUUID(),
    // Every third one fails at its last step and must undo itself.
    ...(n % 2 === 0
      ? { name: "onboarding", data: { name: `Person ${n}`, group: n % 3 === 0 ? "closed" : "open" } }
      : { name: "order", data: { amount: n % 3 === 0 ? 5_000 : 50 } }),
  }));

  let running = first;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const client = createConsoleClient({ url: running.url, token });
    // Asked for again after each kill: a start with a known uuid starts nothing new.
    const asking = wanted.map((body) => client.call("/journeys", { method: "POST", body }).catch(() => {}));
    await pause(200 + Math.random() * 800); // the moment of the kill is what this test is about
    const below = descendantsOf(running.pid);
    running.child.kill("SIGKILL");
    await running.exited;
    await Promise.all(asking);
    await expect.poll(() => stillRunning(below), { timeout: 8_000, interval: 50 }).toEqual([]);
    running = await startConsole(dataDir);
  }

  const client = createConsoleClient({ url: running.url, token });
  await Promise.all(wanted.map((body) => client.call("/journeys", { method: "POST", body })));
  const ids = new Set<string>(wanted.map(({ uuid }) => uuid));
  const ended = async () => {
    const { body } = await client.call("/journeys", { query: { limit: 200, status: "completed,rolled_back" } });
    return (body as { journeys: JourneyRow[] }).journeys.filter(({ uuid }) => ids.has(uuid));
  };
  await expect.poll(async () => (await ended()).length, { timeout: 60_000, interval: 100 }).toBe(JOURNEYS);
  const journeys = await ended();
  running.child.kill("SIGINT");
  expect((await running.exited).code).toBe(0);

  const dump = dumpSamples(dataDir);
  expect(doubled(dump)).toEqual([]);
  for (const { uuid, name, status } of journeys) {
    expect([uuid, ...standing(dump, uuid, name)]).toEqual([
      uuid,
      ...(status === "completed" ? WHOLE : NOTHING)[name]!,
    ]);
  }
});

/** Rows that a journey left: what a completed one must have, and one that was undone. */
const WHOLE: Record<string, number[]> = { onboarding: [1, 1, 1], order: [1, 1, 1] };
const NOTHING: Record<string, number[]> = { onboarding: [0, 0, 0], order: [0, 0, 0] };

function standing(dump: Dump, uuid: string, name: string): number[] {
  const count = (service: string, table: string, status?: string) =>
    dump[service]![table]!.filter((row) => row.journey === uuid && (!status || row.status === status)).length;
  if (name === "onboarding") {
    return [count("user", "users"), count("license", "licenses"), count("membership", "memberships")];
  }
  return [
    count("order", "orders", "approved"),
    count("ticket", "tickets", "open"),
    count("card", "authorizations", "held"),
  ];
}

/** Effects that took place more than once for one step and function. */
function doubled(dump: Dump): string[] {
  const seen = new Set<string>();
  return Object.values(dump).flatMap(({ effects = [] }) =>
    effects.flatMap((effect) => {
      const key = `${effect.journey} ${effect.step} ${effect.function}`;
      const isDouble = seen.has(key);
      seen.add(key);
      return isDouble ? [key] : [];
    }),
  );
}
