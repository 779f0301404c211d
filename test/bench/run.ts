/**
 * `npm run bench [-- NAME [PART ...] ...]`: each benchmark prints its figures beside a raw limit of the same run. What
 * follows a name and is none itself chooses the parts of that benchmark.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const folder = import.meta.dirname;
const all = readdirSync(folder)
  .filter((file) => file.endsWith(".ts") && file !== "run.ts")
  .map((file) => file.slice(0, -3));
const chosen: { name: string; parts: string[] }[] = [];
for (const word of process.argv.slice(2)) {
  if (all.includes(word)) chosen.push({ name: word, parts: [] });
  else if (chosen.length > 0) chosen.at(-1)?.parts.push(word);
  else {
    console.error(`no benchmark ${word}; there are ${all.join(", ")}`);
    process.exit(2);
  }
}
if (chosen.length === 0) chosen.push(...["journeys-embedded", "bus-embedded"].map((name) => ({ name, parts: [] })));
let failed = false;
for (const { name, parts } of chosen) {
  console.log(`# ${name}`);
  // kafkajs asks for timers of negative length.
  const flags = ["--disable-warning=TimeoutNegativeWarning", "--expose-gc"];
  const { status } = spawnSync(process.execPath, [...flags, join(folder, `${name}.ts`), ...parts], {
    stdio: "inherit",
  });
  if (status !== 0) failed = true;
}
process.exit(failed ? 1 : 0);
