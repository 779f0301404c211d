// One life of the kill test: `node bus-kill-life.ts FILE LIFE SEED`. Works and appends as fast as it can until somebody
// kills it, and reports what the bus has promised it, line by line and at once:
//
//   ready                     the file is open and the worker works
//   a ID PARTITION OFFSET     an append was acknowledged
//   c PARTITION OFFSET        a record was consumed (its position may be committed from then on)
import { writeSync } from "node:fs";
import { openEmbeddedBus } from "../../engine/bus/embedded/bus.ts";
import { KILL_TEST_NAMES, KILL_TEST_TOPICS, randomFrom } from "./bus-kill-plan.ts";
import { CountingWorker } from "./bus-worker.ts";

const APPENDERS = 8;
const KEYS = 40;

const [file = "", life = "", seed = ""] = process.argv.slice(2);
const random = randomFrom(Number(seed));
const say = (line: string) => writeSync(1, `${line}\n`);

const bus = openEmbeddedBus({ file, topics: KILL_TEST_TOPICS });
await bus.work(new CountingWorker(KILL_TEST_NAMES));
await bus.consume({
  group: "readers",
  topic: KILL_TEST_NAMES.out,
  fromBeginning: true,
  onRecords: (records) => {
    for (const { partition, offset } of records) say(`c ${partition} ${offset}`);
  },
});
say("ready");
await Promise.all(Array.from({ length: APPENDERS }, (_, appender) => appendForEver(appender)));

async function appendForEver(appender: number): Promise<void> {
  for (let n = 0; ; n++) {
    const size = 1 + Math.floor(random() * 4);
    const ids = Array.from({ length: size }, (_, i) => `${life}-${appender}-${n}/${i}/${size}`);
    const placements = await bus.append(
      ids.map((id) => ({
        topic: KILL_TEST_NAMES.topic,
        key: `key-${Math.floor(random() * KEYS)}`,
        value: `${command()} ${id}`,
      })),
    );
    for (const [i, { partition, offset }] of placements.entries()) say(`a ${ids[i]} ${partition} ${offset}`);
  }
}

/** What the worker is to do: mostly just count. */
function command(): string {
  const chance = random();
  if (chance < 0.01) return "poison 0";
  if (chance < 0.06) return "again 2";
  if (chance < 0.1) return `timer ${Math.floor(random() * 30)}`;
  if (chance < 0.2) return "close 0";
  return "count 0";
}
