/** Changes of a flow's settings: per step, flow-wide, the negations of functions, and the meaning of node types. */
import type { NegationList } from "../../engine/core/flow.ts";
import {
  type Call,
  callOf,
  type FlowDocument,
  negationsOf,
  ownValue,
  type Settings,
  stepIdsOf,
  type Workflow,
} from "./document.ts";

/** Reads a setting by its path, such as ["retry", "maximumAttempts"]. */
export function settingAt(settings: Settings | undefined, path: readonly string[]): unknown {
  let value: unknown = settings;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Object.entries(value).find(([key]) => key === name)?.[1];
  }
  return value;
}

/** Sets a step's setting; undefined takes it away, so that the default holds again. */
export function setSetting(
  document: FlowDocument,
  id: string,
  path: readonly string[],
  value: unknown,
): FlowDocument {
  const { workflow } = document;
  if (!Object.hasOwn(workflow.nodes, id)) return document;
  const old = ownValue(workflow.steps, id) ?? {};
  if (sameJson(settingAt(old, path), value)) return document;
  const { [id]: _replaced, ...others } = workflow.steps ?? {};
  const settings = assign(old, path, value);
  const steps = Object.keys(settings).length === 0 ? others : { ...workflow.steps, [id]: settings };
  return { ...document, workflow: withPart(workflow, "steps", steps) };
}

/** Sets one of the flow's policies: a flow-wide setting, or the flow's default of a step's setting. */
export function setPolicy(document: FlowDocument, path: readonly string[], value: unknown): FlowDocument {
  const { workflow } = document;
  if (sameJson(settingAt(workflow.policy, path), value)) return document;
  return { ...document, workflow: withPart(workflow, "policy", assign(workflow.policy ?? {}, path, value)) };
}

/**
 * Says what undoes a function. A flow with no list of its own gets one with the first change: what the profile says of
 * the functions in the flow, so that nothing else changes by this.
 */
export function setNegations(
  document: FlowDocument,
  call: Call,
  functions: string[],
  profile: NegationList | undefined,
): FlowDocument {
  const { workflow } = document;
  if (sameJson(negationsOf(workflow, call, profile), functions)) return document;
  const negations: NegationList = { ...(workflow.negations ?? usedNegations(workflow, profile)) };
  const { [call.function]: _replaced, ...others } = ownValue(negations, call.service) ?? {};
  negations[call.service] = functions.length === 0 ? others : { ...others, [call.function]: functions };
  if (Object.keys(negations[call.service] ?? {}).length === 0) delete negations[call.service];
  return { ...document, workflow: { ...workflow, negations } };
}

/** Says which call a node type means; undefined takes the mapping away. */
export function mapType(document: FlowDocument, type: string, call: string | undefined): FlowDocument {
  const { workflow } = document;
  if (ownValue(workflow.types, type) === call) return document;
  const { [type]: _replaced, ...others } = workflow.types ?? {};
  const types = call === undefined ? others : { ...others, [type]: call };
  return { ...document, workflow: withPart(workflow, "types", types) };
}

export function renameFlow(document: FlowDocument, name: string): FlowDocument {
  return document.name === name ? document : { ...document, name };
}

/** The part of the profile's list that the flow's functions need. */
export function usedNegations(workflow: Workflow, profile: NegationList | undefined): NegationList {
  const used: NegationList = {};
  for (const id of stepIdsOf(workflow)) {
    const call = callOf(workflow, ownValue(workflow.nodes, id)?.type ?? "");
    if (call === undefined) continue;
    const functions = negationsOf({}, call, profile);
    if (functions.length > 0) used[call.service] = { ...used[call.service], [call.function]: functions };
  }
  return used;
}

function assign(settings: Settings, path: readonly string[], value: unknown): Settings {
  const [name, ...rest] = path;
  if (name === undefined) return settings;
  const { [name]: old, ...others } = settings;
  const inner = rest.length === 0 ? value : assign(isRecord(old) ? old : {}, rest, value);
  const empty = inner === undefined || (rest.length > 0 && isRecord(inner) && Object.keys(inner).length === 0);
  return empty ? others : { ...settings, [name]: inner };
}

function withPart(workflow: Workflow, part: "steps" | "policy" | "types", value: object): Workflow {
  const { [part]: _replaced, ...rest } = workflow;
  return Object.keys(value).length === 0 ? rest : { ...workflow, [part]: value };
}

function isRecord(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sameJson(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
