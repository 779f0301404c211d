/**
 * How a journey lies in the state changelog. In flight: a record under `uuid`, rewritten at each change, and what is large
 * apart, written once: the journey's input under `uuid/`, a step's output under `uuid/o:STEP`, and its input under
 * `uuid/i:STEP`. What is small lies in the record: an entry of its own would cost more than writing it again does. A step's
 * input that is just the output of another step (or the journey's input), which is the rule, is neither: the record says
 * whose. Ended: one record under `uuid` with everything in it.
 */
import type { StateEntry } from "../bus/bus.ts";
import type { Journey, Step } from "../core/journey.ts";
import { hasEnded } from "../core/turn.ts";

const UUID_CHARS = 36;

/** Of a value's JSON, roughly. The record has about as much to say of each step. */
const SMALL_CHARS = 256;
/** Not looked through again at each change; data never changes. */
const large = new WeakSet<object>();
/** Parts that were read though they are small: from before small data lay in the record. */
const strays = new WeakMap<Journey, string[]>();

/** `o`: the output lies apart. `i`: where the input is found, as a part's name, if it doesn't stand here. */
type StoredStep = Step & { o?: 1; i?: string };
type Stored = Omit<Journey, "input" | "steps"> & { input?: unknown; steps: Record<string, StoredStep> };

export interface StateChange {
  key: string;
  value: string | null;
  closed?: boolean;
}

/** The changes that take what is stored of a journey from `before` (undefined: nothing) to `after`. */
export function encodeJourney(before: Journey | undefined, after: Journey): StateChange[] {
  if (hasEnded(after)) return encodeEnded(before, after);
  const known = before && !hasEnded(before) ? before : undefined;
  const parts = partsOf(after);
  const former = known && partsOf(known);
  const changes: StateChange[] = [];
  for (const [name, value] of parts) {
    if (former?.has(name) && former.get(name) === value) continue;
    changes.push({ key: `${after.uuid}/${name}`, value: JSON.stringify(value ?? null) });
  }
  for (const name of known && former ? [...former.keys(), ...(strays.get(known) ?? [])] : []) {
    if (!parts.has(name)) changes.push({ key: `${after.uuid}/${name}`, value: null });
  }
  changes.push({ key: after.uuid, value: JSON.stringify(toStored(after)) });
  return changes;
}

function encodeEnded(before: Journey | undefined, after: Journey): StateChange[] {
  const changes: StateChange[] = [{ key: after.uuid, value: JSON.stringify(after), closed: true }];
  if (!before || hasEnded(before)) return changes;
  for (const name of [...partsOf(before).keys(), ...(strays.get(before) ?? [])]) {
    changes.push({ key: `${after.uuid}/${name}`, value: null });
  }
  return changes;
}

/** What lies apart, by name. */
function partsOf(journey: Journey): Map<string, unknown> {
  const parts = new Map<string, unknown>();
  if (!isSmall(journey.input)) parts.set("", journey.input);
  for (const id in journey.steps) {
    const { input, output } = journey.steps[id] as Step;
    if (output !== undefined && !isSmall(output)) parts.set(`o:${id}`, output);
    if (input === undefined || isSmall(input)) continue;
    if (sourceOf(journey, id, input) === `i:${id}`) parts.set(`i:${id}`, input);
  }
  return parts;
}

function toStored(journey: Journey): Stored {
  const steps: Record<string, StoredStep> = {};
  for (const id in journey.steps) {
    const { input, output, ...rest } = journey.steps[id] as Step;
    const stored: StoredStep = rest;
    if (output !== undefined) {
      if (isSmall(output)) stored.output = output;
      else stored.o = 1;
    }
    if (input !== undefined) {
      const source = sourceOf(journey, id, input);
      if (source === `i:${id}` && isSmall(input)) stored.input = input;
      else stored.i = source;
    }
    steps[id] = stored;
  }
  const { input, ...rest } = journey;
  return isSmall(input) ? { ...rest, input, steps } : { ...rest, steps };
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

/** By identity: data that was handed on verbatim is the same value in memory. */
function sourceOf(journey: Journey, id: string, input: unknown): string {
  if (input === journey.input) return "";
  if (typeof input === "object" && input !== null) {
    for (const [other, step] of Object.entries(journey.steps)) {
      if (other !== id && step.output === input) return `o:${other}`;
    }
  }
  return `i:${id}`;
}

/** An ended journey from its one record. */
export const decodeEnded = (record: string): Journey => JSON.parse(record) as Journey;

/** The journeys in flight of a restored partition. Entries come in any order. */
export function* decodeInFlight(entries: Iterable<StateEntry>): Generator<Journey> {
  const records = new Map<string, string>();
  const parts = new Map<string, string>();
  for (const { key, value } of entries) {
    if (key.length === UUID_CHARS) records.set(key, value);
    else parts.set(key, value);
  }
  for (const [uuid, record] of records) yield decodeOpen(record, (name) => parts.get(`${uuid}/${name}`));
}

/** The same from their records alone, as these are: no inputs and outputs, but all clocks. For a fast restart. */
export function* decodeClocks(entries: Iterable<StateEntry>): Generator<Journey> {
  for (const { key, value } of entries) {
    // The key's text, so that it is in memory once.
    if (key.length === UUID_CHARS) yield { ...(JSON.parse(value) as Stored), uuid: key, input: null };
  }
}

/** A journey in flight from its record; `part` reads what lies apart under `uuid/NAME`. */
export function decodeOpen(record: string, part: (name: string) => string | undefined): Journey {
  const stored = JSON.parse(record) as Stored;
  const smallParts: string[] = [];
  const read = (name: string): unknown => {
    const text = part(name);
    const value: unknown = JSON.parse(text ?? "null");
    if (text !== undefined && isSmall(value)) smallParts.push(name);
    return value;
  };
  const input = stored.input === undefined ? read("") : stored.input;
  const steps: Record<string, Step> = {};
  for (const id in stored.steps) {
    const { o, i, ...step } = stored.steps[id] as StoredStep;
    if (o === 1) step.output = read(`o:${id}`);
    steps[id] = step;
  }
  // Behind all outputs: those of one step are the inputs of others.
  for (const id in stored.steps) {
    const source = stored.steps[id]?.i;
    const step = steps[id];
    if (source === undefined || step === undefined) continue;
    if (source === "") step.input = input;
    else if (source === `i:${id}`) step.input = read(source);
    else step.input = steps[source.slice("o:".length)]?.output;
  }
  const journey: Journey = { ...stored, input, steps };
  if (smallParts.length > 0) strays.set(journey, smallParts);
  return journey;
}
