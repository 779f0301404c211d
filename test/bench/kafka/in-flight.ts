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
/** In short turns, for a shared machine is half as fast from one second to the next: both see the same machine. */
const ROUNDS = 60;
const ROUND_INPUTS = 1_000;
/** Before what is measured, beside the filling up, in inputs. */
const WARM_UP = 20_000;

const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);

/** A manager with so many journeys in flight, and the inputs that keep it so. */
class Conveyor {
  readonly options: { brokers: string[]; prefix: string; dataDir: string };
  readonly child: Child;
  readonly rates: Rate[] = [];
  private readonly topic: string;
  private readonly inputs: Iterator<Input>;

  private constructor(options: Conveyor["options"], child: Child, topic: string, inputs: Iterator<Input>) {
    this.options = options;
    this.child = child;
    this.topic = topic;
    this.inputs = inputs;
  }

  /** Fills it up. */
  static async start(brokers: string[], inFlight: number): Promise<Conveyor> {
    const load = await createLoad(brokers);
    const spacing = Math.ceil(inFlight / 3);
    // A third of the time one input a place, a third two, a third three.
    const filling = spacing * (1 + 2 + 3) + WARM_UP;
    const inputs = conveyor(Math.ceil((filling + ROUNDS * ROUND_INPUTS) / 4) + 4 * spacing, spacing);
    const topic = load.topics.toManager;
    const fed = await feed(brokers, topic, next(inputs, filling));
    const options = { brokers, prefix: load.prefix, dataDir: mkdtempSync(join(tmpdir(), "antigraph-bench-")) };
    const { child } = await Child.start<number>("manager-process.ts", options);
    await until(child, fed);
    return new Conveyor(options, child, topic, inputs);
  }

  async round(): Promise<void> {
    const first = { ...(await this.child.usage()), at: performance.now() };
    const fed = await feed(this.options.brokers, this.topic, next(this.inputs, ROUND_INPUTS));
    this.rates.push(rateBetween(first, await until(this.child, first.processed + fed)));
  }

  async say(): Promise<void> {
    const held = await this.child.ask<number>("inFlight");
    const rate: Rate = {
      inputsPerS: mean(this.rates.map(({ inputsPerS }) => inputsPerS)),
      cpuUs: mean(this.rates.map(({ cpuUs }) => cpuUs)),
      rssBytes: Math.max(...this.rates.map(({ rssBytes }) => rssBytes)),
    };
    const idle = await this.child.ask<Usage>("collect");
    const live = `heap ${mb(idle.heapBytes)} MB and ${mb(idle.externalBytes)} MB beside it after a garbage collection`;
    console.log(`  ${held} in flight: ${said(rate)}; RSS ${mb(rate.rssBytes)} MB at work; ${live}`);
  }
}

/** The next ones; the iterator goes on behind them another time. */
function* next(inputs: Iterator<Input>, count: number): Generator<Input> {
  for (let left = count; left > 0; left--) {
    const { value, done } = inputs.next();
    if (done) return;
    yield value;
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export async function benchInFlight(brokers: string[]): Promise<void> {
  console.log(`in flight: ${ROUNDS} rounds of ${ROUND_INPUTS} inputs with ${FEW} and ${MANY} journeys in flight`);
  const few = await Conveyor.start(brokers, FEW);
  const many = await Conveyor.start(brokers, MANY);
  for (let round = 0; round < ROUNDS; round++) for (const it of [few, many]) await it.round();
  for (const it of [few, many]) await it.say();
  const costs = (it: Conveyor) => it.rates.map(({ cpuUs }) => cpuUs);
  const ratio = (from: number, to: number) =>
    (mean(costs(many).slice(from, to)) / mean(costs(few).slice(from, to))).toFixed(2);
  const half = ROUNDS / 2;
  console.log(
    `  cost ratio: ${ratio(0, ROUNDS)} in CPU time (${ratio(0, half)} and ${ratio(half, ROUNDS)} by halves)`,
  );
  for (const { child } of [few, many]) await child.stop();
  await benchRestart(many.options);
  for (const { options } of [few, many]) rmSync(options.dataDir, { recursive: true });
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
