// The desktop host on a real Electron, where `npm run desktop` has fetched one. Playwright drives it by itself.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { _electron } from "@playwright/test";
import { findElectron } from "../../electron/electron-binary.ts";
import type { DesktopApp, SpawnedMain } from "./desktop-app.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Why the specs can't run on a real Electron here; undefined when they can. */
export function whyNoElectron(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  if (findElectron(environment) === undefined) return "Electron hasn't been fetched (npm run desktop)";
  if (process.platform === "linux" && !environment.DISPLAY && !environment.WAYLAND_DISPLAY)
    return "there is no display";
  if (process.getuid?.() === 0) return "Electron doesn't run as root";
  return undefined;
}

export async function launchOnElectron(args: string[]): Promise<DesktopApp> {
  const electron = await _electron.launch({
    executablePath: executable(),
    args: [ROOT, ...args],
    env: cleanEnvironment(),
  });
  const child = electron.process();
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const page = await electron.firstWindow();
  await page.waitForLoadState();
  if (child.pid === undefined) throw new Error("Electron has ended.");
  return {
    pid: child.pid,
    page,
    title: () => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getTitle()),
    // Electron doesn't tell; what they do can be seen in the page.
    webPreferences: async () => undefined,
    isFocused: () => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isFocused() ?? false),
    clickMenu: (label) =>
      electron.evaluate(({ Menu }, wanted) => {
        for (const menu of Menu.getApplicationMenu()?.items ?? []) {
          menu.submenu?.items.find((item) => item.label === wanted)?.click();
        }
      }, label),
    openLink: (url) =>
      electron.evaluate(({ app }, link) => {
        app.emit("open-url", { preventDefault: () => {} }, link);
      }, url),
    closeWindow: () => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close()),
    deniedWindows: () => undefined,
    async quit() {
      if (child.exitCode === null && child.signalCode === null) await electron.close();
      return exited;
    },
    exited,
    output: () => text,
  };
}

export function spawnElectron(args: string[]): SpawnedMain {
  const child = spawn(executable(), [ROOT, ...args], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: cleanEnvironment(),
  });
  const messages: unknown[] = [];
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  child.on("message", (message) => messages.push(message));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { messages, exited, output: () => text, disconnect: () => child.disconnect() };
}

function executable(): string {
  const path = findElectron();
  if (path === undefined) throw new Error("There is no Electron here.");
  return path;
}

function cleanEnvironment(): Record<string, string> {
  const unwanted = new Set(["ELECTRON_RUN_AS_NODE", "ANTIGRAPH_TOKEN"]);
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || unwanted.has(name) ? [] : [[name, value] as const],
    ),
  );
}
