/**
 * Restart after every single step gives the identical state: what was done to the world of a run is done to a second one,
 * whose managers forget everything after every commit and are restored. Every record they write must be the same.
 */
import { TOPICS } from "../../engine/core/protocol.ts";
import { Broken } from "./history.ts";
import type { SimBus } from "./sim-bus.ts";
import { createWorld, type Recording } from "./world.ts";

/** The topics whose contents are the outcome of a run. */
const OUTCOME = [TOPICS.audit, TOPICS.fromManager, TOPICS.toManager, TOPICS.deadLetter] as const;

export async function assertRestartsChangeNothing(recording: Recording): Promise<void> {
  const other = await createWorld(recording.options);
  other.bus.restartAlways = true;
  await recording.repeat(other);
  for (const topic of OUTCOME) compare(topic, recording.world.bus, other.bus);
}

function compare(topic: string, one: SimBus, other: SimBus): void {
  for (const [partition, log] of one.log(topic).entries()) {
    const again = other.log(topic)[partition]!;
    for (let offset = 0; offset < Math.max(log.length, again.length); offset++) {
      const [before, after] = [JSON.stringify(log[offset]), JSON.stringify(again[offset])];
      if (before === after) continue;
      const uuid = log[offset]?.key ?? again[offset]?.key ?? undefined;
      throw new Broken("restart", `${topic} ${partition}:${offset} differs:\n${before}\n${after}`, uuid);
    }
  }
}
