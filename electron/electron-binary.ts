/**
 * The Electron binary: is it here, and fetching it. The npm package `electron` is only a downloader; requiring it would
 * start the download at once, without a time limit, so it is looked at as files and never imported.
 */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Ended when it takes longer than this in all, or when nothing more arrives for the second time. */
const FETCH_TIMEOUT_MS = 15 * 60_000;
const STALLED_TIMEOUT_MS = 60_000;
const PROGRESS_INTERVAL_MS = 2_000;
const BYTES_PER_MEGABYTE = 1_000_000;

const packageDir = fileURLToPath(new URL("../node_modules/electron", import.meta.url));

/** The path of the Electron executable, or undefined when it hasn't been fetched. */
export function findElectron(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const name = executableName();
  if (name === undefined && !environment.ELECTRON_OVERRIDE_DIST_PATH) return undefined;
  const dist = environment.ELECTRON_OVERRIDE_DIST_PATH || join(packageDir, "dist");
  const path = join(dist, name ?? "electron");
  return existsSync(path) ? path : undefined;
}

/**
 * Fetches Electron by the package's own installer (checksums, cache and proxy settings are its business).
 *
 * @param report gets a line of progress now and then
 * @returns undefined when Electron is here, else why it isn't
 */
export async function fetchElectron(report: (line: string) => void): Promise<string | undefined> {
  if (findElectron() !== undefined) return undefined;
  const installer = join(packageDir, "install.js");
  if (!existsSync(installer)) return "the package `electron` isn't installed (development dependencies are left out)";
  // The installer downloads into the temporary folder: one of its own shows how far it is.
  const folder = mkdtempSync(join(tmpdir(), "antigraph-electron-"));
  report("Fetching Electron (about 120 MB, once) ...");
  try {
    const failure = await runInstaller(installer, folder, report);
    if (failure !== undefined) return failure;
    return findElectron() === undefined ? "the download ended, but there is no executable" : undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runInstaller(
  installer: string,
  folder: string,
  report: (line: string) => void,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [installer], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder, ELECTRON_GET_NO_PROGRESS: "1" },
    });
    let stderr = "";
    let endedBecause: string | undefined;
    let bytes = 0;
    const startedAt = performance.now();
    let movedAt = startedAt;
    const timer = setInterval(() => {
      const now = performance.now();
      const size = bytesBelow(folder);
      if (size !== bytes) {
        movedAt = now;
        bytes = size;
        report(`  ${(size / BYTES_PER_MEGABYTE).toFixed(0)} MB after ${((now - startedAt) / 1000).toFixed(0)} s`);
      }
      if (now - startedAt > FETCH_TIMEOUT_MS) endedBecause = `not done after ${FETCH_TIMEOUT_MS / 60_000} minutes`;
      else if (now - movedAt > STALLED_TIMEOUT_MS)
        endedBecause = `nothing arrived for ${STALLED_TIMEOUT_MS / 1000} s`;
      if (endedBecause !== undefined) child.kill("SIGKILL");
    }, PROGRESS_INTERVAL_MS);
    child.stderr.on("data", (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-4_000);
    });
    child.on("error", (error) => {
      endedBecause = error.message;
    });
    child.on("close", (code) => {
      clearInterval(timer);
      if (endedBecause !== undefined) resolve(endedBecause);
      else resolve(code === 0 ? undefined : causeIn(stderr));
    });
  });
}

/** The installer ends with a stack: its message, and in plain words where the cause is the usual one. */
function causeIn(stderr: string): string {
  if (/fetch failed|ENOTFOUND|ECONNREFUSED|EAI_AGAIN/.test(stderr)) {
    return "github.com, where it comes from, can't be reached (a proxy or ELECTRON_MIRROR may help)";
  }
  const lines = stderr.split("\n").map((line) => line.trim());
  return lines.find((line) => /Error: /.test(line)) ?? lines.find((line) => line !== "") ?? "it said nothing";
}

function executableName(): string | undefined {
  const pathFile = join(packageDir, "path.txt");
  return existsSync(pathFile) ? readFileSync(pathFile, "utf8").trim() : undefined;
}

function bytesBelow(folder: string): number {
  let total = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) total += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return total;
}
