/** One partition of the manager in memory: what is said to it, what it gives to the bus, and a restart from that. */
import type { BusRecord, NewRecord } from "../../../engine/bus/bus.ts";
import type { JourneyEvent } from "../../../engine/core/events.ts";
import type { CompiledFlow } from "../../../engine/core/flow.ts";
import { partitionFor } from "../../../engine/core/murmur2.ts";
import { type FromManager, MANAGER, TOPICS } from "../../../engine/core/protocol.ts";
import type { Health } from "../../../engine/core/turn.ts";
import type { FlowEntry } from "../../../engine/manager/flows.ts";
import { type BatchOutput, ManagerPartition, type PartitionDeps } from "../../../engine/manager/partition.ts";
import { compiled, type FlowSketch, flowFile, UUID } from "../../support/journey-spec.ts";

const PARTITIONS = 12;
export const HOME = partitionFor(UUID, PARTITIONS);

export interface PartitionFixture {
  now: number;
  health: Record<string, Health>;
  schemas: PartitionDeps["schemas"];
  /** Milliseconds for which a service has been holding its records. */
  held: Record<string, number>;
  /** What is published behind what the manager has read: known once it reads to the end. */
  unread: FlowSketch[];
  /** What the bus keeps of the outputs. */
  state: Map<string, { value: string; closed: boolean }>;
  /** Everything sent so far, by topic. */
  sent: NewRecord[];
  /** A record of `tomanager`; a reply of `svc` unless another service is named. */
  record(value: Record<string, unknown>, more?: Partial<BusRecord>): BusRecord;
  start(uuid?: string): BusRecord;
  success(step: string, uuid?: string): BusRecord;
  /** One call of `process`; without records a timer's. */
  work(...records: BusRecord[]): BatchOutput;
  serviceChanged(service: string): boolean;
  /** The bus was away, and is back. */
  readAgain(): void;
  nextDue(): number | null;
  inFlight(): number;
  /** A new owner of the partition, which knows only what the bus keeps. `flows: "unread"`: it has read no flows yet. */
  restart(flows?: "unread"): void;
  types(uuid?: string): string[];
  commands(): FromManager[];
}

export function onPartition(...sketches: FlowSketch[]): PartitionFixture {
  const entries = new Map<string, FlowEntry>();
  const publish = (sketch: FlowSketch): void => {
    const flow = compiled(sketch);
    entries.set(`${flow.name}/${flow.version}`, entryOf(sketch, flow, entries.size));
  };
  sketches.forEach(publish);
  const deps: PartitionDeps = {
    topics: TOPICS,
    partitions: PARTITIONS,
    random: () => 0,
    get schemas() {
      return fixture.schemas;
    },
    flows: {
      list: () => [...entries.values()],
      get: (name, version) => entries.get(`${name}/${version}`),
      newest: (name) => [...entries.values()].findLast(({ record }) => record.name === name),
      async upToDate() {
        fixture.unread.splice(0).forEach(publish);
      },
      onChange: () => () => {},
      close: async () => {},
    },
    health: {
      services: () => [],
      of: (service) => fixture.health[service] ?? "unknown",
      heldMs: (service) => fixture.held[service] ?? 0,
      onChange: () => () => {},
      close: async () => {},
    },
  };
  const owner = (): ManagerPartition => {
    const open = [...fixture.state].flatMap(([key, { value, closed }]) => (closed ? [] : [{ key, value }]));
    return new ManagerPartition(HOME, deps, open, (key) => fixture.state.get(key)?.value);
  };
  let offset = 0;
  const fixture: PartitionFixture = {
    now: Date.parse("2026-11-22T03:00:00.000Z"),
    health: {},
    schemas: undefined,
    held: {},
    unread: [],
    state: new Map(),
    sent: [],
    record: (value, more = {}) => ({
      topic: TOPICS.toManager,
      partition: HOME,
      offset: offset++,
      timestamp: fixture.now,
      key: UUID,
      value: JSON.stringify({ uuid: UUID, name: "flow", service: "svc", status: "success", data: null, ...value }),
      headers: {},
      ...more,
    }),
    start: (uuid = UUID) => fixture.record({ uuid, service: MANAGER, function: "start" }),
    success: (step, uuid = UUID) => fixture.record({ uuid, function: step, data: { from: step } }),
    work(...records) {
      const output = partition.process(records, fixture.now);
      for (const { key, value, closed = false } of output.state) {
        if (value === null) fixture.state.delete(key);
        else fixture.state.set(key, { value, closed });
      }
      fixture.sent.push(...output.records);
      return output;
    },
    readAgain: () => partition.readAgain(fixture.now),
    serviceChanged: (service) => partition.serviceChanged(service, fixture.now),
    nextDue: () => partition.nextDue(),
    inFlight: () => partition.inFlight,
    restart(flows) {
      if (flows === "unread") {
        fixture.unread.unshift(...sketches);
        entries.clear();
      }
      partition = owner();
    },
    types: (uuid = UUID) =>
      fixture.sent.flatMap(({ topic, key, value }) =>
        topic === TOPICS.audit && key === uuid ? [(JSON.parse(value ?? "null") as JourneyEvent).type] : [],
      ),
    commands: () =>
      fixture.sent.flatMap(({ topic, value }) =>
        topic === TOPICS.fromManager ? [JSON.parse(value ?? "null") as FromManager] : [],
      ),
  };
  let partition = owner();
  return fixture;
}

const entryOf = (sketch: FlowSketch, flow: CompiledFlow, offset: number): FlowEntry => ({
  record: flowFile(sketch),
  flow,
  findings: [],
  publishedAt: 0,
  offset,
  conflicts: 0,
});
