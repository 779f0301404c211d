/** What two versions of a flow differ in: as a list in words, and as texts to lay side by side. */
import { callOf, ownValue, predecessorsOf, type Settings, stepIdsOf, type Workflow } from "./document.ts";

export interface Change {
  kind: "added" | "removed" | "changed";
  /** What it is about: a step's id, or a part of the flow. */
  subject: string;
  text: string;
}

/** Changes of what runs; where nodes stand on the canvas is none. */
export function changesBetween(before: Workflow, after: Workflow): Change[] {
  const changes: Change[] = [];
  const [old, now] = [outline(before), outline(after)];
  for (const id of Object.keys(old.steps))
    if (!Object.hasOwn(now.steps, id)) changes.push({ kind: "removed", subject: id, text: `${id} is gone` });
  for (const [id, step] of Object.entries(now.steps)) {
    const was = ownValue(old.steps, id);
    if (was === undefined) {
      const after = step.after.length === 0 ? "" : `, after ${step.after.join(", ")}`;
      changes.push({ kind: "added", subject: id, text: `${id} calls ${step.call}${after}` });
      continue;
    }
    if (was.call !== step.call)
      changes.push({ kind: "changed", subject: id, text: `${id} calls ${step.call}, not ${was.call}` });
    if (was.after.join() !== step.after.join())
      changes.push({
        kind: "changed",
        subject: id,
        text: `${id} comes after ${list(step.after)}, not ${list(was.after)}`,
      });
    for (const text of settingChanges(was.settings, step.settings))
      changes.push({ kind: "changed", subject: id, text: `${id}: ${text}` });
  }
  for (const text of settingChanges(old.policy, now.policy))
    changes.push({ kind: "changed", subject: "policy", text: `whole flow: ${text}` });
  for (const call of new Set([...Object.keys(old.negations), ...Object.keys(now.negations)])) {
    const [was, is] = [list(old.negations[call] ?? []), list(now.negations[call] ?? [])];
    if (was !== is)
      changes.push({ kind: "changed", subject: "negations", text: `${call} is undone by ${is} (was: ${was})` });
  }
  return changes;
}

/** The flow as text to compare: what runs, step by step, without the canvas; sorted, so that only differences differ. */
export function comparableText(workflow: Workflow): string {
  return `${JSON.stringify(sorted(outline(workflow)), null, 2)}\n`;
}

/** The whole file as text, sorted. */
export function canonicalText(value: unknown): string {
  return `${JSON.stringify(sorted(value), null, 2)}\n`;
}

interface Outline {
  steps: Record<string, { call: string; after: string[]; settings: Settings }>;
  policy: Settings;
  negations: Record<string, string[]>;
}

function outline(workflow: Workflow): Outline {
  const steps: Outline["steps"] = {};
  for (const id of stepIdsOf(workflow).sort()) {
    const type = ownValue(workflow.nodes, id)?.type ?? "";
    steps[id] = {
      call: callOf(workflow, type)?.text ?? type,
      after: predecessorsOf(workflow, id).sort(),
      settings: ownValue(workflow.steps, id) ?? {},
    };
  }
  const negations = Object.entries(workflow.negations ?? {}).flatMap(([service, functions]) =>
    Object.entries(functions).map(([name, undo]) => [`${service}.${name}`, undo] as const),
  );
  return { steps, policy: workflow.policy ?? {}, negations: Object.fromEntries(negations) };
}

function settingChanges(before: Settings, after: Settings): string[] {
  const [old, now] = [flatten(before), flatten(after)];
  const texts: string[] = [];
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(name), now.get(name)];
    if (was === is) continue;
    if (was === undefined) texts.push(`${name} ${is} (was not set)`);
    else if (is === undefined) texts.push(`${name} is no longer set (was ${was})`);
    else texts.push(`${name} ${is} (was ${was})`);
  }
  return texts;
}

/** Nested settings by dotted names, values as JSON. */
function flatten(settings: Settings, prefix = ""): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      for (const [inner, text] of flatten(value as Settings, `${prefix}${name}.`)) flat.set(inner, text);
    else flat.set(prefix + name, Array.isArray(value) ? value.join(", ") || "nothing" : String(value));
  }
  return flat;
}

function list(ids: string[]): string {
  return ids.length === 0 ? "nothing" : ids.join(", ");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
