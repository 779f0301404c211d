/** The worker of the audit cache with faults on demand: for tests of what the host makes of them. */
import { existsSync, writeFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import Database from "better-sqlite3";
import { AuditCache } from "../../engine/audit/cache.ts";

/** An event of this uuid ends the thread; the next thread takes it. */
export const CRASHING_UUID = "0dead000-0000-4000-8000-000000000000";
/** As that, but the next thread answers. */
export const CRASHING_ONCE_UUID = "1dead000-0000-4000-8000-000000000000";
/** A batch with this uuid finds the file damaged, until it has been begun anew. */
export const DAMAGING_UUID = "0bad0000-0000-4000-8000-000000000000";

let isDamaged = false;
const ingest = AuditCache.prototype.ingest;
AuditCache.prototype.ingest = function (records) {
  const isNew = !Object.hasOwn(this.positions(), 0);
  isDamaged ||= !isNew && records.some((record) => record.value?.includes(DAMAGING_UUID));
  if (isDamaged && !isNew) throw new Database.SqliteError("database disk image is malformed", "SQLITE_CORRUPT");
  return ingest.call(this, records);
};

const events = AuditCache.prototype.events;
AuditCache.prototype.events = function (uuid) {
  if (uuid === CRASHING_UUID) process.exit(3);
  if (uuid === CRASHING_ONCE_UUID && !existsSync(`${workerData.file}.crashed`)) {
    writeFileSync(`${workerData.file}.crashed`, "");
    process.exit(3);
  }
  return events.call(this, uuid);
};

if (parentPort) await import("../../engine/audit/worker.ts");
