/**
 * A journey's record as earlier releases wrote it, with the name of each field: read as long as it can lie in a changelog,
 * never written.
 */
import type { Journey, Step } from "../core/journey.ts";

/** `o`: the output lies apart. `i`: where the input is found, as a part's name, if it doesn't stand here. */
type NamedStep = Step & { o?: 1; i?: string };
type Named = Omit<Journey, "input" | "steps"> & { input?: unknown; steps: Record<string, NamedStep> };

/** As `readRecord` of journey-record.ts. */
export function readNamedRecord(uuid: string, text: string, part: (name: string) => unknown): Journey {
  const named = JSON.parse(text) as Named;
  const input = named.input === undefined ? part("") : named.input;
  const steps: Record<string, Step> = {};
  for (const id in named.steps) {
    const { o, i, ...step } = named.steps[id] as NamedStep;
    if (o === 1) step.output = part(`o:${id}`);
    steps[id] = step;
  }
  // Behind all outputs: those of one step are the inputs of others.
  for (const id in named.steps) {
    const source = named.steps[id]?.i;
    const step = steps[id];
    if (source === undefined || step === undefined) continue;
    if (source === "") step.input = input;
    else if (source === `i:${id}`) step.input = part(source);
    else step.input = steps[source.slice("o:".length)]?.output;
  }
  return { ...named, uuid, input, steps };
}
