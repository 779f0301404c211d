/** Runs what must notice a breakage, and says whether it did. */
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Mutant } from "./mutant.ts";

/** A broken product may never come to its end, which is no proof: a busy machine looks the same. */
const LONGEST_RUN_MS = 300_000;
const LONGEST_OUTPUT_CHARS = 20_000;

export type Verdict =
  /** `by`: the test that failed, or what the simulator said. */
  | { outcome: "killed"; by: string }
  | { outcome: "survived" }
  /** Nothing was tested: the run itself went wrong, which proves nothing. */
  | { outcome: "unclear"; why: string };

const TOO_LONG: Verdict = { outcome: "unclear", why: `it didn't end within ${LONGEST_RUN_MS / 1_000} s` };

export function judge(folder: string, noticedBy: Mutant["noticedBy"]): Promise<Verdict> {
  return "seeds" in noticedBy ? bySimulator(folder, noticedBy.seeds) : bySpecs(folder, noticedBy);
}

const reportSchema = z.object({
  success: z.boolean(),
  numTotalTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

async function bySpecs(folder: string, specs: readonly string[]): Promise<Verdict> {
  const file = join(folder, "mutants-report.json");
  rmSync(file, { force: true });
  const vitest = join(folder, "node_modules", "vitest", "vitest.mjs");
  const quiet = ["--bail=1", "--maxWorkers=1", "--no-cache", "--no-fsModuleCache", "--reporter=json"];
  const { ended, output } = await run(folder, [vitest, "run", ...specs, ...quiet, `--outputFile=${file}`]);
  if (ended === "late") return TOO_LONG;
  const report = readReport(file);
  if (!report) return { outcome: "unclear", why: output };
  const failed = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find(({ status }) => status === "failed");
  if (failed) return { outcome: "killed", by: failed.fullName };
  if (report.success && report.numTotalTests > 0) return { outcome: "survived" };
  return { outcome: "unclear", why: report.testResults.map(({ message }) => message).join("\n") || output };
}

function readReport(file: string): z.infer<typeof reportSchema> | undefined {
  try {
    return reportSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

async function bySimulator(folder: string, seeds: number): Promise<Verdict> {
  const script = join(folder, "test", "simulation", "run.ts");
  const { ended, output } = await run(folder, [script, "--seeds", String(seeds), "--seed", "1"]);
  if (ended === "late") return TOO_LONG;
  if (ended === 0) return { outcome: "survived" };
  const failed = /^seed (\d+) failed.*\n(.*)/m.exec(output);
  return failed ? { outcome: "killed", by: `seed ${failed[1]}: ${failed[2]}` } : { outcome: "unclear", why: output };
}

/** A process group of its own, so that what it had started ends with it. */
function run(folder: string, args: string[]): Promise<{ ended: number | "late"; output: string }> {
  const child = spawn(process.execPath, args, { cwd: folder, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(0, LONGEST_OUTPUT_CHARS);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const stop = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  };
  process.once("exit", stop);
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop();
    }, LONGEST_RUN_MS);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      process.off("exit", stop);
      resolve({ ended: late ? "late" : (code ?? 1), output });
    });
  });
}
