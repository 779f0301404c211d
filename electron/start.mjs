// `npm start`: the console in its own window where Electron is installed and can run here, else in the browser.
// `npm run desktop` (--fetch) fetches Electron first. Builds nothing: the pages were built on install.
// Plain JavaScript that any Node can parse, because it may be started by one that is too old for the rest.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onPinnedNode } from "../engine/cli/pinned-node.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

if (onPinnedNode(import.meta.url, { tethered: true })) await main(process.argv.slice(2));

async function main(args) {
  const wantsFetch = args.includes("--fetch");
  const wantsBrowser = args.includes("--browser");
  const consoleArgs = args.filter((arg) => arg !== "--fetch" && arg !== "--browser");

  if (!existsSync(join(root, "dist", "renderer", "index.html"))) {
    console.error(
      "The console's pages aren't built. Run `npm install` (with development dependencies) or `npm run build`.",
    );
    process.exitCode = 1;
    return;
  }
  if (wantsFetch) {
    const { fetchElectron } = await import("./electron-binary.ts");
    const problem = await fetchElectron((line) => console.log(line));
    if (problem !== undefined) {
      console.error(`Electron couldn't be fetched: ${problem}`);
      console.error("The console runs in the browser without it: `npm start`.");
      process.exitCode = 1;
      return;
    }
  }
  if (!wantsBrowser) {
    const why = await openWindow(consoleArgs);
    if (why === undefined) return;
    console.log(`${why} The console opens in the browser instead.`);
  }
  await openBrowserConsole(consoleArgs);
}

/** Runs the console in a window until it is closed. Answers why that isn't possible, undefined when it was done. */
async function openWindow(consoleArgs) {
  const { findElectron } = await import("./electron-binary.ts");
  const executable = findElectron();
  if (executable === undefined) return "No Electron here (`npm run desktop` fetches it, for a window of its own).";
  const { runInWindow } = await import("./launch.ts");
  const outcome = await runInWindow({
    executable,
    appPath: root,
    args: consoleArgs,
    onReady: () => console.log("Antigraph is open in its window. Closing it, or Ctrl-C here, ends it."),
  });
  switch (outcome.kind) {
    case "ended":
      process.exitCode = outcome.exitCode;
      return undefined;
    case "already running":
      console.log("Antigraph is running already; its window is in front now.");
      return undefined;
    case "failed":
      console.error(`Antigraph can't start: ${outcome.why}`);
      process.exitCode = 1;
      return undefined;
    default:
      return `Electron can't open a window: ${outcome.why}.`;
  }
}

/** The CLI takes over this process: its signals and its exit code are those of `antigraph console`. */
async function openBrowserConsole(consoleArgs) {
  const cli = new URL("../engine/cli/antigraph.mjs", import.meta.url);
  process.argv.splice(1, process.argv.length, fileURLToPath(cli), "console", ...consoleArgs);
  await import(cli.href);
}
