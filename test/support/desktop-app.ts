// The desktop host for end-to-end specs: its bundled main process on the stand-in for `electron`, or on a real Electron
// where one is installed (project `electron` of playwright.config.ts). Both are driven through the same few calls.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, test as base, chromium, expect, type Page } from "@playwright/test";
import { isHostMessage } from "../../electron/launcher-channel.ts";
import { isStandInReport, type StandInCommand, type StandInReport } from "./electron-stand-in/messages.ts";

export { expect };

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "dist", "electron", "main.js");
export const STAND_IN = join(ROOT, "test", "support", "electron-stand-in", "register.ts");
const READY_TIMEOUT_MS = 20_000;
const EXIT_TIMEOUT_MS = 15_000;

export interface DesktopApp {
  readonly pid: number;
  /** The first window's page. */
  readonly page: Page;
  /** Everything the stand-in reported up to now, in order. */
  readonly reports: readonly StandInReport[];
  /** The window's title, as the system would show it. */
  title(): string | undefined;
  command(command: StandInCommand): void;
  output(): string;
  /** Breaks the channel to the launcher, as its death does. */
  disconnect(): void;
  /** Asks it to quit as the launcher does, and answers its exit code. */
  quit(): Promise<number | null>;
  /** Resolves with the exit code when it has ended by whatever cause. */
  readonly exited: Promise<number | null>;
}

export const test = base.extend<{
  dataDir: string;
  /** Starts the desktop host on the test's data folder; ended with the test. */
  launch: (...args: string[]) => Promise<DesktopApp>;
}>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs from this pattern.
  dataDir: async ({}, use) => {
    const dataDir = await mkdtemp(join(tmpdir(), "antigraph-desktop-"));
    await use(dataDir);
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  },

  launch: async ({ dataDir }, use, testInfo) => {
    const running: { app: DesktopApp; child: ChildProcess; browser: Browser }[] = [];
    await use(async (...args) => {
      const started = await launchOnStandIn(["--data", dataDir, ...args]);
      running.push(started);
      return started.app;
    });
    for (const { app, child, browser } of running) {
      await browser.close();
      if (child.exitCode === null) await app.quit();
      if (testInfo.status !== testInfo.expectedStatus) {
        await testInfo.attach("desktop host output", { body: app.output(), contentType: "text/plain" });
      }
    }
  },
});

/** Runs the main process and resolves when its window shows the console. */
async function launchOnStandIn(args: string[]) {
  const { child, reports, output, exited } = runMain(args);
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`The desktop host ${why}:\n${output()}`));
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(`wasn't ready within ${READY_TIMEOUT_MS / 1000} s`);
    }, READY_TIMEOUT_MS);
    child.on("message", (message) => {
      if (!isHostMessage(message)) return;
      clearTimeout(timer);
      if (message.type === "ready") resolve();
      else fail(message.type === "failed" ? `failed: ${message.why}` : `is ${message.type}`);
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
  const devtools = reports.find((report) => report.standIn === "devtools");
  if (devtools === undefined) throw new Error("The stand-in has no Chromium.");
  const browser = await chromium.connectOverCDP(devtools.endpoint);
  const page = browser.contexts()[0]?.pages()[0];
  if (page === undefined || child.pid === undefined) throw new Error("The desktop host has no window.");
  const app: DesktopApp = {
    pid: child.pid,
    page,
    reports,
    output,
    exited,
    title: () => reports.findLast((report) => report.standIn === "title")?.title,
    command: (command) => void child.send(command),
    disconnect: () => child.disconnect(),
    async quit() {
      if (child.connected) child.send({ type: "quit" });
      const timer = setTimeout(() => child.kill("SIGKILL"), EXIT_TIMEOUT_MS);
      const code = await exited;
      clearTimeout(timer);
      return code;
    },
  };
  return { app, child, browser };
}

/** A main process as the launcher starts it, whatever becomes of it. */
export function runMain(args: string[]) {
  const child = spawn(process.execPath, ["--import", STAND_IN, MAIN, ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, ANTIGRAPH_TOKEN: undefined },
  });
  const reports: StandInReport[] = [];
  const messages: unknown[] = [];
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.on("message", (message) => (isStandInReport(message) ? reports.push(message) : messages.push(message)));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, reports, messages, output: () => text, exited };
}
