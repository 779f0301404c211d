// The desktop host on the stand-in for `electron`: a Node process whose windows are pages of a Chromium.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { isHostMessage } from "../../electron/launcher-channel.ts";
import type { DesktopApp, SpawnedMain } from "./desktop-app.ts";
import { isStandInReport, type StandInCommand, type StandInReport } from "./electron-stand-in/messages.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const READY_TIMEOUT_MS = 20_000;
const EXIT_TIMEOUT_MS = 15_000;

/** What Node is given to run the main process on the stand-in; its own arguments follow. */
export const STAND_IN_ARGS = [
  "--import",
  join(ROOT, "test", "support", "electron-stand-in", "register.ts"),
  join(ROOT, "dist", "electron", "main.js"),
];

/** Runs the main process and resolves when its window shows the console. */
export async function launchOnStandIn(args: string[]): Promise<DesktopApp> {
  const { child, reports, output, exited } = spawnWithReports(args);
  await untilReady(child, output);
  const devtools = reports.find((report) => report.standIn === "devtools");
  if (devtools === undefined) throw new Error("The stand-in has no Chromium.");
  const browser = await chromium.connectOverCDP(devtools.endpoint);
  const page = browser.contexts()[0]?.pages()[0];
  if (page === undefined || child.pid === undefined) throw new Error("The desktop host has no window.");
  const command = async (message: StandInCommand) => void child.send(message);
  return {
    pid: child.pid,
    page,
    title: async () => reports.findLast((report) => report.standIn === "title")?.title,
    webPreferences: async () => {
      const options = reports.find((report) => report.standIn === "window")?.options;
      return { ...(options?.webPreferences ?? {}) };
    },
    isFocused: async () => reports.some((report) => report.standIn === "focus"),
    clickMenu: (label) => command({ standIn: "menu click", label }),
    openLink: (url) => command({ standIn: "open-url", url }),
    closeWindow: () => command({ standIn: "close window" }),
    deniedWindows: () => reports.flatMap((report) => (report.standIn === "denied window" ? [report.url] : [])),
    async quit() {
      await browser.close();
      if (child.connected) child.send({ type: "quit" });
      const timer = setTimeout(() => child.kill("SIGKILL"), EXIT_TIMEOUT_MS);
      const code = await exited;
      clearTimeout(timer);
      return code;
    },
    exited,
    output,
  };
}

export function spawnOnStandIn(args: string[]): SpawnedMain {
  const { child, messages, exited, output } = spawnWithReports(args);
  return { messages, exited, output, disconnect: () => child.disconnect() };
}

function spawnWithReports(args: string[]) {
  const child = spawn(process.execPath, [...STAND_IN_ARGS, ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, ANTIGRAPH_TOKEN: undefined },
  });
  const reports: StandInReport[] = [];
  const messages: unknown[] = [];
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  child.on("message", (message) => {
    if (isStandInReport(message)) reports.push(message);
    else messages.push(message);
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, reports, messages, output: () => text, exited };
}

function untilReady(child: ChildProcess, output: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(new Error(`The desktop host ${why}:\n${output()}`));
    };
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(`wasn't ready within ${READY_TIMEOUT_MS / 1000} s`);
    }, READY_TIMEOUT_MS);
    child.on("message", (message) => {
      if (!isHostMessage(message)) return;
      if (message.type !== "ready") return fail(message.type === "failed" ? `failed: ${message.why}` : message.type);
      clearTimeout(timer);
      resolve();
    });
    child.once("exit", (code) => fail(`ended with ${code}`));
  });
}
