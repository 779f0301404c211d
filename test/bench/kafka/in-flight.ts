/**
 * What journeys in flight cost: memory and CPU an input with 1,000 and with 100,000 of them on the conveyor, and how long
 * a manager needs with 100,000 until it works on its partitions: restarted on its data folder, and as another one with
 * an empty folder.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child, type Usage, until } from "./child.ts";
import { conveyor, createLoad, feed, type Input } from "./load.ts";
import { type Rate, rateBetween, said } from "./throughput.ts";

const FEW = 1_000;
const MANY = 100_000;
const MEASURED_INPUTS = 40_000;
/** Before what is measured, beside the filling up, in inputs. */
const WARM_UP = 20_000;

/** As many inputs as fill the conveyor up, warm up, and are measured: then it stands still with all in flight. */
function* inputsFor(inFlight: number): Generator<Input> {
  const spacing = Math.ceil(inFlight / 3);
  let left = fillingOf(spacing) + WARM_UP + MEASURED_INPUTS;
  for (const input of conveyor(Math.ceil(left / 4) + 4 * spacing, spacing)) {
    if (left-- === 0) return;
    yield input;
  }
}

/** A third of the time one input a place, a third two, a third three. */
const fillingOf = (spacing: number): number => spacing * (1 + 2 + 3);

const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);

export async function benchInFlight(brokers: string[]): Promise<void> {
  console.log(`in flight: ${MEASURED_INPUTS} inputs with ${FEW} and ${MANY} journeys in flight`);
  const rates: Rate[] = [];
  for (const inFlight of [FEW, MANY]) {
    const load = await createLoad(brokers);
    const count = await feed(brokers, load.topics.toManager, inputsFor(inFlight));
    const dataDir = mkdtempSync(join(tmpdir(), "antigraph-bench-"));
    const options = { brokers, prefix: load.prefix, dataDir };
    const { child } = await Child.start<number>("manager-process.ts", options);
    const first = await until(child, count - MEASURED_INPUTS);
    const last = await until(child, count);
    const rate = rateBetween(first, last);
    rates.push(rate);
    const held = await child.ask<number>("inFlight");
    const idle = await child.ask<Usage>("collect");
    const live = `heap ${mb(idle.heapBytes)} MB and ${mb(idle.externalBytes)} MB beside it after a garbage collection`;
    const memory = `RSS ${mb(rate.rssBytes)} MB at work; ${live}`;
    console.log(`  ${held} in flight: ${said(rate)}; ${memory}`);
    await child.stop();
    if (inFlight === MANY) await benchRestart(options);
    rmSync(dataDir, { recursive: true });
  }
  const [few, many] = rates;
  if (few && many) console.log(`  cost ratio: ${(many.cpuUs / few.cpuUs).toFixed(2)} in CPU time`);
}

async function benchRestart(options: { brokers: string[]; prefix: string; dataDir: string }): Promise<void> {
  const restarted = await Child.start<number>("manager-process.ts", options);
  const { rssBytes } = await restarted.child.usage();
  console.log(`  restart on its data folder: ${(restarted.first / 1_000).toFixed(2)} s; RSS ${mb(rssBytes)} MB`);
  await restarted.child.stop();
  const dataDir = mkdtempSync(join(tmpdir(), "antigraph-bench-"));
  const other = await Child.start<number>("manager-process.ts", { ...options, dataDir });
  console.log(`  takeover by one with an empty folder: ${(other.first / 1_000).toFixed(2)} s`);
  await other.child.stop();
  rmSync(dataDir, { recursive: true });
}
