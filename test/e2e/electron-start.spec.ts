// `npm start`: a window where Electron is, else the browser console; and Ctrl-C leaves nothing running.

import { spawn } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "../support/desktop-app.ts";
import { STAND_IN_ARGS } from "../support/desktop-on-stand-in.ts";
import { descendantsOf, stillRunning } from "../support/processes.ts";

const START = fileURLToPath(new URL("../../electron/start.mjs", import.meta.url));
const ANSWER_WITHIN_MS = 5_000;

/** A folder that looks like an installed Electron to the launcher. */
async function installStandIn(folder: string): Promise<string> {
  const dist = join(folder, "electron-dist");
  await mkdir(dist);
  const command = [process.execPath, ...STAND_IN_ARGS].map((part) => `"${part}"`).join(" ");
  const script = `#!/bin/sh\nshift\nexec ${command} "$@"\n`;
  await writeFile(join(dist, "electron"), script);
  await chmod(join(dist, "electron"), 0o755);
  return dist;
}

function start(args: string[], environment: Record<string, string>) {
  const child = spawn(process.execPath, [START, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ANTIGRAPH_TOKEN: undefined, ...environment },
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { pid: child.pid ?? 0, output: () => text, exited, interrupt: () => child.kill("SIGINT") };
}

test("opens the window where Electron is, and Ctrl-C ends all of it", async ({ dataDir }) => {
  const environment = { ELECTRON_OVERRIDE_DIST_PATH: await installStandIn(dataDir), DISPLAY: ":99" };
  const data = join(dataDir, "data");
  const running = start(["--data", data], environment);
  await expect.poll(() => running.output(), { timeout: 20_000 }).toContain("open in its window");
  const second = start(["--data", data], environment);
  expect(await second.exited).toBe(0);
  expect(second.output()).toContain("running already");

  const started = descendantsOf(running.pid);
  expect(started.length).toBeGreaterThan(0);
  running.interrupt();
  expect(await running.exited, running.output()).toBe(0);
  await expect.poll(() => stillRunning(started)).toEqual([]);
});

test("opens the browser console where Electron isn't, within 5 s, and Ctrl-C ends all of it", async ({ dataDir }) => {
  const startedAt = performance.now();
  const running = start(["--data", dataDir, "--port", "0", "--no-open"], {
    ELECTRON_OVERRIDE_DIST_PATH: join(dataDir, "nothing-here"),
  });
  await expect.poll(() => running.output(), { timeout: 20_000 }).toMatch(/http:\/\/\S+/);
  const origin = new URL(/http:\/\/\S+/.exec(running.output())?.[0] ?? "").origin;
  expect((await fetch(`${origin}/health`)).status).toBe(200);
  expect((await fetch(origin)).headers.get("content-type")).toContain("text/html");
  expect(performance.now() - startedAt).toBeLessThan(ANSWER_WITHIN_MS);
  expect(running.output()).toContain("npm run desktop");
  const started = descendantsOf(running.pid);
  running.interrupt();
  expect(await running.exited, running.output()).toBe(0);
  await expect.poll(() => stillRunning(started)).toEqual([]);
});

test("falls back to the browser console when Electron can't run here", async ({ dataDir }) => {
  const dist = join(dataDir, "electron-dist");
  await mkdir(dist);
  await writeFile(join(dist, "electron"), '#!/bin/sh\necho "Missing X server or \\$DISPLAY" >&2\nexit 1\n');
  await chmod(join(dist, "electron"), 0o755);
  const running = start(["--data", join(dataDir, "data"), "--port", "0", "--no-open"], {
    ELECTRON_OVERRIDE_DIST_PATH: dist,
    DISPLAY: ":99",
  });
  await expect.poll(() => running.output(), { timeout: 20_000 }).toMatch(/http:\/\/\S+/);
  expect(running.output()).toContain("can't reach the display");
  running.interrupt();
  expect(await running.exited, running.output()).toBe(0);
});
