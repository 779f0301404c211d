// Antigraph runs on the Node that package.json pins (the npm package `node`), whatever the machine has: better-sqlite3
// crashes on older ones, and TypeScript is run by type stripping. This file is plain JavaScript without dependencies,
// so that any Node can parse it; every entry point calls it before it imports anything else.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The major version that package.json pins. Newer ones are accepted too, older ones never. */
const PINNED_MAJOR = 24;

const projectDir = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** The path of the pinned Node, or undefined when it isn't installed. */
export function findPinnedNode() {
  const binary = process.platform === "win32" ? "node.exe" : "node";
  // As a dependency of somebody else's project we lie in node_modules/antigraph, and `node` beside us.
  const places = [join(projectDir, "node_modules"), join(projectDir, "..")];
  return places.map((place) => join(place, "node", "bin", binary)).find((path) => existsSync(path));
}

/**
 * Runs the calling script again under the pinned Node where the current one is too old. Returns true when the caller
 * may go on, false when it must return at once, because the second process does the work: signals are passed on to
 * it, and its exit code becomes ours. Without a pinned Node it prints one line and the exit code is 1.
 *
 * @param {string} scriptUrl the caller's `import.meta.url`
 * @param {{ tethered?: boolean }} [options] tethered: the second process gets a channel to the first, whose end it
 *   sees as `disconnect` even when the first is killed
 * @returns {boolean}
 */
export function onPinnedNode(scriptUrl, { tethered = false } = {}) {
  if (Number.parseInt(process.versions.node, 10) >= PINNED_MAJOR) {
    // Stripped and compiled modules are kept from one start to the next. A folder that can't be written does no harm.
    module.enableCompileCache(join(projectDir, "node_modules", ".cache", "antigraph"));
    return true;
  }
  const node = findPinnedNode();
  if (node === undefined) {
    console.error(
      `Antigraph needs Node ${PINNED_MAJOR}; this is ${process.version}, and the pinned one isn't installed. ` +
        `Run "npm install" in ${projectDir} (with install scripts allowed).`,
    );
    process.exitCode = 1;
    return false;
  }
  const child = spawn(node, [...process.execArgv, fileURLToPath(scriptUrl), ...process.argv.slice(2)], {
    stdio: tethered ? ["inherit", "inherit", "inherit", "ipc"] : "inherit",
  });
  // Ctrl-C in a terminal reaches both of us anyway; a signal sent to this process alone must reach the child too.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`The pinned Node (${node}) can't be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
  });
  return false;
}
