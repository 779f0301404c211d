/**
 * `npm run test:chaos [-- --seed N] [--only WORDS]`: the long form of the chaos suite. WORDS: of a scenario's title.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { seed: { type: "string" }, only: { type: "string" } } });
const vitest = join(import.meta.dirname, "../../node_modules/vitest/vitest.mjs");
const child = spawn(
  process.execPath,
  [vitest, "run", "--project", "chaos", ...(values.only === undefined ? [] : ["-t", values.only])],
  {
    stdio: "inherit",
    env: { ...process.env, CHAOS: "full", ...(values.seed === undefined ? {} : { CHAOS_SEED: values.seed }) },
  },
);
child.once("close", (code) => {
  process.exitCode = code ?? 1;
});
