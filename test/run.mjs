// `npm test`: every suite this machine can run, what was left out and why, and one last line with the counts:
//
//     N passed, N failed[, N skipped]
//
// `npm test -- unit e2e` runs the named suites only. REQUIRE=chromium,kafka turns a missing thing into a failure.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onPinnedNode } from "../engine/cli/pinned-node.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A runner that takes longer than this hangs: it is ended and counts as failed. */
const RUNNER_TIMEOUT_MS = 40 * 60_000;

/** The suites in the order they run. `needs` names a thing of `lookFor`; `folder` holds the suite's files. */
const SUITES = [
  { name: "unit", runner: "vitest" },
  { name: "contract", runner: "vitest" },
  { name: "integration", runner: "vitest" },
  { name: "simulation", runner: "vitest" },
  { name: "kafka", runner: "vitest", needs: "kafka" },
  { name: "python", runner: "vitest", needs: "kafka python" },
  { name: "chaos", runner: "vitest", needs: "kafka" },
  { name: "e2e", runner: "playwright", needs: "chromium" },
];

if (onPinnedNode(import.meta.url)) await main();

async function main() {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    console.error(
      `No suite is called ${unknown.join(", ")}. There are: ${SUITES.map((suite) => suite.name).join(", ")}.`,
    );
    process.exitCode = 2;
    return;
  }
  const required = (process.env.REQUIRE ?? "").split(",").filter((thing) => thing !== "");
  const total = { passed: 0, failed: 0, skipped: 0 };
  const leftOut = [];
  const chosen = [];
  for (const suite of SUITES.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
    const things = suite.needs?.split(" ") ?? [];
    const lacks = (await Promise.all(things.map(async (thing) => ({ thing, why: await lookFor(thing) })))).find(
      ({ why }) => why !== undefined,
    );
    const missing = lacks?.why;
    if (missing === undefined) {
      if (hasFiles(suite.name)) chosen.push(suite);
      else leftOut.push(`${suite.name}: it has no tests yet`);
    } else {
      leftOut.push(`${suite.name}: ${missing}`);
      if (required.includes(lacks.thing)) total.failed += 1;
    }
  }

  // Many specs look at what is in dist/.
  if (chosen.length > 0 && (await run([join(root, "build.mjs")])) !== 0) total.failed += 1;
  const results = mkdtempSync(join(tmpdir(), "antigraph-test-"));
  try {
    const vitest = chosen.filter((suite) => suite.runner === "vitest");
    if (vitest.length > 0) add(total, await runVitest(vitest, join(results, "vitest.json")));
    if (chosen.some((suite) => suite.runner === "playwright")) {
      const { whyNoElectron } = await import("./support/desktop-on-electron.ts");
      const missing = whyNoElectron();
      if (missing !== undefined) leftOut.push(`e2e on a real Electron: ${missing}; its specs ran on a stand-in`);
      add(total, await runPlaywright(join(results, "playwright.json")));
    }
  } finally {
    rmSync(results, { recursive: true, force: true });
  }

  console.log("");
  for (const line of leftOut) console.log(`Left out: ${line}`);
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
  console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
}

/** Why this machine can't run what needs `thing`; undefined when it can. */
async function lookFor(thing) {
  if (thing === "chromium") {
    const { findChromium } = await import("./support/chromium.ts");
    return findChromium() === undefined
      ? "no Chromium or Chrome on the PATH (install one, or set CHROMIUM_PATH)"
      : undefined;
  }
  if (thing === "python") {
    const { whyNoPython } = await import("./support/python.ts");
    return whyNoPython();
  }
  if (process.env.KAFKA_BROKERS) return undefined;
  const absent = ["java", "mvn"].filter(
    (command) => spawnSync(command, ["-version"], { stdio: "ignore" }).status !== 0,
  );
  return absent.length > 0
    ? `no ${absent.join(" and no ")} to run Apache Kafka with, and KAFKA_BROKERS isn't set`
    : undefined;
}

function hasFiles(suite) {
  const folder = join(root, "test", suite);
  return (
    existsSync(folder) && readdirSync(folder, { recursive: true }).some((file) => /\.(test|spec)\.tsx?$/.test(file))
  );
}

async function runVitest(suites, outputFile) {
  const code = await run([
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    ...suites.flatMap(({ name }) => ["--project", name]),
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${outputFile}`,
  ]);
  const report = readReport(outputFile);
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  // A file that can't be loaded has no tests to count; an unhandled error belongs to none. Both are failures.
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  ).length;
  const failed = report.numFailedTests + broken;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

async function runPlaywright(outputFile) {
  const code = await run(
    [join(root, "node_modules", "@playwright", "test", "cli.js"), "test", "--reporter=list,json"],
    { PLAYWRIGHT_JSON_OUTPUT_FILE: outputFile },
  );
  const report = readReport(outputFile);
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const { expected, unexpected, flaky, skipped } = report.stats;
  const failed = unexpected + report.errors.length;
  return { passed: expected + flaky, failed: failed === 0 && code !== 0 ? 1 : failed, skipped };
}

/** Runs a script under this Node in the project's folder, its output going where ours goes. Answers its exit code. */
function run(args, environment = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...environment },
    });
    const timer = setTimeout(() => {
      console.error(`Ended after ${RUNNER_TIMEOUT_MS / 60_000} minutes: ${args[0]}`);
      child.kill("SIGKILL");
    }, RUNNER_TIMEOUT_MS);
    child.on("error", (error) => console.error(error.message));
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(code ?? 1);
    });
  });
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function add(total, counts) {
  for (const key of Object.keys(total)) total[key] += counts[key];
}
