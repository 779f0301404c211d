/**
 * `npm run test:mutants [-- --only TEXT] [--jobs N]`: breaks the product on purpose, one breakage at a time, on a copy of
 * it, and shows that the tests notice. A breakage that survives is a missing test: exit code 1.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { MUTANTS } from "./catalogue.ts";
import { judge, type Verdict } from "./judge.ts";
import type { Mutant } from "./mutant.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

/** Each runs tests that use a core and a half. */
const MAXIMUM_JOBS = 4;
const LONGEST_REASON_CHARS = 100;

const { values } = parseArgs({ options: { only: { type: "string", default: "" }, jobs: { type: "string" } } });
const begun = Date.now();
const workspaces: Workspace[] = [];
process.once("exit", () => {
  for (const workspace of workspaces) workspace.remove();
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

/** Whether every breakage was noticed. */
async function main(): Promise<boolean> {
  const wanted = values.only.toLowerCase();
  const mutants = MUTANTS.filter((mutant) => titleOf(mutant).toLowerCase().includes(wanted));
  if (mutants.length === 0) throw new Error(`no breakage is called like "${values.only}"`);
  const jobs = Number(values.jobs ?? Math.min(MAXIMUM_JOBS, availableParallelism()));
  for (let job = 0; job < Math.min(jobs, mutants.length); job++) workspaces.push(createWorkspace());
  const [workspace] = workspaces;
  if (!workspace) throw new Error("--jobs: at least 1");
  refuseStaleTexts(workspace, mutants);
  await proveUnbroken(workspace, mutants);
  const verdicts = await judgeAll(mutants);
  const killed = verdicts.filter(({ outcome }) => outcome === "killed").length;
  console.log(`\n${killed} of ${verdicts.length} breakages were noticed, in ${secondsSince(begun)} s.`);
  return killed === verdicts.length;
}

/** All of them at once, so that one look mends the list. */
function refuseStaleTexts(workspace: Workspace, mutants: readonly Mutant[]): void {
  const problems = mutants.flatMap((mutant) => workspace.problemOf(mutant) ?? []);
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** What doesn't pass unbroken would call everything killed. */
async function proveUnbroken(workspace: Workspace, mutants: readonly Mutant[]): Promise<void> {
  const specs = new Set(mutants.flatMap(({ noticedBy }) => ("seeds" in noticedBy ? [] : noticedBy)));
  const seeds = Math.max(0, ...mutants.map(({ noticedBy }) => ("seeds" in noticedBy ? noticedBy.seeds : 0)));
  const runs: Mutant["noticedBy"][] = [...(specs.size > 0 ? [[...specs]] : []), ...(seeds > 0 ? [{ seeds }] : [])];
  for (const noticedBy of runs) {
    const verdict = await judge(workspace.folder, noticedBy);
    if (verdict.outcome === "survived") continue;
    throw new Error(`unbroken, it doesn't pass: ${verdict.outcome === "killed" ? verdict.by : verdict.why}`);
  }
  console.log(`unbroken: ${specs.size} files of specs and ${seeds} seeds pass (${secondsSince(begun)} s)`);
}

async function judgeAll(mutants: readonly Mutant[]): Promise<Verdict[]> {
  const found: Verdict[] = [];
  let next = 0;
  const work = async (workspace: Workspace): Promise<void> => {
    while (next < mutants.length) {
      const mutant = mutants[next++] as Mutant;
      const since = Date.now();
      const verdict = await workspace.broken(mutant, () => judge(workspace.folder, mutant.noticedBy));
      found.push(verdict);
      console.log(lineOf(mutant, verdict, secondsSince(since)));
    }
  };
  await Promise.all(workspaces.map(work));
  return found;
}

function titleOf({ name, breaks, file }: Mutant): string {
  return `${breaks}: ${name} (${file})`;
}

function lineOf({ name, breaks }: Mutant, verdict: Verdict, seconds: string): string {
  const head = `${verdict.outcome.padEnd(8)} ${seconds.padStart(6)} s  ${breaks.padEnd(19)} ${name}`;
  if (verdict.outcome === "survived") return head;
  const said = verdict.outcome === "killed" ? verdict.by.slice(0, LONGEST_REASON_CHARS) : verdict.why;
  return `${head}\n${" ".repeat(20)}${said}`;
}

function secondsSince(begin: number): string {
  return ((Date.now() - begin) / 1000).toFixed(1);
}
