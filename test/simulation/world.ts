/**
 * The world of one run: bus, health and managers. Whatever is done to it goes through `perform`, which keeps the list of
 * what was done: the same list done to another world is the same run again (restart-always.ts).
 */
import { TOPICS } from "../../engine/core/protocol.ts";
import { createFlowRegistry } from "../../engine/manager/flows.ts";
import { createManager, type Manager } from "../../engine/manager/manager.ts";
import { noise } from "./random.ts";
import { SimBus } from "./sim-bus.ts";
import { SimHealth } from "./sim-health.ts";

export const PARTITIONS = 3;
const START = Date.parse("2026-11-22T00:00:00.000Z");

export interface WorldOptions {
  seed: number;
  services: readonly string[];
  managers: number;
  /** After a partition was taken over nothing is given up on for so long. Milliseconds. */
  takeoverMs: number;
}

export interface World {
  bus: SimBus;
  health: SimHealth;
  managers: Manager[];
}

/** Something done to a world from outside. */
type Deed = (world: World) => unknown;

export async function createWorld(options: WorldOptions): Promise<World> {
  const topics = Object.values(TOPICS).map((name) => ({
    name,
    partitions: name === TOPICS.edits || name === TOPICS.services || name === TOPICS.deadLetter ? 1 : PARTITIONS,
  }));
  const bus = new SimBus(topics, TOPICS.toManager, START);
  const health = new SimHealth(options.services);
  const managers: Manager[] = [];
  for (let index = 0; index < options.managers; index++) {
    // Each reads the flows by itself, and may know of a new one later than another.
    const flows = await createFlowRegistry({ bus, topic: TOPICS.edits });
    const manager = createManager({
      bus,
      flows,
      health: health.registry,
      clock: () => bus.now,
      random: () => noise(options.seed, bus.now),
      takeoverMs: options.takeoverMs,
    });
    await manager.start();
    managers.push(manager);
  }
  return { bus, health, managers };
}

/** What was done to a world, and when. */
export class Recording {
  private readonly deeds: { at: number; deed: Deed }[] = [];
  readonly world: World;
  readonly options: WorldOptions;

  private constructor(world: World, options: WorldOptions) {
    this.world = world;
    this.options = options;
  }

  static async begin(options: WorldOptions): Promise<Recording> {
    return new Recording(await createWorld(options), options);
  }

  perform<T>(deed: (world: World) => T): T {
    this.deeds.push({ at: this.world.bus.now, deed });
    return deed(this.world);
  }

  /** Does all of it once more, to another world. */
  async repeat(world: World): Promise<void> {
    for (const { at, deed } of this.deeds) {
      world.bus.now = at;
      await deed(world);
    }
  }
}
