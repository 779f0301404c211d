/** Random flows: DAGs with chains, diamonds and forks, every setting that changes what is undone. */
import type { FlowSketch } from "../support/journey-spec.ts";
import type { Random } from "./random.ts";

export interface SimFlow extends FlowSketch {
  name: string;
  version: string;
  negations: Record<string, string[]>;
}

export function randomFlow(random: Random, name: string): SimFlow {
  const size = 1 + random.below(12);
  const edges: Record<string, string[]> = {};
  const negations: Record<string, string[]> = {};
  const steps: Record<string, Record<string, unknown>> = {};
  for (let index = 0; index < size; index++) {
    const id = `s${index}`;
    const before = Array.from({ length: index === 0 ? 0 : random.below(4) }, () => `s${random.below(index)}`);
    edges[id] = [...new Set(before)];
    negations[id] = Array.from({ length: random.below(3) }, (_, n) => `undo_${id}_${n}`);
    steps[id] = randomSettings(random);
  }
  const policy: Record<string, unknown> = { scope: random.pick(["journey", "journey", "journey", "path", "branch"]) };
  if (random.chance(0.1)) policy.deadline = "10m";
  if (random.chance(0.2)) policy.include = "attempted";
  return { name, version: "1", edges, negations, steps, policy };
}

function randomSettings(random: Random): Record<string, unknown> {
  const settings: Record<string, unknown> = { negationRetry: { maximumAttempts: 1 + random.below(4) } };
  if (random.chance(0.3)) settings.retry = { maximumAttempts: 1 + random.below(3), initialInterval: "1s" };
  if (random.chance(0.3)) settings.onTimeout = random.pick(["undo", "ignore", "hold"]);
  if (random.chance(0.05)) settings.pivot = true;
  if (random.chance(0.05)) settings.irreversible = true;
  if (random.chance(0.15)) settings.when = random.pick(["input.n > 50", "input.n <= 50", "true"]);
  if (random.chance(0.2)) settings.onServiceDown = random.pick(["fail", "wait", "ignore"]);
  if (random.chance(0.1)) settings.totalTimeout = "45s";
  return settings;
}
