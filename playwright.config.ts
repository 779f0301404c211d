// End-to-end specs (test/e2e/*.spec.ts) in a real Chromium against a real console; `npm test` runs them beside Vitest.
// Alone: `npx playwright test`, or `npx playwright test first-five-minutes`.

import { availableParallelism } from "node:os";
import { defineConfig } from "@playwright/test";
import { CHROMIUM_FLAGS, findChromium } from "./test/support/chromium.ts";
import type { DesktopHostKind } from "./test/support/desktop-app.ts";
import { whyNoElectron } from "./test/support/desktop-on-electron.ts";

const executablePath = findChromium();

export default defineConfig<{ host: DesktopHostKind }>({
  testDir: "test/e2e",
  testMatch: "**/*.spec.ts",
  outputDir: "test-results",
  // A test has a console, its sample services and a browser of its own: one at a time on a small machine.
  workers: Math.max(1, Math.floor(availableParallelism() / 2)),
  // Without a graphics card the designer takes its time.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  forbidOnly: process.env.CI !== undefined,
  reporter: [["list"]],
  use: {
    ...(executablePath === undefined ? {} : { launchOptions: { executablePath, args: CHROMIUM_FLAGS } }),
    viewport: { width: 1440, height: 900 },
    // It costs time, and nobody gets at it where CI runs; the screenshot is kept.
    trace: process.env.CI === undefined ? "retain-on-failure" : "off",
    screenshot: "only-on-failure",
  },
  projects: [
    { name: "console", testIgnore: "**/electron*.spec.ts" },
    { name: "desktop", testMatch: "**/electron*.spec.ts" },
    // The same specs on a real Electron, where there is one; `npm test` says when it leaves them out.
    ...(whyNoElectron() === undefined
      ? [{ name: "desktop-electron", testMatch: "**/electron.spec.ts", use: { host: "electron" as const } }]
      : []),
  ],
});
