/** The subjects that events of this profile are checked by, registered or not: topics, and functions in both directions. */
import type { CompiledFlow } from "../core/flow.ts";
import { MANAGER } from "../core/protocol.ts";
import type { ServiceHealth } from "../manager/health.ts";
import type { KnownSchema } from "../registry/known-schema.ts";
import {
  type CheckedTopics,
  type FunctionSubject,
  functionSubject,
  parseSubject,
  type TopicSubject,
  topicSubject,
} from "../registry/subjects.ts";
import type { SchemaSubject } from "./schemas/schema.ts";

/** Functions as `service.function`: of what flows call and undo, and of what services say they have. */
export function catalogueOf(flows: Iterable<CompiledFlow>, health: readonly ServiceHealth[]): Set<string> {
  const calls = new Set<string>();
  for (const { service, functions } of health) for (const name of functions) calls.add(`${service}.${name}`);
  for (const flow of flows) {
    for (const { service, function: called, negations } of Object.values(flow.steps)) {
      if (service !== MANAGER) for (const name of [called, ...negations]) calls.add(`${service}.${name}`);
    }
  }
  return calls;
}

/** Topics first, then functions by name; also what is registered for functions that nobody has named. */
export function schemaSubjects(
  calls: ReadonlySet<string>,
  known: ReadonlyMap<string, KnownSchema>,
  topics: CheckedTopics,
): SchemaSubject[] {
  const names = [topics.fromManager, topics.toManager];
  const ofFunctions = [...calls].flatMap((call) => {
    const dot = call.lastIndexOf(".");
    return names.map((topic) => functionSubject(topic, call.slice(0, dot), call.slice(dot + 1)));
  });
  const all = new Set([...names.map(topicSubject), ...ofFunctions, ...known.keys()]);
  return [...all]
    .flatMap((subject) => {
      const about = parseSubject(subject, topics);
      return about ? [shownSubject(subject, about, known.get(subject))] : [];
    })
    .sort((a, b) => rankOf(a) - rankOf(b) || nameOf(a).localeCompare(nameOf(b)) || a.topic.localeCompare(b.topic));
}

const rankOf = ({ kind }: SchemaSubject): number => (kind === "topic" ? 0 : 1);
const nameOf = ({ service = "", function: called = "" }: SchemaSubject): string => `${service}.${called}`;

/** A subject as the API shows it; `known` is undefined where nothing is registered. */
export function shownSubject(
  subject: string,
  about: TopicSubject | FunctionSubject,
  known: KnownSchema | undefined,
): SchemaSubject {
  if (!known) return { subject, ...about };
  const { newest, error, inForce } = known;
  const inForceVersion = inForce?.schema.version ?? 0;
  return {
    ...{ subject, ...about, version: newest.version, id: newest.id, schema: parsed(newest.schema) },
    ...(inForceVersion !== newest.version && { in_force: inForceVersion }),
    ...(error !== undefined && { error }),
  };
}

/** Of other languages than JSON Schema the text. */
function parsed(schema: string): unknown {
  try {
    return JSON.parse(schema);
  } catch {
    return schema;
  }
}
