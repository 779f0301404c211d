/**
 * The flows of the profile, read from `tomanageredits` from its beginning and ever on, without a consumer group: every
 * manager and console knows all of them. The first record of a name and version counts.
 */
import { isDeepStrictEqual } from "node:util";
import type { Bus, BusRecord } from "../bus/bus.ts";
import { compileFlow } from "../core/compile.ts";
import type { CompiledFlow, Finding, NegationList } from "../core/flow.ts";
import { type FlowRecord, flowRecordSchema } from "../core/protocol.ts";
import { type Logger, silent } from "./logger.ts";

export interface FlowEntry {
  record: FlowRecord;
  /** Missing where a finding is an error: such a version can't be started. */
  flow?: CompiledFlow;
  findings: Finding[];
  /** Milliseconds since 1970. */
  publishedAt: number;
  offset: number;
  /** Later records of the same name and version with other content; they are ignored. */
  conflicts: number;
}

export interface FlowRegistry {
  /** Every version, in the order of publishing. */
  list(): FlowEntry[];
  get(name: string, version: string): FlowEntry | undefined;
  /** The version whose first record came last, among those that can be started. */
  newest(name: string): FlowEntry | undefined;
  /** Resolves when everything that is in the topic now has been read. */
  upToDate(): Promise<void>;
  /** Called after each batch that changed something. Returns the way to stop. */
  onChange(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface FlowRegistryOptions {
  bus: Bus;
  topic: string;
  /** The profile's negation list, for records that bring none. */
  negations?: () => NegationList;
  logger?: Logger;
}

/** Resolves when all flows published so far are known. */
export async function createFlowRegistry(options: FlowRegistryOptions): Promise<FlowRegistry> {
  const { bus, topic, logger = silent } = options;
  const entries = new Map<string, FlowEntry>();
  const newest = new Map<string, FlowEntry>();
  const listeners = new Set<() => void>();

  const take = (record: BusRecord): boolean => {
    const parsed = flowRecordSchema.safeParse(parseJson(record.value));
    if (!parsed.success) {
      logger.warn({ offset: record.offset, issues: parsed.error.issues }, "a record of the flows' topic is no flow");
      return false;
    }
    const flow = parsed.data;
    const key = keyOf(flow.name, flow.version);
    const known = entries.get(key);
    if (known) {
      if (isDeepStrictEqual(known.record, flow)) return false;
      known.conflicts++;
      logger.warn(
        { name: flow.name, version: flow.version, offset: record.offset },
        "published again with other content: ignored",
      );
      return true;
    }
    const compiled = compileFlow(flow, { negations: options.negations?.() });
    const entry: FlowEntry = {
      record: flow,
      flow: compiled.flow,
      findings: compiled.findings,
      publishedAt: record.timestamp,
      offset: record.offset,
      conflicts: 0,
    };
    entries.set(key, entry);
    if (entry.flow) newest.set(flow.name, entry);
    return true;
  };

  const subscription = await bus.subscribe(topic, (records) => {
    let changed = false;
    for (const record of records) {
      if (take(record)) changed = true;
    }
    if (changed) for (const listener of listeners) listener();
  });
  await subscription.caughtUp;

  return {
    list: () => [...entries.values()],
    get: (name, version) => entries.get(keyOf(name, version)),
    newest: (name) => newest.get(name),
    upToDate: () => subscription.upToDate(),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => subscription.close(),
  };
}

const keyOf = (name: string, version: string): string => JSON.stringify([name, version]);

function parseJson(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
