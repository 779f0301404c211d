/**
 * `npm run simulate -- [--seeds 1000] [--seed FIRST] [--restart-always] [--workers N] [--all]`: runs seeds in as many
 * processes as there are cores, shows how far they are, and prints the seed and the history of the first run that breaks a
 * promise, or with `--all` of every one. Exit code 1 then.
 */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type SimResult, simulate } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    seed: { type: "string" },
    workers: { type: "string" },
    "restart-always": { type: "boolean", default: false },
    all: { type: "boolean", default: false },
    /** Of a worker: it runs one seed in so many. */
    every: { type: "string" },
  },
});
const first = values.seed === undefined ? Math.floor(Math.random() * 1_000_000_000) : Number(values.seed);
const count = Number(values.seeds);
const restartAlways = values["restart-always"];
const PROGRESS_EVERY_MS = 5_000;
/** Below that a process of its own takes longer to begin than to run. */
const SEEDS_PER_WORKER = 20;

type Said = { result: SimResult } | { seed: number; error: string };

if (values.every !== undefined) await work(Number(values.every));
else await lead(Number(values.workers ?? Math.min(availableParallelism(), Math.ceil(count / SEEDS_PER_WORKER))));

/** Runs every n-th seed and says what came of each. */
async function work(every: number): Promise<void> {
  for (let seed = first; seed < first + count; seed += every) {
    const said: Said = await simulate(seed, { restartAlways }).then(
      (result) => ({ result }),
      (error: Error) => ({ seed, error: error.message }),
    );
    process.send?.(said);
  }
  process.disconnect?.();
}

async function lead(workers: number): Promise<void> {
  const startedAt = Date.now();
  const totals: Record<string, number> = { journeys: 0, events: 0, crashed: 0, fenced: 0 };
  let done = 0;
  let failed = 0;
  const hear = (said: Said): void => {
    if ("error" in said) {
      const again = `npm run simulate -- --seeds 1 --seed ${said.seed}${restartAlways ? " --restart-always" : ""}`;
      console.error(`seed ${said.seed} failed; run it alone with: ${again}\n${said.error}`);
      if (!values.all) process.exit(1);
      failed++;
      done++;
      return;
    }
    const { seed: _seed, statuses, ...numbers } = said.result;
    for (const [name, number] of Object.entries({ ...numbers, ...statuses }))
      totals[name] = (totals[name] ?? 0) + number;
    done++;
  };
  const rate = (): string => `${(done / ((Date.now() - startedAt) / 1_000)).toFixed(1)} seeds/s`;
  const progress = setInterval(() => console.log(`${done} of ${count} seeds, ${rate()}`), PROGRESS_EVERY_MS);
  await Promise.all(Array.from({ length: workers }, (_, index) => worker(first + index, workers, hear)));
  clearInterval(progress);
  const outcome = failed === 0 ? "every promise held" : `${failed} broke a promise`;
  console.log(`${count} seeds from ${first}: ${outcome} (${rate()}).`, totals);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** A process for every n-th seed from here on. Resolves when it has ended well. */
function worker(from: number, every: number, hear: (said: Said) => void): Promise<void> {
  const options = ["--seed", String(from), "--seeds", String(count - (from - first)), "--every", String(every)];
  const child = fork(fileURLToPath(import.meta.url), restartAlways ? [...options, "--restart-always"] : options);
  process.once("exit", () => child.kill());
  child.on("message", hear);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
  });
}
