// The Chromium behind the stand-in: one for the process, with a profile folder of its own as Electron's, and with an
// address by which the test can look into it.

import { existsSync, readFileSync } from "node:fs";
import { watch } from "node:fs/promises";
import { join } from "node:path";
import { type BrowserContext, chromium } from "@playwright/test";
import { CHROMIUM_FLAGS, findChromium } from "../chromium.ts";

export interface StandInChromium {
  readonly context: BrowserContext;
  /** The address for `chromium.connectOverCDP`. */
  readonly endpoint: string;
}

export async function launchChromium(userDataDir: string): Promise<StandInChromium> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("There is no Chromium to stand in for Electron.");
  const context = await chromium.launchPersistentContext(userDataDir, {
    executablePath,
    args: [...CHROMIUM_FLAGS, "--remote-debugging-port=0"],
    viewport: { width: 1440, height: 900 },
    // Signals are the main process's business here.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  return { context, endpoint: await devtoolsEndpoint(userDataDir) };
}

/** Chromium writes the port it chose into its profile folder. */
async function devtoolsEndpoint(userDataDir: string): Promise<string> {
  const file = join(userDataDir, "DevToolsActivePort");
  if (!existsSync(file)) {
    for await (const _change of watch(userDataDir, { signal: AbortSignal.timeout(10_000) })) {
      if (existsSync(file)) break;
    }
  }
  return `http://127.0.0.1:${readFileSync(file, "utf8").split("\n")[0]}`;
}
