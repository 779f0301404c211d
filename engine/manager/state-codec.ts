/**
 * How a journey lies in the state changelog. In flight: a record under `uuid`, rewritten at each change, and what is large
 * apart, written once: the journey's input under `uuid/`, a step's output under `uuid/o:STEP`, and its input under
 * `uuid/i:STEP`. What is small lies in the record: an entry of its own would cost more than writing it again does. A step's
 * input that is just the output of another step (or the journey's input), which is the rule, is neither: the record says
 * whose. Ended: one record under `uuid` with everything in it. The record's text: journey-record.ts.
 */
import type { StateEntry } from "../bus/bus.ts";
import type { Journey } from "../core/journey.ts";
import { hasEnded } from "../core/turn.ts";
import { partsOf, readRecord, writeRecord } from "./journey-record.ts";
import { readNamedRecord } from "./named-record.ts";

const UUID_CHARS = 36;

/** Of a value's JSON, roughly. The record has about as much to say of each step. */
const SMALL_CHARS = 256;
/** Not looked through again at each change; data never changes. */
const large = new WeakSet<object>();
/** Parts that were read though they are small: from before small data lay in the record. */
const strays = new WeakMap<Journey, string[]>();

export interface StateChange {
  key: string;
  value: string | null;
  closed?: boolean;
}

/** The changes that take what is stored of a journey from `before` (undefined: nothing) to `after`. */
export function encodeJourney(before: Journey | undefined, after: Journey): StateChange[] {
  if (hasEnded(after)) return encodeEnded(before, after);
  const known = before && !hasEnded(before) ? before : undefined;
  const parts = partsOf(after, isSmall);
  const former = known && partsOf(known, isSmall);
  const changes: StateChange[] = [];
  for (const [name, value] of parts) {
    if (former?.has(name) && former.get(name) === value) continue;
    changes.push({ key: `${after.uuid}/${name}`, value: JSON.stringify(value ?? null) });
  }
  for (const name of known && former ? [...former.keys(), ...(strays.get(known) ?? [])] : []) {
    if (!parts.has(name)) changes.push({ key: `${after.uuid}/${name}`, value: null });
  }
  changes.push({ key: after.uuid, value: writeRecord(after, isSmall) });
  return changes;
}

function encodeEnded(before: Journey | undefined, after: Journey): StateChange[] {
  const changes: StateChange[] = [{ key: after.uuid, value: writeRecord(after, () => true), closed: true }];
  if (!before || hasEnded(before)) return changes;
  for (const name of [...partsOf(before, isSmall).keys(), ...(strays.get(before) ?? [])]) {
    changes.push({ key: `${after.uuid}/${name}`, value: null });
  }
  return changes;
}

/** The same answer before and after a value was JSON: where it lies must be known from the value alone. */
function isSmall(value: unknown): boolean {
  const isObject = typeof value === "object" && value !== null;
  if (isObject && large.has(value)) return false;
  const small = charsLeft(value, SMALL_CHARS) >= 0;
  if (isObject && !small) large.add(value);
  return small;
}

/** Of so many, when this value has been written; negative when they don't do. */
function charsLeft(value: unknown, chars: number): number {
  if (typeof value === "string") return chars - value.length - 2;
  // Numbers that JSON doesn't know become null.
  if (typeof value !== "object" || value === null) return chars - 8;
  let left = chars - 2;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (left < 0) break;
      left = charsLeft(item, left - 1);
    }
    return left;
  }
  for (const name in value) {
    if (left < 0) break;
    const item = (value as Record<string, unknown>)[name];
    if (item !== undefined) left = charsLeft(item, left - name.length - 4);
  }
  return left;
}

/** An ended journey from its one record. */
export const decodeEnded = (uuid: string, record: string): Journey =>
  isNamed(record) ? (JSON.parse(record) as Journey) : readRecord(uuid, record, () => null);

/** The journeys in flight of a restored partition. Entries come in any order. */
export function* decodeInFlight(entries: Iterable<StateEntry>): Generator<Journey> {
  const records = new Map<string, string>();
  const parts = new Map<string, string>();
  for (const { key, value } of entries) {
    if (key.length === UUID_CHARS) records.set(key, value);
    else parts.set(key, value);
  }
  for (const [uuid, record] of records) yield decodeOpen(uuid, record, (name) => parts.get(`${uuid}/${name}`));
}

/** The same from their records alone: without what lies apart, but with all clocks. For a fast restart. */
export function* decodeClocks(entries: Iterable<StateEntry>): Generator<Journey> {
  for (const { key, value } of entries) {
    if (key.length === UUID_CHARS) yield readerOf(value)(key, value, () => null);
  }
}

/** A journey in flight from its record; `part` reads what lies apart under `uuid/NAME`. */
export function decodeOpen(uuid: string, record: string, part: (name: string) => string | undefined): Journey {
  const smallParts: string[] = [];
  const read = (name: string): unknown => {
    const text = part(name);
    const value: unknown = JSON.parse(text ?? "null");
    if (text !== undefined && isSmall(value)) smallParts.push(name);
    return value;
  };
  const journey = readerOf(record)(uuid, record, read);
  if (smallParts.length > 0) strays.set(journey, smallParts);
  return journey;
}

/** Earlier releases wrote the names of all fields. */
const isNamed = (record: string): boolean => record.startsWith("{");

const readerOf = (record: string): typeof readRecord => (isNamed(record) ? readNamedRecord : readRecord);
