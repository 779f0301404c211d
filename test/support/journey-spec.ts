/**
 * given(flow).start(input) ... a journey driven by hand through the pure core: `decide`, then the fold. Specs read as
 * requirements: what is said to the journey, what it asks for next.
 */

import type { Start } from "../../engine/core/begin.ts";
import { nextDue } from "../../engine/core/clocks.ts";
import { type Message, messagesOf } from "../../engine/core/commands.ts";
import { compileFlow } from "../../engine/core/compile.ts";
import { decideTurn, type Input } from "../../engine/core/decide.ts";
import type { EventType, JourneyEvent } from "../../engine/core/events.ts";
import { evolve } from "../../engine/core/evolve.ts";
import type { CompiledFlow } from "../../engine/core/flow.ts";
import type { Journey } from "../../engine/core/journey.ts";
import { childUuid } from "../../engine/core/journey-ids.ts";
import { preview } from "../../engine/core/preview.ts";
import { type ActionName, actionDataSchema, toManagerSchema } from "../../engine/core/protocol.ts";
import { toView } from "../../engine/core/to-view.ts";
import {
  type Context,
  DEFAULT_MAXIMUM_DATA_BYTES,
  type Health,
  NO_SCHEMAS,
  type Schemas,
} from "../../engine/core/turn.ts";
import type { Preview } from "../../engine/core/view.ts";

export const UUID = "6f1c2d0e-0000-4000-8000-00000000a920";

export interface FlowSketch {
  name?: string;
  version?: string;
  /** step -> its predecessors; a step's call is `svc.STEP` unless `calls` names another. */
  edges: Record<string, string[]>;
  calls?: Record<string, string>;
  /** step -> negations; the default is `undo_STEP` for each. */
  negations?: Record<string, string[]>;
  steps?: Record<string, Record<string, unknown>>;
  policy?: Record<string, unknown>;
}

/** Schemas that refuse the commands, or the replies, of these functions; of all of them where none is named. */
export function refusing(what: "command" | "reply", ...functions: string[]): Schemas {
  const refuses = (name: string): boolean => functions.length === 0 || functions.includes(name);
  if (what === "command") {
    return {
      ...NO_SCHEMAS,
      command: ({ function: name, data }) =>
        refuses(name) && !isMarked(data) ? `data/fits must be true (${name})` : undefined,
    };
  }
  return {
    ...NO_SCHEMAS,
    reply: (_service, name, data) =>
      refuses(name) && !isMarked(data) ? `data/fits must be true (${name})` : undefined,
  };
}

const isMarked = (data: unknown): boolean => (data as { fits?: boolean } | null)?.fits === true;

/** A flow file from a sketch, as Flume would export it. */
export function flowFile(sketch: FlowSketch): {
  name: string;
  version: string;
  schema_version: string;
  workflow: Record<string, unknown>;
} {
  const nodes: Record<string, Record<string, unknown>> = {};
  const negations: Record<string, Record<string, string[]>> = {};
  const out: Record<string, { nodeId: string; portName: string }[]> = { start: [] };
  for (const [id, predecessors] of Object.entries(sketch.edges)) {
    const inputs: Record<string, { nodeId: string; portName: string }[]> = {};
    const from = predecessors.length === 0 ? ["start"] : predecessors;
    for (const [index, before] of from.entries()) {
      inputs[`after${index}`] = [{ nodeId: before, portName: "next" }];
      out[before] = [...(out[before] ?? []), { nodeId: id, portName: `after${index}` }];
    }
    const type = sketch.calls?.[id] ?? `svc.${id}`;
    nodes[id] = { id, type, x: 0, y: 0, width: 160, inputData: {}, connections: { inputs, outputs: {} } };
    const [service = "", name = ""] = type.split(/\.(?=[^.]*$)/);
    if (service !== "manager") {
      negations[service] = { ...negations[service], [name]: sketch.negations?.[id] ?? [`undo_${name}`] };
    }
  }
  nodes.start = {
    id: "start",
    type: "start",
    x: 0,
    y: 0,
    width: 160,
    inputData: {},
    connections: { inputs: {}, outputs: {} },
  };
  for (const [id, node] of Object.entries(nodes)) {
    const outputs = out[id];
    if (outputs && outputs.length > 0) (node.connections as { outputs: unknown }).outputs = { next: outputs };
  }
  const workflow = { nodes, negations, steps: sketch.steps ?? {}, policy: sketch.policy ?? {} };
  return { name: sketch.name ?? "flow", version: sketch.version ?? "1", schema_version: "1", workflow };
}

export function compiled(sketch: FlowSketch): CompiledFlow {
  const { flow, findings } = compileFlow(flowFile(sketch));
  if (!flow)
    throw new Error(`the sketch doesn't compile: ${JSON.stringify(findings.filter((f) => f.severity === "error"))}`);
  return flow;
}

export function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === "object" && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

export interface ChildSays {
  index?: number;
  output?: unknown;
  attempt?: number;
  error?: Record<string, unknown>;
}

export interface Spec {
  readonly journey: Journey;
  readonly events: JourneyEvent[];
  now: number;
  random: number;
  health: Record<string, Health>;
  flows: CompiledFlow[];
  flow: CompiledFlow;
  /** What the registry says; everything fits unless a spec says otherwise. */
  schemas: Schemas;
  /** Says something to the journey and returns the new events. */
  input(input: Input): JourneyEvent[];
  success(step: string, output?: unknown, attempt?: number): JourneyEvent[];
  failure(
    step: string,
    error?: { code?: string; message?: string; retryable?: boolean },
    attempt?: number,
  ): JourneyEvent[];
  inprogress(step: string): JourneyEvent[];
  undone(step: string, negation?: string): JourneyEvent[];
  /** The end of a sub-journey, or of an element of an `each`. */
  child(step: string, status: "success" | "failure", end?: ChildSays): JourneyEvent[];
  /** Any record of `tomanager`; uuid and service are filled in. */
  reply(fields: Record<string, unknown>): JourneyEvent[];
  undoFails(step: string, negation?: string, retryable?: boolean): JourneyEvent[];
  action(action: ActionName, data?: Record<string, unknown>): JourneyEvent[];
  dryRun(action: ActionName, data?: Record<string, unknown>): Preview;
  /** Moves the clock and fires the timer. */
  after(ms: number): JourneyEvent[];
  /** Moves the clock to the next due time and fires. */
  nextTimer(): JourneyEvent[];
  /** Of the last input's messages: the functions that they call. */
  sent(): string[];
  /** The same as `step.function#attempt`. */
  calls(): string[];
  /** The codes of the events' errors, from `type`s where it is given. */
  codes(type?: EventType): (string | undefined)[];
  last(): JourneyEvent;
  messages(): Message[];
  /** Commands out without an answer, as names of functions. */
  statuses(): Record<string, string>;
  types(): EventType[];
}

/** A journey of the flow, started. State is deep-frozen after every input, and compared with the fold of its events. */
export function given(
  sketch: FlowSketch | CompiledFlow,
  input: unknown = {},
  setup: (spec: Spec) => void = () => {},
  start: Partial<Start> = {},
): Spec {
  const flow = "order" in sketch ? sketch : compiled(sketch);
  let journey: Journey | undefined;
  let folded: Journey | undefined;
  let actions = 0;
  let last: { messages: Message[] } = { messages: [] };
  const events: JourneyEvent[] = [];
  const negationOf = (step: string, name: string | undefined): string => {
    const undo = journey?.steps[step]?.undo ?? {};
    return name ?? Object.keys(undo)[0] ?? "";
  };
  const reply = (
    step: string,
    functionName: string,
    status: string,
    more: Record<string, unknown>,
  ): JourneyEvent[] => {
    const { service } = spec.flow.steps[step]!;
    const value = {
      uuid: UUID,
      name: flow.name,
      version: flow.version,
      service,
      function: functionName,
      status,
      step,
      data: null,
    };
    return spec.input({ kind: "reply", reply: toManagerSchema.parse({ ...value, ...more }) });
  };
  const forward = (step: string): string => spec.flow.steps[step]!.function;
  const dataOf = (data: Record<string, unknown>) =>
    actionDataSchema.parse({ id: `action-${++actions}`, actor: "olga", reason: "because", ...data });
  const spec: Spec = {
    get journey() {
      return journey!;
    },
    events,
    now: Date.parse("2026-11-22T03:12:44.000Z"),
    random: 0,
    health: {},
    flows: [flow],
    flow,
    schemas: NO_SCHEMAS,
    input(given) {
      const ctx: Context = {
        now: spec.now,
        random: spec.random,
        health: (service) => spec.health[service] ?? "unknown",
        flowOf: (name, version) =>
          spec.flows.findLast((f) => f.name === name && (version === undefined || f.version === version)),
        maximumDataBytes: DEFAULT_MAXIMUM_DATA_BYTES,
        schemas: spec.schemas,
      };
      const turn = decideTurn(journey, given, spec.flow, ctx);
      journey = deepFreeze(turn.journey);
      if (spec.flow.version !== journey.version) spec.flow = ctx.flowOf(flow.name, journey.version) ?? spec.flow;
      events.push(...deepFreeze(turn.events));
      folded = foldOn(folded, turn.events, journey);
      last = { messages: turn.events.flatMap((event) => messagesOf(turn.journey, event, spec.flow)) };
      return turn.events;
    },
    success: (step, output = { from: step }, attempt) =>
      reply(step, forward(step), "success", { data: output, attempt }),
    failure: (step, error = {}, attempt) =>
      reply(step, forward(step), "failure", { error: { message: `${step} broke`, ...error }, attempt }),
    inprogress: (step) => reply(step, forward(step), "inprogress", {}),
    undone: (step, name) => reply(step, negationOf(step, name), "success", {}),
    child: (step, status, { index, output = null, attempt = 1, error } = {}) =>
      reply(step, forward(step), status, {
        attempt,
        data: { child: childUuid(UUID, step, attempt, index), index, output },
        error: status === "failure" ? { message: "the child broke", ...error } : undefined,
      }),
    reply: (fields) =>
      spec.input({
        kind: "reply",
        reply: toManagerSchema.parse({ uuid: UUID, service: "svc", data: null, ...fields }),
      }),
    undoFails: (step, name, retryable = true) =>
      reply(step, negationOf(step, name), "failure", { error: { message: "can't", retryable } }),
    action: (action, data = {}) => spec.input({ kind: "action", action, data: dataOf(data) }),
    dryRun: (action, data = {}) =>
      preview(spec.journey, { ...dataOf(data), action }, spec.flow, {
        now: spec.now,
        random: 0,
        health: (service) => spec.health[service] ?? "unknown",
        flowOf: (name, version) =>
          spec.flows.findLast((f) => f.name === name && (version === undefined || f.version === version)),
        maximumDataBytes: DEFAULT_MAXIMUM_DATA_BYTES,
        schemas: spec.schemas,
      }),
    after(ms) {
      spec.now += ms;
      return spec.input({ kind: "timer" });
    },
    nextTimer() {
      const due = nextDue(spec.journey);
      if (due === undefined) throw new Error("no timer is set");
      spec.now = Math.max(spec.now, due);
      return spec.input({ kind: "timer" });
    },
    sent: () => last.messages.map((message) => message.value.function),
    calls: () =>
      last.messages.map(({ value }) =>
        `${value.step ?? ""}.${value.function}#${value.attempt ?? ""}`.replace(/^\./, ""),
      ),
    codes: (type) =>
      events.flatMap((e) => (e.error && (type === undefined || e.type === type) ? [e.error.code] : [])),
    last: () => events[events.length - 1]!,
    messages: () => last.messages,
    statuses: () =>
      Object.fromEntries(Object.entries(toView(spec.journey, spec.flow).steps).map(([id, s]) => [id, s.status])),
    types: () => events.map((event) => event.type),
  };
  setup(spec);
  spec.input({ kind: "start", start: { ...start, uuid: UUID, data: input } });
  return spec;
}

/** Promise 7: the state is the fold of the events as they are written, and seq has no gaps. */
function foldOn(before: Journey | undefined, events: JourneyEvent[], journey: Journey): Journey | undefined {
  let folded = before;
  for (const event of events) {
    if (event.seq !== (folded?.seq ?? 0) + 1) throw new Error(`seq ${event.seq} after ${folded?.seq ?? 0}`);
    folded = evolve(folded, JSON.parse(JSON.stringify(event)));
  }
  const [one, other] = [JSON.stringify(folded), JSON.stringify(journey)];
  if (one !== other) throw new Error(`the fold of the events differs from the state:\n${one}\n${other}`);
  return folded;
}
