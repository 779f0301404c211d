// Builds the renderer, the Electron preload and the Electron main process into dist/. Runs on install (`prepare`) and
// by `npm run build`; does nothing when no source changed since the last build (`--force` builds anyway).
// The engine and the CLI need no build: Node runs their TypeScript as it is.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onPinnedNode } from "./engine/cli/pinned-node.mjs";

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, "dist");
const stampFile = join(dist, "stamp");

/** What a build depends on: folders (all files below) and files. */
const sources = [
  "renderer",
  "electron",
  "engine",
  "build.mjs",
  "vite.config.ts",
  "vite.electron.config.ts",
  "package-lock.json",
];

if (onPinnedNode(import.meta.url)) await main();

async function main() {
  if (!existsSync(join(root, "node_modules", "vite"))) {
    const built = existsSync(join(dist, "renderer", "index.html"));
    console.log(
      built
        ? "Antigraph: the pages are built already; development dependencies are left out, nothing to do."
        : "Antigraph: development dependencies are left out, so the console's pages aren't built; the API, CLI and manager run without them.",
    );
    return;
  }
  const stamp = fingerprint();
  if (!process.argv.includes("--force") && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;

  const startedAt = performance.now();
  // Built aside and moved into place, so that a console that serves dist/ never meets half of it.
  const staging = join(dist, `.building-${process.pid}`);
  try {
    const { build } = await import("vite");
    await build({
      configFile: join(root, "vite.config.ts"),
      logLevel: "warn",
      build: { outDir: join(staging, "renderer") },
    });
    for (const mode of ["preload", "main"]) {
      await build({
        configFile: join(root, "vite.electron.config.ts"),
        mode,
        logLevel: "warn",
        build: { outDir: join(staging, "electron") },
      });
    }
    for (const part of readdirSync(staging)) replaceFolder(join(staging, part), join(dist, part));
    writeFileSync(stampFile, stamp);
  } catch (error) {
    console.error(`Antigraph: the build failed. ${error.message}`);
    process.exitCode = 1;
    return;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  console.log(`Antigraph: built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
}

/** A hash over the paths and contents of everything the build reads. */
function fingerprint() {
  const hash = createHash("sha256");
  const add = (path) => {
    hash.update(path).update("\0");
    hash.update(readFileSync(join(root, path))).update("\0");
  };
  for (const source of sources) {
    const path = join(root, source);
    if (!existsSync(path)) continue;
    if (source.includes(".")) {
      add(source);
      continue;
    }
    const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const file of files.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)).sort())
      add(file);
  }
  return hash.digest("hex");
}

function replaceFolder(from, to) {
  const old = `${to}.old-${process.pid}`;
  mkdirSync(dist, { recursive: true });
  if (existsSync(to)) renameSync(to, old);
  renameSync(from, to);
  rmSync(old, { recursive: true, force: true });
}
