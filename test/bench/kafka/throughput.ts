/** Inputs per second: bare kafkajs with the manager's records, then the manager, each on a topic filled before. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child, type Usage, until } from "./child.ts";
import { conveyor, createLoad, feed, kafkaOf, PARTITIONS, start } from "./load.ts";
import type { RawOptions } from "./raw-process.ts";

const INPUTS = 120_000;
const IN_FLIGHT = 1_000;
/** What comes before warms up and isn't counted, in inputs. */
const WARM_UP = 20_000;

export interface Rate {
  inputsPerS: number;
  /** Of the process, microseconds an input. */
  cpuUs: number;
  rssBytes: number;
}

type Look = Usage & { at: number };

export const rateBetween = (first: Look, last: Look): Rate => ({
  inputsPerS: ((last.processed - first.processed) / (last.at - first.at)) * 1_000,
  cpuUs: ((last.cpuMs - first.cpuMs) * 1_000) / (last.processed - first.processed),
  rssBytes: last.rssBytes,
});

export const said = ({ inputsPerS, cpuUs }: Rate): string =>
  `${inputsPerS.toFixed(0)} inputs/s, ${cpuUs.toFixed(0)} µs CPU an input`;

export async function createRawTopics(brokers: string[]): Promise<Omit<RawOptions, "mode">> {
  const id = `raw-${crypto.randomUUID().slice(0, 8)}`;
  const names = { input: `${id}-in`, command: `${id}-command`, audit: `${id}-audit`, state: `${id}-state` };
  const admin = kafkaOf(brokers).admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: false,
    topics: Object.values(names).map((topic) => ({ topic, numPartitions: PARTITIONS })),
  });
  await admin.disconnect();
  return { brokers, group: id, ...names };
}

async function rawRate(brokers: string[]): Promise<Rate> {
  const names = await createRawTopics(brokers);
  const inputs = Array.from({ length: INPUTS }, () => start(crypto.randomUUID()));
  await feed(brokers, names.input, inputs);
  const { child } = await Child.start<null>("raw-process.ts", { ...names, mode: "throughput" } satisfies RawOptions);
  const first = await until(child, WARM_UP);
  const last = await until(child, INPUTS);
  await child.kill();
  return rateBetween(first, last);
}

async function managerRate(brokers: string[], failing: boolean): Promise<Rate> {
  const load = await createLoad(brokers);
  const kinds = failing ? 6 : 4;
  const inputs = conveyor(Math.ceil(INPUTS / kinds), Math.ceil(IN_FLIGHT / kinds), failing);
  const count = await feed(brokers, load.topics.toManager, inputs);
  const dataDir = mkdtempSync(join(tmpdir(), "antigraph-bench-"));
  const { child } = await Child.start<number>("manager-process.ts", { brokers, prefix: load.prefix, dataDir });
  const first = await until(child, WARM_UP);
  const last = await until(child, count);
  await child.stop();
  rmSync(dataDir, { recursive: true });
  return rateBetween(first, last);
}

export async function benchThroughput(brokers: string[]): Promise<void> {
  console.log(`throughput: ${INPUTS} inputs in ${PARTITIONS} partitions, the first ${WARM_UP} not counted`);
  const ceiling = await rawRate(brokers);
  console.log(`  raw kafkajs loop of the manager's shape: ${said(ceiling)}`);
  for (const failing of [false, true]) {
    const rate = await managerRate(brokers, failing);
    const ratio = (rate.inputsPerS / ceiling.inputsPerS).toFixed(2);
    console.log(`  manager, ${failing ? "third step failing" : "all succeeding"}: ${said(rate)}; ratio ${ratio}`);
  }
  console.log(`  the raw loop again: ${said(await rawRate(brokers))}`);
}
