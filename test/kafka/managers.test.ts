import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { type CliProcess, dataFolder, spawnCli } from "../integration/cli-process.ts";
import { KafkaLoad, PARTITIONS } from "../support/kafka-load.ts";

const brokers = inject("kafkaBrokers");
/** From the death of a manager to the next event in its partitions: session 8 s, and the claims. */
const TAKEOVER_LIMIT_MS = 20_000;
const HANDOVER_LIMIT_MS = 5_000;
/** Events that come later than this after a manager's end are its successor's. */
const SETTLED_MS = 1_500;

let load: KafkaLoad;
beforeEach(async () => {
  load = new KafkaLoad(brokers);
  await load.open();
});
afterEach(() => load.close());

function spawnManager(): CliProcess {
  const args = ["manager", "--brokers", brokers.join(","), "--prefix", load.prefix, "--data", dataFolder()];
  return spawnCli([...args, "--verbose"]);
}

async function twoManagers(): Promise<[CliProcess, CliProcess]> {
  const first = spawnManager();
  await first.printed(/works on/);
  const second = spawnManager();
  await second.printed(/works on/);
  return [first, second];
}

/** Starts journeys evenly until told to stop; resolves when they are accepted. */
function keepStarting(perRound: number): () => Promise<void> {
  let going = true;
  const done = (async () => {
    while (going) {
      await load.start(perRound);
      // The next round when this one is under way.
      await load.inputs.until((inputs) => inputs.length >= load.uuids.length);
    }
  })();
  return () => {
    going = false;
    return done;
  };
}

/** The longest time without an event that a partition had after `since`; infinite until all have had events again. */
function silenceMs(since: number): number {
  const last = new Map<number, number>();
  let longest = 0;
  for (const { partition, at } of load.events.items) {
    const before = Math.max(since, last.get(partition) ?? since);
    if (at > since) longest = Math.max(longest, at - before);
    last.set(partition, at);
  }
  const alive = [...last.values()].filter((at) => at > since + SETTLED_MS);
  return alive.length < PARTITIONS ? Number.POSITIVE_INFINITY : longest;
}

const movedEverywhere = (since: number) => load.events.until(() => silenceMs(since) !== Number.POSITIVE_INFINITY);

describe("managers that share the partitions", () => {
  it("lose and double nothing when one is killed in mid-work, and the other takes over", async () => {
    const [first, second] = await twoManagers();
    const stop = keepStarting(10);
    await load.ended(60);
    const killedAt = Date.now();
    first.child.kill("SIGKILL");
    await second.printed(new RegExp(`It has ${PARTITIONS} partitions now`));
    await movedEverywhere(killedAt);
    const takeoverMs = silenceMs(killedAt);
    await stop();
    await load.ended(load.uuids.length);
    console.log(`takeover after kill -9: ${takeoverMs} ms; ${load.uuids.length} journeys`);
    expect(load.violations()).toEqual([]);
    expect(takeoverMs).toBeLessThan(TAKEOVER_LIMIT_MS);
    second.child.kill("SIGINT");
    expect(await second.exited).toMatchObject({ code: 0 });
  });

  it("hand their partitions over at once when they are stopped", async () => {
    const [first] = await twoManagers();
    const stop = keepStarting(10);
    await load.ended(40);
    const askedAt = Date.now();
    first.child.kill("SIGINT");
    await movedEverywhere(askedAt);
    const handoverMs = silenceMs(askedAt);
    await stop();
    await load.ended(load.uuids.length);
    console.log(`handover after a clean stop: ${handoverMs} ms; ${load.uuids.length} journeys`);
    expect(load.violations()).toEqual([]);
    expect(handoverMs).toBeLessThan(HANDOVER_LIMIT_MS);
    expect(await first.exited).toMatchObject({ code: 0 });
  });

  it("change nothing any more when they wake up after others have taken over", async () => {
    const [zombie] = await twoManagers();
    const stop = keepStarting(10);
    await load.ended(40);
    const stoppedAt = Date.now();
    zombie.child.kill("SIGSTOP");
    await movedEverywhere(stoppedAt);
    zombie.child.kill("SIGCONT");
    await load.ended(load.uuids.length);
    await stop();
    await load.ended(load.uuids.length);
    expect(load.violations()).toEqual([]);
    // It is a member again, and works on with what it is given then.
    const uuids = await load.start(20);
    await load.ended(load.uuids.length);
    expect(load.violations()).toEqual([]);
    expect(uuids).toHaveLength(20);
    zombie.child.kill("SIGINT");
    await once(zombie.child, "close");
  });
});
