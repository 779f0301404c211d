/**
 * One seeded run: random flows and journeys through the real core and manager over a bus that crashes managers, moves
 * partitions and fires timers late, with services that answer late, twice, in any order or never, and an operator who
 * settles what is left. What must hold is checked after every commit and at the end (checks.ts).
 */
import { type ActionName, MANAGER, TOPICS } from "../../engine/core/protocol.ts";
import type { Health } from "../../engine/core/turn.ts";
import { createFlowRegistry } from "../../engine/manager/flows.ts";
import type { HealthRegistry } from "../../engine/manager/health.ts";
import { createManager } from "../../engine/manager/manager.ts";
import { flowFile } from "../support/journey-spec.ts";
import { Checks } from "./checks.ts";
import { randomFlow, type SimFlow } from "./flows.ts";
import { type Random, seeded } from "./random.ts";
import { SimServices } from "./services.ts";
import { SimBus } from "./sim-bus.ts";

const PARTITIONS = 3;
const START = Date.parse("2026-11-22T00:00:00.000Z");
/** After so many steps the world calms down, and everything must come to its end. */
const STORMY_STEPS = 400;
const MAXIMUM_STEPS = 20_000;

export interface SimResult {
  seed: number;
  journeys: number;
  events: number;
  statuses: Record<string, number>;
  crashes: number;
}

export async function simulate(seed: number): Promise<SimResult> {
  const random = seeded(seed);
  const topics = Object.values(TOPICS).map((name) => ({
    name,
    partitions: name === TOPICS.edits || name === TOPICS.services || name === TOPICS.deadLetter ? 1 : PARTITIONS,
  }));
  const bus = new SimBus(topics, TOPICS.toManager, START);
  const health = simHealth();
  const drawn = new Map<string, SimFlow>();
  const flows = await createFlowRegistry({ bus, topic: TOPICS.edits });
  for (let index = 0; index < 1 + random.below(3); index++) {
    const flow = randomFlow(random, `flow-${index}`);
    drawn.set(flow.name, flow);
    await bus.append([{ topic: TOPICS.edits, key: null, value: JSON.stringify(flowFile(flow)) }]);
  }
  for (let index = 0; index < 2; index++) {
    await createManager({
      bus,
      flows,
      health: health.registry,
      clock: () => bus.now,
      random: () => random.next(),
    }).start();
  }
  const services = new SimServices(bus, random);
  const checks = new Checks(bus, services, drawn);
  const uuids: string[] = [];
  let crashes = 0;
  for (let step = 0; ; step++) {
    if (step > MAXIMUM_STEPS) throw new Error(`seed ${seed}: no end in sight: ${checks.describe()}`);
    const stormy = step < STORMY_STEPS;
    services.calm = !stormy;
    if (!stormy) health.calm();
    if (stormy && uuids.length < 20 && random.chance(0.1)) uuids.push(await startOne(bus, random, [...drawn.keys()]));
    if (stormy && random.chance(0.02)) health.change(random);
    if (stormy && uuids.length > 0 && random.chance(0.04)) await act(bus, random, random.pick(uuids), checks);
    if (stormy && random.chance(0.05)) bus.move(random.below(PARTITIONS), random);
    const crash = stormy && random.chance(0.1);
    if (crash) crashes++;
    const partition = random.below(PARTITIONS);
    const worked = await bus.step(partition, random, crash);
    await services.run();
    checks.afterCommit();
    if (worked) continue;
    if (bus.partitions.some((owned, p) => owned.position < bus.log(TOPICS.toManager)[p]!.length)) continue;
    if (!advance(bus, services, random, crash)) {
      if (stormy) continue;
      if (!(await settleByHand(bus, checks))) break;
    }
  }
  checks.atTheEnd();
  return {
    seed,
    journeys: uuids.length,
    events: bus.records(TOPICS.audit).length,
    statuses: checks.statuses(),
    crashes,
  };
}

async function startOne(bus: SimBus, random: Random, names: string[]): Promise<string> {
  const hex = (n: number): string => Array.from({ length: n }, () => random.below(16).toString(16)).join("");
  const uuid = `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  const value = {
    uuid,
    name: random.pick(names),
    service: MANAGER,
    function: "start",
    status: "success",
    data: { n: random.below(100) },
  };
  const record = { topic: TOPICS.toManager, key: uuid, value: JSON.stringify(value) };
  await bus.append(
    random.chance(0.1)
      ? [record, record]
      : [{ ...record, partition: random.chance(0.1) ? random.below(PARTITIONS) : undefined }],
  );
  return uuid;
}

const STORMY_ACTIONS: ActionName[] = [
  "rollback",
  "rollback",
  "cancel",
  "pause",
  "resume",
  "retry",
  "skip",
  "complete",
  "rerun",
];

async function act(bus: SimBus, random: Random, uuid: string, checks: Checks): Promise<void> {
  const step = random.pick(checks.stepsOf(uuid));
  const scope = random.pick(["journey", "path", "branch", "to", undefined]);
  await say(bus, uuid, random.pick(STORMY_ACTIONS), {
    id: `a${random.below(1_000_000)}`,
    step,
    scope,
    force: random.chance(0.3) || undefined,
    output: { by: "hand" },
  });
}

async function say(bus: SimBus, uuid: string, action: string, data: Record<string, unknown>): Promise<void> {
  const value = {
    uuid,
    service: MANAGER,
    function: action,
    status: "success",
    data: { actor: "olga", reason: "", ...data },
  };
  await bus.append([{ topic: TOPICS.toManager, key: uuid, value: JSON.stringify(value) }]);
}

/** Moves the clock to what comes next and fires it, late now and then. False when nothing is left to wait for. */
function advance(bus: SimBus, services: SimServices, random: Random, crash: boolean): boolean {
  const dues = [...bus.partitions.keys()].flatMap((partition) => {
    const due = bus.due(partition);
    return due === null ? [] : [{ partition, due }];
  });
  const answer = services.nextAt();
  const earliest = Math.min(...dues.map((d) => d.due), answer ?? Number.POSITIVE_INFINITY);
  if (earliest === Number.POSITIVE_INFINITY) return false;
  bus.now = Math.max(bus.now, earliest) + (random.chance(0.1) ? random.below(60_000) : 0);
  // What arrived until now is read before any timer fires.
  if (answer !== undefined && answer <= bus.now) return true;
  for (const { partition, due } of dues) if (due <= bus.now) bus.fire(partition, crash);
  return true;
}

/** The operator at the end of the storm: whatever waits for a person is settled. */
async function settleByHand(bus: SimBus, checks: Checks): Promise<boolean> {
  const open = checks.open();
  let number = 0;
  for (const { uuid, status, step, held } of open) {
    const id = `end-${bus.now}-${number++}`;
    if (status === "paused") await say(bus, uuid, "resume", { id });
    else if (status === "rollback_failed") await say(bus, uuid, "retry", { id, step });
    else if (held === "rolled_back_to" || held === "deadline") await say(bus, uuid, "resume", { id });
    else if (status === "held")
      await say(bus, uuid, number % 2 === 0 ? "complete" : "rollback", { id, step, output: 1, force: true });
    else throw new Error(`nothing will happen any more to ${checks.describe(uuid)}`);
  }
  bus.now += 1;
  return open.length > 0;
}

function simHealth(): { registry: HealthRegistry; change(random: Random): void; calm(): void } {
  let status: Health = "unknown";
  const listeners = new Set<(service: string) => void>();
  const set = (next: Health): void => {
    if (next === status) return;
    status = next;
    for (const listener of listeners) listener("svc");
  };
  return {
    registry: {
      services: () => [],
      of: () => status,
      heldMs: () => 0,
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      close: async () => {},
    },
    change: (random) => set(random.pick(["up", "up", "unknown", "down"])),
    calm: () => set("up"),
  };
}
