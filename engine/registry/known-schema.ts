/** A subject as it is known here: its newest version, and what its events are checked by. */
import { AntigraphError } from "../core/errors.ts";
import type { RegisteredSchema } from "./client.ts";
import { type Check, compileSchema } from "./compile.ts";

export interface KnownSchema {
  /** The newest version in the registry. */
  newest: RegisteredSchema;
  /** Why the newest can't be used. */
  error?: string;
  /** The newest version that can be used; missing where none is known: then nothing of this subject flows. */
  inForce?: { schema: RegisteredSchema; check: Check };
}

/** @param before as it was known until now: what can't be used doesn't take its place */
export function knownSchema(newest: RegisteredSchema, before: KnownSchema | undefined): KnownSchema {
  if (before && isSame(before.newest, newest)) return before;
  try {
    return { newest, inForce: { schema: newest, check: compileSchema(newest) } };
  } catch (error) {
    if (!(error instanceof AntigraphError)) throw error;
    return { newest, error: error.message, ...(before?.inForce && { inForce: before.inForce }) };
  }
}

/** What is wrong with a value, and by which schema; undefined when it fits. */
export function misfit({ newest, error, inForce }: KnownSchema, value: unknown, what: string): string | undefined {
  if (!inForce) return `nothing can be checked by version ${newest.version} of ${error}`;
  const found = inForce.check(value, what);
  return found && `${found} (${newest.subject}, version ${inForce.schema.version})`;
}

const isSame = (one: RegisteredSchema, other: RegisteredSchema): boolean =>
  one.version === other.version && one.id === other.id && one.schema === other.schema;
