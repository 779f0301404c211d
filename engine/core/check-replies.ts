/**
 * Warns where replies can't be told apart. A reply that names no `step` and `attempt` goes to the oldest unsettled
 * attempt of its service and function; that is ambiguous as soon as two calls of one function can be unsettled at once.
 */
import { listed, type Report } from "./check-report.ts";
import type { CompiledFlow, FlowStep } from "./flow.ts";
import { ancestors, areParallel } from "./graph.ts";
import { MANAGER } from "./protocol.ts";
import type { WrittenPolicy, WrittenSettings } from "./settings.ts";

/** A function that some step calls, forward or to undo itself. */
interface Call {
  step: FlowStep;
  undo: boolean;
  /** Its retries were asked for, so an attempt given up on may stay open after it succeeded. */
  lingers: boolean;
}

type Retries = (id: string, kind: "retry" | "negationRetry") => boolean;

/** Only for graphs without cycles. */
export function reportAmbiguousReplies(
  flow: CompiledFlow,
  settings: ReadonlyMap<string, WrittenSettings>,
  policy: WrittenPolicy,
  report: Report,
): void {
  const retries: Retries = (id, kind) =>
    (settings.get(id)?.[kind]?.maximumAttempts ?? policy[kind]?.maximumAttempts ?? 1) > 1;
  for (const [name, calls] of callsByFunction(flow, retries)) {
    const ambiguous = ambiguousAmong(flow, calls);
    const [first] = ambiguous;
    if (!first) continue;
    report.warning(
      "ambiguous_replies",
      `Calls of ${name} can be under way at the same time: ${listed(ambiguous.map(describe), "")}. A reply without ` +
        "`step` would go to the oldest of them. Make sure that the service echoes `step` and `attempt`, or use " +
        "different functions.",
      first.step.id,
    );
  }
}

/** Warns of retries that someone asked for: without echo a late reply to one attempt is taken for the next one's. */
export function reportRetriesWithoutEcho(
  flow: CompiledFlow,
  settings: ReadonlyMap<string, WrittenSettings>,
  policy: WrittenPolicy,
  report: Report,
): void {
  for (const kind of ["retry", "negationRetry"] as const) {
    const what = kind === "retry" ? "attempts" : "attempts of a negation";
    const warn = (where: string, attempts: number, node?: string) =>
      report.warning(
        "retry_without_echo",
        `${where}.${kind} makes up to ${attempts} ${what}. A late reply to one is taken for the next one's, unless the ` +
          "service echoes `step` and `attempt`. Make sure that it does, or leave the retries out.",
        node,
      );
    const common = policy[kind]?.maximumAttempts ?? 1;
    if (common > 1) warn("policy", common);
    for (const step of Object.values(flow.steps)) {
      if (step.service === MANAGER || (kind === "negationRetry" && step.negations.length === 0)) continue;
      const own = settings.get(step.id)?.[kind]?.maximumAttempts ?? 1;
      if (own > 1) warn(`steps.${step.id}`, own, step.id);
    }
  }
}

function callsByFunction(flow: CompiledFlow, retries: Retries): Map<string, Call[]> {
  const calls = new Map<string, Call[]>();
  const add = (step: FlowStep, called: string, call: Call) => {
    const name = `${step.service}.${called}`;
    const known = calls.get(name);
    if (known) known.push(call);
    else calls.set(name, [call]);
  };
  for (const id of flow.order) {
    const step = flow.steps[id];
    if (!step || step.service === MANAGER) continue;
    add(step, step.function, { step, undo: false, lingers: retries(id, "retry") });
    for (const negation of step.negations) {
      add(step, negation, { step, undo: true, lingers: retries(id, "negationRetry") });
    }
  }
  return calls;
}

function ambiguousAmong(flow: CompiledFlow, calls: readonly Call[]): Call[] {
  return calls.filter((one) => calls.some((other) => one !== other && atOnce(flow, one, other)));
}

/**
 * Whether two calls of one function can both have unsettled attempts.
 * - A step and a step after it: only while an attempt of the first lingers.
 * - An undo and the undo of a step before it: likewise, the later step is undone first.
 * - An undo and a forward step: unless that step comes before the undone one and so has succeeded. A step after it may
 *   have timed out, which leaves its attempt open; a parallel one may be in flight.
 */
function atOnce(flow: CompiledFlow, one: Call, other: Call): boolean {
  if (one.undo !== other.undo) {
    const [undo, forward] = one.undo ? [one, other] : [other, one];
    return forward.lingers || !ancestors(flow, undo.step.id).has(forward.step.id);
  }
  if (areParallel(flow, one.step.id, other.step.id)) return true;
  const oneIsBefore = ancestors(flow, other.step.id).has(one.step.id);
  const goesFirst = oneIsBefore === one.undo ? other : one;
  return goesFirst.lingers;
}

function describe({ step, undo }: Call): string {
  return undo ? `the undo of ${step.service}.${step.function} (${step.id})` : `step ${step.id}`;
}
