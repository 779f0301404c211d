/**
 * How a journey lies in the state changelog. In flight: a small record under `uuid`, rewritten at each change, and what
 * is large apart, written once: the journey's input under `uuid/`, a step's output under `uuid/o:STEP`, and its input
 * under `uuid/i:STEP` where it isn't just the output of another step (or the journey's input), which is the rule. Ended:
 * one record under `uuid` with everything in it.
 */
import type { StateEntry } from "../bus/bus.ts";
import type { Journey, Step } from "../core/journey.ts";
import { hasEnded } from "../core/turn.ts";

const UUID_CHARS = 36;

/** `o`: the output lies apart. `i`: where the input is found, as a part's name. */
type StoredStep = Omit<Step, "input" | "output"> & { o?: 1; i?: string };
type Stored = Omit<Journey, "input" | "steps"> & { steps: Record<string, StoredStep> };

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
  changes.push({ key: after.uuid, value: JSON.stringify(toStored(after)) });
  return changes;
}

function encodeEnded(before: Journey | undefined, after: Journey): StateChange[] {
  const changes: StateChange[] = [{ key: after.uuid, value: JSON.stringify(after), closed: true }];
  if (!before || hasEnded(before)) return changes;
  for (const name of partsOf(before).keys()) changes.push({ key: `${after.uuid}/${name}`, value: null });
  return changes;
}

/** What lies apart, by name. */
function partsOf(journey: Journey): Map<string, unknown> {
  const parts = new Map<string, unknown>([["", journey.input]]);
  for (const [id, step] of Object.entries(journey.steps)) {
    if (step.output !== undefined) parts.set(`o:${id}`, step.output);
    if (step.input !== undefined && sourceOf(journey, id, step.input) === `i:${id}`) parts.set(`i:${id}`, step.input);
  }
  return parts;
}

function toStored(journey: Journey): Stored {
  const steps: Record<string, StoredStep> = {};
  for (const [id, { input, output, ...rest }] of Object.entries(journey.steps)) {
    const stored: StoredStep = rest;
    if (output !== undefined) stored.o = 1;
    if (input !== undefined) stored.i = sourceOf(journey, id, input);
    steps[id] = stored;
  }
  const { input: _apart, ...record } = { ...journey, steps };
  return record;
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
  const read = new Map<string, unknown>();
  const value = (name: string): unknown => {
    if (!read.has(name)) read.set(name, JSON.parse(part(name) ?? "null"));
    return read.get(name);
  };
  const steps: Record<string, Step> = {};
  for (const [id, { o, i, ...rest }] of Object.entries(stored.steps)) {
    const step: Step = rest;
    if (i !== undefined) step.input = value(i);
    if (o === 1) step.output = value(`o:${id}`);
    steps[id] = step;
  }
  return { ...stored, input: value(""), steps };
}
