/**
 * A registry from which all schemas are gone at once has lost its storage, or another one stands at its address; nobody
 * means to let everything flow unchecked by that. One schema that is gone was deleted.
 */
import { AntigraphError } from "../core/errors.ts";

/** So many are not deleted between two looks by somebody who means it. */
const FEWEST = 2;

/**
 * The subjects that stay as they were known, for a registry that has none of them any more; empty where that isn't so.
 *
 * @param known subjects; without those that are made where there are none
 * @param found what the registry has now
 */
export function lostSubjects(known: Iterable<string>, found: Iterable<string>): string[] {
  const all = [...known];
  const there = new Set(found);
  return all.length >= FEWEST && !all.some((subject) => there.has(subject)) ? all : [];
}

export const emptied = (place: string, lost: readonly string[]): AntigraphError =>
  new AntigraphError(
    "registry_unavailable",
    `${place} has none of the ${lost.length} schemas any more that it had (${lost[0]}, ...): it was emptied, or another ` +
      "one stands there. Register them again, or set validate to false in the profile to let everything flow.",
  );
