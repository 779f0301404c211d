/**
 * The text of a journey's record in the state changelog: its fields in a fixed order, without their names, which would be
 * half of it. What few journeys have stands with its name in an object at the end. Times count from the journey's start.
 */
import type { Journey, OpenAttempt, Step } from "../core/journey.ts";

/** Of a value, in brackets: here it is. A name: found there, apart or in the place of another value. */
type Place = string | [unknown];

/** The names of values. A step's input that is the journey's, or another step's output, has that one's name. */
const JOURNEY_INPUT = "";
const inputOf = (step: string): string => `i:${step}`;
const outputOf = (step: string): string => `o:${step}`;
/** What stands before the step in its values' names. */
const OF_STEP = "o:".length;

/** In place of a value: the step has none. */
const NONE = 0;
const GAVE_UP = 1;
const FORMER = 2;

type JourneyRow = [
  name: string,
  version: string,
  status: Journey["status"],
  seq: number,
  startedAt: number,
  input: Place,
  steps: Record<string, StepRow>,
  rest?: Partial<Journey>,
];
type StepRow = [
  service: string,
  called: string,
  status: Step["status"],
  attempts: number,
  tries: number,
  open: AttemptRow[],
  startedAt: number | null,
  endedAt: number | null,
  clockAt: number | null,
  dueAt: number | null,
  input: Place | typeof NONE,
  output: Place | typeof NONE,
  rest?: Partial<Step>,
];
const INPUT = 10;
const OUTPUT = 11;
/** `id` where it isn't the usual one. */
type AttemptRow = [attempt: number, at: number, flags: number, id?: string];

/** With a place of their own in the row, or known from elsewhere. */
const JOURNEY_FIELDS = new Set<string>([
  "uuid",
  "name",
  "version",
  "status",
  "seq",
  "startedAt",
  "input",
  "steps",
  "actions",
] satisfies (keyof Journey)[]);
const STEP_FIELDS = new Set<string>([
  "service",
  "function",
  "status",
  "attempts",
  "tries",
  "open",
  "startedAt",
  "endedAt",
  "clockAt",
  "dueAt",
  "input",
  "output",
] satisfies (keyof Step)[]);

const commandId = (uuid: string, step: string, attempt: number): string => `${uuid}/${step}/${attempt}`;

/** What lies apart, by name: what isn't here. */
export function partsOf(journey: Journey, isHere: (value: unknown) => boolean): Map<string, unknown> {
  const parts = new Map<string, unknown>();
  if (!isHere(journey.input)) parts.set(JOURNEY_INPUT, journey.input);
  for (const id in journey.steps) {
    const { input, output } = journey.steps[id] as Step;
    if (output !== undefined && !isHere(output)) parts.set(outputOf(id), output);
    if (input === undefined || isHere(input)) continue;
    if (sourceOf(journey, id, input) === inputOf(id)) parts.set(inputOf(id), input);
  }
  return parts;
}

/** By identity: data that was handed on verbatim is the same value in memory. */
function sourceOf(journey: Journey, id: string, input: unknown): string {
  if (input === journey.input) return JOURNEY_INPUT;
  if (typeof input === "object" && input !== null) {
    for (const other in journey.steps) {
      if (other !== id && journey.steps[other]?.output === input) return outputOf(other);
    }
  }
  return inputOf(id);
}

/** The text; `partsOf` has what isn't in it. */
export function writeRecord(journey: Journey, isHere: (value: unknown) => boolean): string {
  const steps: Record<string, StepRow> = {};
  for (const id in journey.steps) steps[id] = stepRow(journey, id, isHere);
  const { name, version, status, seq, startedAt, actions } = journey;
  const input = placeOf(journey.input, JOURNEY_INPUT, isHere);
  const row: JourneyRow = [name, version, status, seq, startedAt, input, steps];
  let rest: Partial<Journey> | undefined = restOf(journey, JOURNEY_FIELDS);
  if (actions.length > 0) rest = { ...rest, actions };
  if (rest !== undefined) row.push(rest);
  return JSON.stringify(row);
}

const placeOf = (value: unknown, name: string, isHere: (value: unknown) => boolean): Place =>
  isHere(value) ? [value] : name;

function stepRow(journey: Journey, id: string, isHere: (value: unknown) => boolean): StepRow {
  const { uuid, startedAt } = journey;
  const step = journey.steps[id] as Step;
  const since = (at: number | undefined): number | null => (at === undefined ? null : at - startedAt);
  const row: StepRow = [
    step.service,
    step.function,
    step.status,
    step.attempts,
    step.tries,
    step.open.map((open) => attemptRow(open, commandId(uuid, id, open.attempt), startedAt)),
    since(step.startedAt),
    since(step.endedAt),
    since(step.clockAt),
    since(step.dueAt),
    step.input === undefined ? NONE : inputPlace(journey, id, step.input, isHere),
    step.output === undefined ? NONE : placeOf(step.output, outputOf(id), isHere),
  ];
  const rest = restOf(step, STEP_FIELDS);
  if (rest !== undefined) row.push(rest);
  return row;
}

function inputPlace(journey: Journey, id: string, input: unknown, isHere: (value: unknown) => boolean): Place {
  const source = sourceOf(journey, id, input);
  return source === inputOf(id) ? placeOf(input, source, isHere) : source;
}

function attemptRow({ attempt, id, at, gaveUp, former }: OpenAttempt, usualId: string, start: number): AttemptRow {
  const flags = (gaveUp ? GAVE_UP : 0) + (former ? FORMER : 0);
  return id === usualId ? [attempt, at - start, flags] : [attempt, at - start, flags, id];
}

function restOf<T extends object>(whole: T, placed: ReadonlySet<string>): Partial<T> | undefined {
  let rest: Partial<T> | undefined;
  for (const name in whole) {
    if (placed.has(name) || whole[name] === undefined) continue;
    rest ??= {};
    rest[name] = whole[name];
  }
  return rest;
}

/** @param part reads what lies apart under a name */
export function readRecord(uuid: string, text: string, part: (name: string) => unknown): Journey {
  const [name, version, status, seq, startedAt, input, rows, rest] = JSON.parse(text) as JourneyRow;
  const valueAt = (place: Place): unknown => (typeof place === "string" ? part(place) : place[0]);
  const steps: Record<string, Step> = {};
  const journey: Journey = { uuid, name, version, status, seq, input: valueAt(input), startedAt, steps, actions: [] };
  if (rest !== undefined) Object.assign(journey, rest);
  for (const id in rows) {
    const row = rows[id] as StepRow;
    const step = readStep(row, uuid, id, startedAt);
    if (row[OUTPUT] !== NONE) step.output = valueAt(row[OUTPUT]);
    steps[id] = step;
  }
  // Behind all outputs: those of one step are the inputs of others.
  for (const id in rows) {
    const place = (rows[id] as StepRow)[INPUT];
    const step = steps[id] as Step;
    if (place === JOURNEY_INPUT) step.input = journey.input;
    else if (typeof place === "string" && place !== inputOf(id)) step.input = steps[place.slice(OF_STEP)]?.output;
    else if (place !== NONE) step.input = valueAt(place);
  }
  return journey;
}

function readStep(row: StepRow, uuid: string, id: string, start: number): Step {
  const [service, called, status, attempts, tries, open, startedAt, endedAt, clockAt, dueAt, , , rest] = row;
  const step: Step = { service, function: called, status, attempts, tries, open: [] };
  for (const [attempt, at, flags, unusual] of open) {
    const gaveUp = (flags & GAVE_UP) !== 0;
    const known: OpenAttempt = { attempt, id: unusual ?? commandId(uuid, id, attempt), at: start + at, gaveUp };
    if (flags & FORMER) known.former = true;
    step.open.push(known);
  }
  if (startedAt !== null) step.startedAt = start + startedAt;
  if (endedAt !== null) step.endedAt = start + endedAt;
  if (clockAt !== null) step.clockAt = start + clockAt;
  if (dueAt !== null) step.dueAt = start + dueAt;
  return rest === undefined ? step : Object.assign(step, rest);
}
