/**
 * Faults on a cluster of three brokers under load. `npm test` runs a short form; `npm run test:chaos` the long one
 * (CHAOS=full): longer outages, more journeys, and what test/kafka has in a smaller form. CHAOS_SEED repeats the random
 * choices of a run.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { type CliProcess, runCli } from "../integration/cli-process.ts";
import { seeded } from "../simulation/random.ts";
import { ConsoleProcess } from "../support/console-process.ts";
import { type KafkaCluster, startCluster } from "../support/kafka-cluster.ts";
import { folderWithProfile, PROFILE } from "../support/kafka-console.ts";
import { leaderOf, moveLeaders, onOneBroker, untilWritable } from "./partitions.ts";
import { type Figures, PARTITIONS, World } from "./world.ts";

const FULL = process.env.CHAOS === "full";
/** How long something is away. */
const OUTAGE_MS = FULL ? 60_000 : 12_000;
const PER_ROUND = FULL ? 4 : 2;
/** Journeys that end before the fault and after it. */
const CALM = FULL ? 300 : 40;
const SCENARIO_LIMIT_MS = FULL ? 600_000 : 180_000;
const SEED = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 1_000_000));

const random = seeded(SEED);
const figures: Figures[] = [];
let cluster: KafkaCluster;
let world: World;

beforeAll(async () => {
  cluster = await startCluster({
    brokers: 3,
    proxied: true,
    // Leaders follow the first replica within a second: that is how a scenario moves them.
    properties: ["leader.imbalance.check.interval.seconds=1", "leader.imbalance.per.broker.percentage=0"],
  });
}, 120_000);
afterAll(async () => {
  console.table(figures);
  console.log(`CHAOS_SEED=${SEED}`);
  await cluster?.stop();
});
afterEach(() => world.close(), 60_000);

const elapse = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function inTheLongForm(title: string, scenario: () => Promise<void>): void {
  if (FULL) it(title, scenario);
}

function makeWorld(): void {
  world = new World(cluster);
  onTestFailed(() => console.log(world.describe()));
}

async function underLoad({ managers = 2, provision }: Underway = {}): Promise<CliProcess[]> {
  makeWorld();
  await world.open(provision);
  await world.services();
  const running: CliProcess[] = [];
  for (let n = 0; n < managers; n++) running.push(await world.manager());
  world.load(PER_ROUND);
  await world.moves(CALM);
  return running;
}
interface Underway {
  managers?: number;
  provision?: (topics: World["topics"]) => Promise<void>;
}

const inOrder = (events: JourneyEvent[]): JourneyEvent[] =>
  events.sort((a, b) => (a.uuid < b.uuid ? -1 : a.uuid > b.uuid ? 1 : a.seq - b.seq));

async function everythingHolds(scenario: string, resumeSeconds?: number): Promise<void> {
  await world.moves(CALM);
  await world.endLoad();
  figures.push(world.figures(scenario, resumeSeconds));
  expect(world.violations()).toEqual([]);
}

describe(`on three brokers (seed ${SEED}) nothing is lost or doubled, and undone in order, when`, {
  timeout: SCENARIO_LIMIT_MS,
}, () => {
  inTheLongForm("a manager is killed", async () => {
    const [first] = await underLoad();
    const since = Date.now();
    first?.child.kill("SIGKILL");
    await everythingHolds("manager killed", await world.movesEverywhere(since));
  });

  inTheLongForm("a manager stands still, and wakes when others have its partitions", async () => {
    const [zombie] = await underLoad();
    const since = Date.now();
    zombie?.child.kill("SIGSTOP");
    const resumed = await world.movesEverywhere(since);
    await elapse(Math.max(0, OUTAGE_MS - (Date.now() - since)));
    zombie?.child.kill("SIGCONT");
    await everythingHolds("manager stopped, woke as a zombie", resumed);
  });

  inTheLongForm("managers join and leave", async () => {
    const managers = await underLoad();
    const since = Date.now();
    managers.shift()?.child.kill("SIGINT");
    const resumed = await world.movesEverywhere(since);
    for (let n = 0; n < (FULL ? 6 : 2); n++) {
      managers.push(await world.manager());
      await world.moves(PER_ROUND * 5);
      const [leaving] = managers.splice(random.below(managers.length - 1), 1);
      leaving?.child.kill("SIGINT");
      expect(await leaving?.exited).toMatchObject({ code: 0 });
    }
    await everythingHolds("managers join and leave", resumed);
  });

  it("the broker that leads is killed", async () => {
    await underLoad();
    const broker = cluster.brokers[(await leaderOf(cluster, world.topics.toManager, 0)) - 1];
    const since = Date.now();
    broker?.signal("SIGKILL");
    const resumed = await world.movesEverywhere(since);
    await broker?.restart();
    await everythingHolds("leader killed", resumed);
  });

  inTheLongForm("two of three brokers are killed and return", async () => {
    await underLoad();
    const [first, second] = cluster.brokers;
    first?.signal("SIGKILL");
    second?.signal("SIGKILL");
    await elapse(OUTAGE_MS);
    await Promise.all([first?.restart(), second?.restart()]);
    // Started brokers elect leaders and load what they coordinate before anybody can write.
    await untilWritable(cluster, world.topics.toManager);
    await everythingHolds("two brokers killed", await world.movesEverywhere(Date.now()));
  });

  it("connections are cut at random, and leaders move in mid-send", async () => {
    await underLoad();
    const end = Date.now() + OUTAGE_MS * (FULL ? 1 : 0.7);
    for (let round = 0; Date.now() < end; round++) {
      for (const { proxy } of cluster.brokers) proxy?.cut(() => random.chance(0.3));
      if (round % 4 === 0) await moveLeaders(cluster, Object.values(world.topics), random);
      await elapse(200 + random.below(800));
    }
    await everythingHolds("connections cut, leaders moved", await world.movesEverywhere(Date.now()));
  });

  inTheLongForm("the only broker of one partition is gone: the others go on meanwhile", async () => {
    const lonely = 2;
    await underLoad({
      provision: (topics) => onOneBroker(cluster, topics, PARTITIONS, { partition: lonely, broker: 3 }),
    });
    const broker = cluster.brokers[2];
    const since = Date.now();
    broker?.signal("SIGKILL");
    const resumed = await world.movesEverywhere(since, [lonely]);
    await broker?.restart();
    await world.movesEverywhere(Date.now());
    await everythingHolds("one partition away", resumed);
  });

  it("a manager dies together with the only broker of one partition: the others go on, a new manager too", async () => {
    const lonely = 4;
    const [first] = await underLoad({
      provision: (topics) => onOneBroker(cluster, topics, PARTITIONS, { partition: lonely, broker: 3 }),
    });
    const broker = cluster.brokers[2];
    const since = Date.now();
    broker?.signal("SIGKILL");
    first?.child.kill("SIGKILL");
    const resumed = await world.movesEverywhere(since, [lonely]);
    await world.manager();
    await world.movesEverywhere(Date.now(), [lonely]);
    await broker?.restart();
    await world.movesEverywhere(Date.now());
    await everythingHolds("manager killed with one partition's broker", resumed);
  });

  it("the audit cache's process is killed, again and again", async () => {
    await underLoad();
    const place = { brokers: cluster.addresses, prefix: world.prefix };
    const folder = await folderWithProfile(place, { runManager: false });
    let watching = await new ConsoleProcess(folder).opened();
    for (let n = 0; n < (FULL ? 10 : 3); n++) {
      await world.moves(PER_ROUND * 5);
      await watching.kill();
      watching = await new ConsoleProcess(folder).opened();
    }
    await everythingHolds("audit cache killed");
    const ended = world.accepted.length;
    await watching.until(async () => {
      const { body: counts } = await watching.api("GET", "/journeys/counts");
      return counts.completed + counts.rolled_back === ended;
    });
    watching.process.child.kill("SIGINT");
    await watching.process.exited;
    // Event for event what the topic has.
    const exported = await runCli(["audit", "export", "--profile", PROFILE, "--data", folder]);
    const lines = exported.out.trim().split("\n");
    expect(inOrder(lines.map((line) => JSON.parse(line)))).toEqual(inOrder(world.events.items.map((it) => it.event)));
  });

  inTheLongForm("services die in mid-step", async () => {
    makeWorld();
    await world.open();
    let services = await world.services();
    await world.manager();
    world.load(PER_ROUND);
    await world.moves(CALM);
    for (let n = 0; n < (FULL ? 10 : 3); n++) {
      services.child.kill("SIGKILL");
      await services.exited;
      services = await world.services();
      await world.moves(PER_ROUND * 5);
    }
    await everythingHolds("services killed");
  });
});
