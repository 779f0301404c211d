/**
 * A registry from which all schemas are gone at once has lost its storage, or another one stands at its address; nobody
 * means to let everything flow unchecked by that. One schema that is gone was deleted.
 */
import { AntigraphError } from "../core/errors.ts";

/** So many are not deleted between two looks by somebody who means it. */
const FEWEST = 2;

/**
 * The subjects that stay as they were known until the registry has them again: all, whenever it has none of them any more;
 * after that, those that haven't come back.
 *
 * @param known subjects, the lost ones too; without those that are made where there are none
 * @param lost what was answered last
 * @param found what the registry has now
 */
export function lostSubjects(known: readonly string[], lost: readonly string[], found: Iterable<string>): string[] {
  const there = new Set(found);
  if (known.length >= FEWEST && !known.some((subject) => there.has(subject))) return [...known];
  return lost.filter((subject) => known.includes(subject) && !there.has(subject));
}

/** So many are named. */
const NAMED = 3;

const named = (subjects: readonly string[]): string =>
  subjects.slice(0, NAMED).join(", ") + (subjects.length > NAMED ? ", ..." : "");

export const emptied = (place: string, lost: readonly string[]): AntigraphError =>
  new AntigraphError(
    "registry_unavailable",
    `${place} was emptied, or another one stands there: it doesn't have ${lost.length} of its schemas any more ` +
      `(${named(lost)}). Register them again, or set validate to false in the profile to let everything flow.`,
  );
