/** `npm run simulate -- --seeds 10000 [--seed FIRST]`: prints the seed of the first run that breaks a promise. */
import { parseArgs } from "node:util";
import { simulate } from "./simulate.ts";

const { values } = parseArgs({ options: { seeds: { type: "string", default: "1000" }, seed: { type: "string" } } });
const first = values.seed === undefined ? Math.floor(Math.random() * 1_000_000_000) : Number(values.seed);
const count = Number(values.seeds);
const totals: Record<string, number> = { journeys: 0, events: 0, crashed: 0, fenced: 0 };
for (let seed = first; seed < first + count; seed++) {
  try {
    const { journeys, events, crashed, fenced, statuses } = await simulate(seed);
    for (const [name, n] of Object.entries({ journeys, events, crashed, fenced, ...statuses }))
      totals[name] = (totals[name] ?? 0) + n;
  } catch (error) {
    console.error(`seed ${seed} failed; run it alone with: npm run simulate -- --seeds 1 --seed ${seed}`);
    console.error((error as Error).stack);
    process.exit(1);
  }
}
console.log(`${count} seeds from ${first}: every promise held.`, totals);
