/** The words of a journey that free text finds: bounded, so that a journey with much data costs no more than others. */
import type { Journey } from "../core/journey.ts";
import type { StepError } from "../core/protocol.ts";

/** Of input and outputs together; what comes first counts: the name, the input, the outputs in the order of steps. */
const MAX_TEXT_CHARS = 2_000;
const MAX_ERROR_CHARS = 1_000;
/** Of one value: long texts are found by their beginning. */
const MAX_VALUE_CHARS = 300;
const MAX_DEPTH = 12;

export interface JourneyWords {
  text: string;
  errors: string;
}

export function wordsOf(journey: Journey): JourneyWords {
  const text = new BoundedText(MAX_TEXT_CHARS);
  text.add(journey.name);
  text.addValue(journey.input);
  for (const step of Object.values(journey.steps)) text.addValue(step.output);
  if (journey.replayOf !== undefined) text.add(journey.replayOf);
  if (journey.parent) text.add(journey.parent.uuid);
  const errors = new BoundedText(MAX_ERROR_CHARS);
  addError(errors, journey.error);
  for (const step of Object.values(journey.steps)) {
    addError(errors, step.error);
    for (const negation of Object.values(step.undo ?? {})) addError(errors, negation.error);
  }
  return { text: text.toString(), errors: errors.toString() };
}

function addError(text: BoundedText, error: StepError | undefined): void {
  if (!error) return;
  if (error.code !== undefined) text.add(error.code);
  text.add(error.message);
}

const UUID = /\b([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\b/gi;

/** A uuid is one word, so that it takes one entry in the index instead of five. */
export const joinUuids = (text: string): string => text.replace(UUID, "$1$2$3$4$5");

class BoundedText {
  readonly #parts = new Set<string>();
  #left: number;

  constructor(maximumChars: number) {
    this.#left = maximumChars;
  }

  add(value: string): void {
    if (this.#left <= 0 || value === "") return;
    const part = value.slice(0, Math.min(MAX_VALUE_CHARS, this.#left));
    if (this.#parts.has(part)) return;
    this.#parts.add(part);
    this.#left -= part.length + 1;
  }

  /** Texts and numbers anywhere in the value; names of fields and true or false tell journeys apart too little. */
  addValue(value: unknown, depth = 0): void {
    if (this.#left <= 0 || depth > MAX_DEPTH) return;
    if (typeof value === "string") this.add(value);
    else if (typeof value === "number") this.add(String(value));
    else if (Array.isArray(value)) for (const item of value) this.addValue(item, depth + 1);
    else if (typeof value === "object" && value !== null) {
      for (const item of Object.values(value)) this.addValue(item, depth + 1);
    }
  }

  toString(): string {
    return joinUuids([...this.#parts].join(" \n "));
  }
}
