/** What the sample services have in common: how they read their input, name what they make, and log their effects. */
import { createHash } from "node:crypto";
import type Database from "better-sqlite3";
import type { Call, ServiceDefinition } from "../../engine/service/define.ts";

export interface Sample {
  definition: ServiceDefinition;
  /** The service's own tables, numbered. */
  migrations: string[];
}

/** Every effect that really took place, in order, never deleted: two rows of one command would be a doubled effect. */
export const EFFECTS_TABLE = `CREATE TABLE effects (
  n INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  function TEXT NOT NULL,
  journey TEXT NOT NULL,
  step TEXT NOT NULL,
  command TEXT NOT NULL,
  what TEXT NOT NULL
)`;

export type Fields = Record<string, unknown>;

/**
 * The fields of a step's data. After a join data is `{ stepId: output }`: then the fields of all outputs together, so
 * that a service doesn't have to know the names of the steps before it.
 */
export function fieldsOf(data: unknown): Fields {
  if (!isFields(data)) return {};
  const own: Fields = {};
  for (const value of Object.values(data)) {
    if (isFields(value)) Object.assign(own, value);
  }
  return { ...own, ...data };
}

/** What a step hands on: the plain fields it was given (no nested outputs of a join, no remarks) and what it adds. */
export function handOn(data: unknown, added: Fields): Fields {
  const plain = Object.entries(fieldsOf(data)).filter(([name, value]) => !isFields(value) && name !== "note");
  return { ...Object.fromEntries(plain), ...added };
}

export function text(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

export function number(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** An id that a later attempt of the same step would make again. */
export function identifier(prefix: string, call: Call): string {
  return `${prefix}-${createHash("sha256").update(`${call.uuid}/${call.step}`).digest("hex").slice(0, 12)}`;
}

/**
 * Did the undone step do anything? A step that found nothing to take away says so in its output (`removed: false`),
 * and then there is nothing to put back.
 */
export function foundNothing(call: Call, flag: string): boolean {
  return isFields(call.undo?.output) && call.undo.output[flag] === false;
}

/**
 * Which row a function that takes away means. As an undo: what this very step made, whether or not its outcome is
 * known, and never a row that the step only found. As a step of a flow: the row that the data names.
 * `named` is tried in order: columns with the values the data has for them.
 */
export function meantBy(
  call: Call,
  named: [column: string, value: string | undefined][],
): { where: string; values: string[] } {
  if (call.undo) return { where: "journey = ? AND step = ?", values: [call.uuid, call.undo.step] };
  for (const [column, value] of named) {
    if (value !== undefined) return { where: `${column} = ?`, values: [value] };
  }
  return { where: "FALSE", values: [] };
}

export function logEffect(db: Database.Database, call: Call, what: string): void {
  db.prepare("INSERT INTO effects (at, function, journey, step, command, what) VALUES (?, ?, ?, ?, ?, ?)").run(
    new Date().toISOString(),
    call.function,
    call.uuid,
    call.step,
    call.id,
    what,
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
