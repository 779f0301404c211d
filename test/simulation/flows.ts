/**
 * Random flows: DAGs with chains, diamonds and forks over several services, with built-in steps, sub-journeys, and every
 * setting that changes what is done and undone.
 */
import type { FlowSketch } from "../support/journey-spec.ts";
import type { Random } from "./random.ts";

export const SERVICES = ["alpha", "beta", "gamma"] as const;

export interface SimFlow extends FlowSketch {
  name: string;
  version: string;
  /** step -> `service.function` */
  calls: Record<string, string>;
  negations: Record<string, string[]>;
  steps: Record<string, Record<string, unknown>>;
  policy: Record<string, unknown>;
  /** The services answer its commands with the bold fields only: no step, no attempt. */
  bare: boolean;
}

export const keyOf = (name: string, version: string): string => `${name}@${version}`;

/** The steps by which a flow runs other journeys. */
export const runsJourneys = (flow: SimFlow, step: string): boolean =>
  flow.calls[step] === "manager.journey" || flow.calls[step] === "manager.each";

/** `below`: flows that it may run as sub-journeys; they never lead back to it. */
export function randomFlow(random: Random, name: string, below: readonly string[]): SimFlow {
  const flow: SimFlow = {
    name,
    version: "1",
    edges: {},
    calls: {},
    negations: {},
    steps: {},
    policy: randomPolicy(random),
    bare: random.chance(0.1),
  };
  const size = 1 + random.below(random.chance(0.2) ? 14 : 8);
  for (let index = 0; index < size; index++) addStep(flow, random, `s${index}`, below);
  return flow;
}

/** The same flow, changed here and there: what has run may keep its home, or lose it. */
export function nextVersion(random: Random, flow: SimFlow, version: string, below: readonly string[]): SimFlow {
  const next: SimFlow = structuredClone({ ...flow, version });
  const ids = Object.keys(next.edges);
  const last = ids.at(-1);
  if (last !== undefined && ids.length > 1 && random.chance(0.3)) removeLeaf(next, last);
  for (const id of Object.keys(next.edges)) {
    if (!random.chance(0.2)) continue;
    if (!next.calls[id]?.startsWith("manager.")) undoBy(next, next.calls[id]!, negationsOf(random, id, version));
    if (random.chance(0.5)) delete next.steps[id]?.when;
  }
  if (random.chance(0.7)) addStep(next, random, `v${version}`, below);
  return next;
}

/** A function is undone in the same way wherever it is called. */
function undoBy(flow: SimFlow, call: string, negations: string[]): void {
  for (const id of Object.keys(flow.edges)) if (flow.calls[id] === call) flow.negations[id] = negations;
}

function removeLeaf(flow: SimFlow, id: string): void {
  for (const part of [flow.edges, flow.calls, flow.negations, flow.steps]) delete part[id];
  for (const settings of Object.values(flow.steps)) {
    if (typeof settings.when === "object") delete (settings.when as Record<string, unknown>)[id];
  }
}

function addStep(flow: SimFlow, random: Random, id: string, below: readonly string[]): void {
  const others = Object.keys(flow.edges);
  const count = others.length === 0 ? 0 : random.below(4);
  flow.edges[id] = [...new Set(Array.from({ length: count }, () => random.pick(others)))];
  const builtIn = random.chance(0.22) ? random.pick(["wait", "approve", "journey", "each"]) : undefined;
  if (builtIn !== undefined && (below.length > 0 || builtIn === "wait" || builtIn === "approve")) {
    flow.calls[id] = `manager.${builtIn}`;
    flow.negations[id] = builtIn === "journey" ? ["rollback"] : [];
    flow.steps[id] = builtInSettings(random, builtIn, below);
    return;
  }
  // Two steps that call the same function are told apart by what the service echoes.
  const twin =
    !flow.bare && random.chance(0.08) ? others.find((o) => !flow.calls[o]?.startsWith("manager.")) : undefined;
  flow.calls[id] = twin === undefined ? `${random.pick(SERVICES)}.do_${id}` : flow.calls[twin]!;
  flow.negations[id] = twin === undefined ? negationsOf(random, id, flow.version) : flow.negations[twin]!;
  flow.steps[id] = callSettings(random, flow.edges[id]!);
}

const negationsOf = (random: Random, id: string, version: string): string[] =>
  Array.from({ length: random.below(3) }, (_, n) => `undo_${id}_${n}${version === "1" ? "" : `_v${version}`}`);

function randomPolicy(random: Random): Record<string, unknown> {
  const policy: Record<string, unknown> = { scope: random.pick(["journey", "journey", "journey", "path", "branch"]) };
  if (random.chance(0.2)) policy.deadline = random.pick(["40s", "3m", "10m"]);
  if (random.chance(0.2)) policy.include = "attempted";
  if (random.chance(0.1)) policy.timeout = "10s";
  return policy;
}

function builtInSettings(random: Random, kind: string, below: readonly string[]): Record<string, unknown> {
  if (kind === "wait") {
    return random.chance(0.6)
      ? { for: random.pick(["5s", "1m"]) }
      : { until: random.pick(["2026-11-22T00:10:00Z", "input.at", "'2026-11-22T00:01:00Z'", "1795306000000.0"]) };
  }
  const settings: Record<string, unknown> = random.chance(0.15) ? { totalTimeout: "2m" } : {};
  if (kind === "approve") return random.chance(0.3) ? { ...settings, onTimeout: random.pick(ON_TIMEOUT) } : settings;
  if (random.chance(0.1)) settings.irreversible = true;
  settings.flow = random.chance(0.04) ? "nobody-knows" : random.pick(below);
  if (random.chance(0.2)) settings.version = random.pick(["1", "1", "2"]);
  if (random.chance(0.2)) settings.onTimeout = random.pick(ON_TIMEOUT);
  if (random.chance(0.2)) settings.retry = { maximumAttempts: 2 };
  if (random.chance(0.05)) settings.pivot = true;
  if (kind === "each") {
    settings.items = random.pick(["[1, 2, 3]", "[{'n': 80}, {'n': 10}]", "input.?items.orValue([1])", "input.items"]);
    settings.concurrency = 1 + random.below(3);
  }
  return settings;
}

const ON_TIMEOUT = ["undo", "ignore", "hold"] as const;

function callSettings(random: Random, before: readonly string[]): Record<string, unknown> {
  const settings: Record<string, unknown> = { negationRetry: { maximumAttempts: 1 + random.below(4) } };
  if (random.chance(0.3)) {
    settings.retry = { maximumAttempts: 1 + random.below(3), initialInterval: random.pick(["1s", "20s"]) };
  }
  if (random.chance(0.3)) settings.onTimeout = random.pick(ON_TIMEOUT);
  if (random.chance(0.07)) settings.pivot = true;
  if (random.chance(0.05)) settings.irreversible = true;
  if (random.chance(0.2)) settings.when = randomCondition(random, before);
  if (random.chance(0.12)) settings.input = randomMapping(random, before);
  if (random.chance(0.4)) settings.onServiceDown = random.pick(["fail", "wait", "wait", "ignore"]);
  if (random.chance(0.1)) settings.queueTimeout = "1m";
  if (random.chance(0.1)) settings.totalTimeout = "45s";
  if (random.chance(0.1)) settings.inprogressTimeout = "15s";
  return settings;
}

function randomCondition(random: Random, before: readonly string[]): string | Record<string, string> {
  const input = random.pick([
    "input.?n.orValue(0) > 50",
    "input.?n.orValue(0) <= 50",
    "true",
    "false",
    "input.n > 30",
  ]);
  if (before.length === 0 || random.chance(0.5)) return input;
  const one = random.pick(before);
  return { [one]: random.pick([input, `steps.?${one}.?n.orValue(1) > 40`, `steps.${one}.n > 40`]) };
}

function randomMapping(random: Random, before: readonly string[]): string {
  const mappings = ["input", "{'n': 7}", "{'n': input.n}", "null"];
  return random.pick(
    before.length === 0 ? mappings : [...mappings, `steps.?${random.pick(before)}.orValue({'n': 9})`],
  );
}
