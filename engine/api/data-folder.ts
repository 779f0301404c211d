/**
 * The data folder of a console: `bus.sqlite`, `audit.sqlite`, `token`, `profiles.json`, `lock` and `samples/`. One
 * process owns it at a time. What keeps a second one out is the lock held on `in-use.sqlite` (and on the bus's file),
 * which the system lets go of even after a kill -9; the file `lock` beside it only tells who that is. Each Kafka profile
 * has a folder of its own in `profiles/`.
 */

import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import Database from "better-sqlite3";
import { z } from "zod";
import { explainOpenError } from "../bus/embedded/open-database.ts";
import { AntigraphError } from "../core/errors.ts";

/** Readable and writable by the owner only. */
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** How long to wait for a predecessor that is just closing. */
const LOCK_WAIT_MS = 250;

/** Who has the folder open. */
const ownerSchema = z.object({ pid: z.number(), since: z.string(), url: z.string().optional() });
export type Owner = z.infer<typeof ownerSchema>;

/** Makes the folder if it is missing. @throws AntigraphError data_folder_unwritable */
export function prepareDataFolder(dataDir: string): void {
  writing(dataDir, () => {
    makeFolder(resolve(dataDir));
    const probe = join(dataDir, `.probe-${process.pid}`);
    writeFileSync(probe, "");
    rmSync(probe);
  });
}

/**
 * Takes the folder for this process alone. Returns the way to let go of it.
 * @throws AntigraphError data_folder_locked, data_folder_unwritable
 */
export function lockDataFolder(dataDir: string): () => void {
  const file = join(dataDir, "in-use.sqlite");
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { timeout: LOCK_WAIT_MS });
    // Never ended: SQLite holds its lock as long as the transaction is open.
    database.exec("BEGIN EXCLUSIVE");
    const held = database;
    return () => held.close();
  } catch (error) {
    database?.close();
    const known = explainOpenError(error, file);
    throw known.code === "data_folder_locked" ? lockedBy(known, dataDir) : known;
  }
}

/** One level at a time: Node's recursive mkdir never comes back where the system answers as /proc does. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  mkdirSync(folder, { mode: PRIVATE_FOLDER });
}

/**
 * The bearer token: from `ANTIGRAPH_TOKEN`, else the one kept in the folder, made on the first start.
 * @throws AntigraphError invalid_request, data_folder_unwritable
 */
export function readToken(dataDir: string, fromEnvironment: string | undefined): string {
  const given = fromEnvironment?.trim();
  if (given) {
    if (/^[\x21-\x7e]+$/.test(given)) return given;
    throw new AntigraphError("invalid_request", "ANTIGRAPH_TOKEN may hold visible ASCII characters only, no spaces.");
  }
  const file = join(dataDir, "token");
  return writing(dataDir, () => {
    const kept = readIfThere(file)?.trim();
    if (kept) {
      if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0) chmodSync(file, PRIVATE_FILE);
      return kept;
    }
    const token = randomBytes(32).toString("base64url");
    writePrivately(file, `${token}\n`);
    return token;
  });
}

/** Says who has the folder open; call it again when the address is known. */
export function writeOwner(dataDir: string, owner: Owner): void {
  writing(dataDir, () => writePrivately(join(dataDir, "lock"), `${JSON.stringify(owner)}\n`));
}

export function removeOwner(dataDir: string): void {
  rmSync(join(dataDir, "lock"), { force: true });
}

/** Who has the folder open, as far as they said so; after a crash it may be somebody who is gone. */
export function readOwner(dataDir: string): Owner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(join(dataDir, "lock"), "utf8")));
  } catch {
    return undefined;
  }
}

/** The same error, saying who has the folder open. */
export function lockedBy(error: AntigraphError, dataDir: string): AntigraphError {
  const owner = readOwner(dataDir);
  const who = owner ? ` by process ${owner.pid}${owner.url ? `, at ${owner.url}` : ""}` : "";
  return new AntigraphError("data_folder_locked", `The data folder ${dataDir} is open already${who}.`, error.details);
}

/** Writes a whole file or nothing, for the owner's eyes only. */
export function writePrivately(file: string, text: string): void {
  const staging = `${file}.${process.pid}.tmp`;
  rmSync(staging, { force: true });
  writeFileSync(staging, text, { mode: PRIVATE_FILE, flag: "wx", flush: true });
  renameSync(staging, file);
}

export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function writing<T>(dataDir: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new AntigraphError("data_folder_unwritable", `The data folder ${dataDir} can't be used: ${why}`);
  }
}
