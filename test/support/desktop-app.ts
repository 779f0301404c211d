// The desktop host for end-to-end specs: its bundled main process, on the stand-in for `electron`, or on a real Electron
// where one is installed. Both are driven by the same few calls, so that the same specs run on both.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base, expect, type Page } from "@playwright/test";
import { launchOnElectron, spawnElectron } from "./desktop-on-electron.ts";
import { launchOnStandIn, spawnOnStandIn } from "./desktop-on-stand-in.ts";

export { expect };

export interface DesktopApp {
  readonly pid: number;
  /** The first window's page. */
  readonly page: Page;
  /** The window's title, as the system shows it. */
  title(): Promise<string | undefined>;
  /** What the window was made with; undefined where that can't be asked for. */
  webPreferences(): Promise<Record<string, unknown> | undefined>;
  isFocused(): Promise<boolean>;
  clickMenu(label: string): Promise<void>;
  /** Hands over a deep link as the system does while the app runs. */
  openLink(url: string): Promise<void>;
  closeWindow(): Promise<void>;
  /** Addresses of windows the page wanted to open and wasn't allowed to; undefined where that leaves no trace. */
  deniedWindows(): readonly string[] | undefined;
  /** Asks it to quit, and answers its exit code. */
  quit(): Promise<number | null>;
  /** Resolves with the exit code when it has ended by whatever cause. */
  readonly exited: Promise<number | null>;
  output(): string;
}

/** A main process as the launcher starts it, whatever becomes of it. */
export interface SpawnedMain {
  /** What it said to the launcher. */
  readonly messages: readonly unknown[];
  readonly exited: Promise<number | null>;
  output(): string;
  /** Breaks the channel to the launcher, as the launcher's death does. */
  disconnect(): void;
}

export type DesktopHostKind = "stand-in" | "electron";

export const test = base.extend<{
  host: DesktopHostKind;
  dataDir: string;
  /** Starts the desktop host on the test's data folder and waits for its window; ended with the test. */
  launch: (...args: string[]) => Promise<DesktopApp>;
  /** Starts a main process on a data folder and doesn't wait for anything. */
  spawnMain: (dataDir: string, ...args: string[]) => SpawnedMain;
}>({
  host: ["stand-in", { option: true }],

  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs from this pattern.
  dataDir: async ({}, use) => {
    const dataDir = await mkdtemp(join(tmpdir(), "antigraph-desktop-"));
    await use(dataDir);
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  },

  launch: async ({ host, dataDir }, use, testInfo) => {
    const running: DesktopApp[] = [];
    await use(async (...args) => {
      const app = await (host === "electron" ? launchOnElectron : launchOnStandIn)(["--data", dataDir, ...args]);
      running.push(app);
      return app;
    });
    for (const app of running) {
      await app.quit();
      if (testInfo.status !== testInfo.expectedStatus) {
        await testInfo.attach("desktop host output", { body: app.output(), contentType: "text/plain" });
      }
    }
  },

  spawnMain: async ({ host }, use) => {
    await use((dataDir, ...args) =>
      (host === "electron" ? spawnElectron : spawnOnStandIn)(["--data", dataDir, ...args]),
    );
  },
});
