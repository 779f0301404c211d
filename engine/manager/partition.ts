/**
 * One partition of the manager: the journeys at home there, their timers, and the way of a record: parse, decide, evolve,
 * and what has to be written. All of it is computation over memory; the bus makes it durable.
 */
import type { BusRecord, NewRecord, Output, StateEntry } from "../bus/bus.ts";
import { nextDue, waitsFor } from "../core/clocks.ts";
import { type Message, messagesOf } from "../core/commands.ts";
import { decideTurn, type Input } from "../core/decide.ts";
import type { CompiledFlow } from "../core/flow.ts";
import type { Journey } from "../core/journey.ts";
import { partitionFor } from "../core/murmur2.ts";
import { MANAGER, type StepError, type ToManager } from "../core/protocol.ts";
import { Misfit } from "../core/replies.ts";
import { refusedByChild } from "../core/sub-journey-messages.ts";
import type { TopicNames } from "../core/topic-names.ts";
import { type Context, DEFAULT_MAXIMUM_DATA_BYTES, hasEnded, NO_SCHEMAS, type Schemas } from "../core/turn.ts";
import type { FlowRegistry } from "./flows.ts";
import type { HealthRegistry } from "./health.ts";
import { DeadLetter, type DeadLetterReason, type Parsed, parentOf, parseInput, parseValue } from "./inputs.ts";
import { JourneyMemory } from "./journey-memory.ts";
import type { QueueWatch } from "./queue-watch.ts";
import { standstillOf } from "./standstill.ts";
import { decodeClocks, decodeEnded, encodeJourney } from "./state-codec.ts";
import { TimerHeap } from "./timer-heap.ts";

export interface PartitionDeps {
  topics: TopicNames;
  partitions: number;
  flows: FlowRegistry;
  health: HealthRegistry;
  /** How the services' queues move; without it a command's clock starts when it is sent. */
  queues?: QueueWatch | undefined;
  /** What the schemas of the profile's registry say; left out: there is none. */
  schemas?: RecordSchemas | undefined;
  random: () => number;
  takeoverMs?: number;
}

/** Beside what the core asks for: a whole record of `tomanager`, as the JSON text that it came as. */
export interface RecordSchemas extends Schemas {
  record(text: string): string | undefined;
}

/** Reads the record of an ended journey. */
export type Lookup = (uuid: string) => string | undefined;

/** Timers that fire in one call; the rest follows in the next. */
const MAXIMUM_TIMERS = 256;
/** What one call changes, gathered. */
interface Batch {
  records: NewRecord[];
  /** The journeys as they were before the call. */
  before: Map<string, Journey | undefined>;
  deadLettered: number;
  ended: string[];
}

export interface BatchOutput extends Output {
  processed: number;
  deadLettered: number;
  ended: string[];
}

/**
 * A flow, or a version of it, that nobody here has heard of: the flows' topic has to be read to its end first. Another
 * manager may have known it before this one did.
 */
class FlowsNeeded extends Error {}

export class ManagerPartition {
  private readonly journeys: JourneyMemory;
  private readonly timers = new TimerHeap();
  /** Journeys that wait for a service to come up, by service. */
  private readonly waiting = new Map<string, Set<string>>();
  /** The offset, or the journey whose timer is due, for which the flows were read to their end already. */
  private flowsReadFor: number | string = -1;
  /** When the first call came. */
  private since: number | undefined;
  private readonly partition: number;
  private readonly deps: PartitionDeps;
  private readonly lookup: Lookup;

  constructor(partition: number, deps: PartitionDeps, state: Iterable<StateEntry>, lookup: Lookup) {
    this.lookup = lookup;
    this.journeys = new JourneyMemory(lookup);
    this.partition = partition;
    this.deps = deps;
    for (const journey of decodeClocks(state)) {
      this.keep(journey);
      this.journeys.forget(journey.uuid);
      for (const { service, status } of Object.values(journey.steps)) {
        if (status === "dispatched" || status === "undoing") deps.queues?.sent(service);
      }
      // The service may have come up while nobody was here to be told.
      if (waitsFor(journey).some((service) => deps.health.of(service) !== "down")) this.timers.set(journey.uuid, 0);
    }
  }

  get inFlight(): number {
    return this.journeys.size;
  }

  nextDue(): number | null {
    return this.timers.next();
  }

  process(records: BusRecord[], now: number): BatchOutput {
    this.since ??= now;
    const batch: Batch = { records: [], before: new Map(), deadLettered: 0, ended: [] };
    let taken = 0;
    let resume: Promise<void> | undefined;
    try {
      for (const record of records) {
        this.take(record, now, batch);
        taken++;
      }
      if (records.length === 0) this.fireTimers(now, batch);
    } catch (error) {
      if (!(error instanceof FlowsNeeded)) throw error;
      resume = this.deps.flows.upToDate();
    }
    const state = [...batch.before].flatMap(([uuid, before]) => {
      const after = this.journeys.get(uuid) ?? this.justEnded.get(uuid);
      return after === undefined || after === before ? [] : encodeJourney(before, after);
    });
    this.justEnded.clear();
    this.journeys.endCall();
    const output: BatchOutput = { ...batch, state, processed: taken };
    if (resume) Object.assign(output, { taken, resume });
    return output;
  }

  /** The partition couldn't be read for a while, and can be again. */
  readAgain(now: number): void {
    this.since = now;
  }

  /** Fires the timers of the journeys that wait for this service at the next call. Returns whether there are any. */
  serviceChanged(service: string, now: number): boolean {
    const uuids = this.waiting.get(service);
    for (const uuid of uuids ?? []) this.timers.set(uuid, now);
    return uuids !== undefined && uuids.size > 0;
  }

  /** Journeys that ended in this call: they leave the memory, but may get further records of the same batch. */
  private readonly justEnded = new Map<string, Journey>();

  private take(record: BusRecord, now: number, batch: Batch): void {
    let value: ToManager | undefined;
    try {
      value = parseValue(record);
      const home = partitionFor(value.uuid, this.deps.partitions);
      if (home !== this.partition) batch.records.push(forwarded(record, value, home));
      else {
        this.refuseUnfit(record, value);
        this.accept(parseInput(record, value), record.offset, now, batch);
      }
    } catch (error) {
      if (error instanceof FlowsNeeded) throw error;
      if (!(error instanceof DeadLetter) && !(error instanceof Misfit)) throw error;
      const reason = error instanceof Misfit ? error.code : error.reason;
      this.bury(record, reason, error.message, batch);
      if (value) this.tellParent(record, value, { code: reason, message: error.message }, batch);
    }
  }

  /** Starts, actions and the ends of sub-journeys are the protocol's own: schemas are for what services say. */
  private refuseUnfit(record: BusRecord, value: ToManager): void {
    if (value.service === MANAGER) return;
    const message = this.deps.schemas?.record(record.value ?? "");
    if (message !== undefined) throw new DeadLetter("schema_invalid", message);
  }

  /** A journey whose record for one that it runs can't be accepted must not wait for it. */
  private tellParent(record: BusRecord, value: ToManager, error: StepError, batch: Batch): void {
    if (value.service !== MANAGER || value.step != null) return;
    const parent = parentOf(record.headers);
    if (parent) batch.records.push(this.toRecord(refusedByChild(parent, value.uuid, value.function, error)));
  }

  private accept(parsed: Parsed, offset: number, now: number, batch: Batch): void {
    const { uuid } = parsed.record;
    const journey = this.find(uuid);
    if (parsed.kind === "start") {
      if (journey) return;
      this.decide(undefined, parsed.input, this.flowToStart(parsed.record, offset), uuid, now, batch);
      return;
    }
    if (!journey) throw new DeadLetter("unknown_journey", `no journey ${uuid} is known here`);
    this.decide(journey, parsed.input, this.flowOf(journey, offset), uuid, now, batch);
  }

  private decide(
    journey: Journey | undefined,
    input: Input,
    flow: CompiledFlow,
    uuid: string,
    now: number,
    batch: Batch,
  ): void {
    const turn = decideTurn(journey, input, flow, this.context(now));
    if (turn.events.length === 0) return;
    if (!batch.before.has(uuid)) batch.before.set(uuid, journey);
    const current = this.deps.flows.get(turn.journey.name, turn.journey.version)?.flow ?? flow;
    for (const event of turn.events) {
      batch.records.push({
        topic: this.deps.topics.audit,
        key: uuid,
        value: JSON.stringify(event),
        partition: this.partition,
      });
      for (const message of messagesOf(turn.journey, event, current)) batch.records.push(this.toRecord(message));
    }
    this.keep(turn.journey);
    if (hasEnded(turn.journey) && !(journey && hasEnded(journey))) batch.ended.push(uuid);
  }

  private toRecord(message: Message): NewRecord {
    const { topics } = this.deps;
    const value = JSON.stringify(message.value);
    if (message.to === "manager")
      return { topic: topics.toManager, key: message.key, value, headers: message.headers };
    this.deps.queues?.sent(message.value.service);
    const headers: Record<string, string> = { id: message.id };
    if (message.traceparent !== undefined) headers.traceparent = message.traceparent;
    return { topic: topics.fromManager, key: message.key, value, headers };
  }

  /** In the order of uuids, so that a manager that has just restored the partition does the same. */
  private fireTimers(now: number, batch: Batch): void {
    const due: string[] = [];
    for (let uuid = this.timers.takeDue(now); uuid !== undefined; uuid = this.timers.takeDue(now)) {
      due.push(uuid);
      if (due.length === MAXIMUM_TIMERS) break;
    }
    due.sort();
    for (const [index, uuid] of due.entries()) {
      try {
        this.fireTimer(uuid, now, batch);
      } catch (error) {
        for (const rest of due.slice(index)) this.timers.set(rest, now);
        throw error;
      }
    }
  }

  private fireTimer(uuid: string, now: number, batch: Batch): void {
    const journey = this.find(uuid);
    if (!journey) return;
    const { health, queues, takeoverMs } = this.deps;
    const flow = this.flowOf(journey, uuid);
    const readSince = this.since ?? now;
    const { frozen, lookAt } = standstillOf(journey, flow, { health, queues, readSince, takeoverMs, now });
    this.decide(journey, { kind: "timer", frozen }, flow, uuid, now, batch);
    // What has changed has its timer already, which may be due at once.
    if (this.find(uuid) === journey) this.setTimer(journey, now, lookAt);
  }

  /**
   * What is still due after its timer fired waits for something else than time (a retry behind an undo that failed), and
   * that comes as an input; only clocks that stand still are looked at again.
   */
  private setTimer(journey: Journey, now: number, lookAt: number | undefined): void {
    if (hasEnded(journey)) return;
    const next = nextDue(journey, now);
    this.timers.set(journey.uuid, lookAt !== undefined && (next === undefined || lookAt < next) ? lookAt : next);
  }

  private keep(journey: Journey): void {
    const { uuid } = journey;
    for (const service of this.waitingServices.get(uuid) ?? []) this.waiting.get(service)?.delete(uuid);
    this.waitingServices.delete(uuid);
    if (hasEnded(journey)) {
      this.journeys.delete(uuid);
      this.justEnded.set(uuid, journey);
      this.timers.set(uuid, undefined);
      return;
    }
    this.journeys.set(uuid, journey);
    this.justEnded.delete(uuid);
    this.timers.set(uuid, nextDue(journey));
    const services = waitsFor(journey);
    if (services.length === 0) return;
    this.waitingServices.set(uuid, services);
    for (const service of services) {
      const uuids = this.waiting.get(service) ?? new Set();
      this.waiting.set(service, uuids.add(uuid));
    }
  }

  private readonly waitingServices = new Map<string, string[]>();

  private find(uuid: string): Journey | undefined {
    const inMemory = this.journeys.get(uuid) ?? this.justEnded.get(uuid);
    if (inMemory) return inMemory;
    const record = this.lookup(uuid);
    return record === undefined ? undefined : decodeEnded(uuid, record);
  }

  private flowToStart(record: ToManager, offset: number): CompiledFlow {
    const { flows } = this.deps;
    const wanted = record.version == null || record.version === "" ? undefined : record.version;
    const entry = wanted === undefined ? flows.newest(record.name) : flows.get(record.name, wanted);
    if (entry?.flow) return entry.flow;
    const called = `${record.name} ${wanted ?? ""}`.trim();
    if (entry) throw new DeadLetter("flow_invalid", `flow ${called} has errors: ${entry.findings[0]?.message ?? ""}`);
    this.readFlowsFor(offset);
    throw new DeadLetter("unknown_flow", `flow ${called} is not published`);
  }

  private flowOf({ name, version }: Journey, neededFor: number | string): CompiledFlow {
    const flow = this.deps.flows.get(name, version)?.flow;
    if (flow) return flow;
    this.readFlowsFor(neededFor);
    throw new DeadLetter("unknown_flow", `flow ${name} ${version} is not published any more`);
  }

  /** Once, and then it is known to be missing. */
  private readFlowsFor(what: number | string): void {
    if (this.flowsReadFor === what) return;
    this.flowsReadFor = what;
    throw new FlowsNeeded();
  }

  private context(now: number): Context {
    const { flows, health, random, schemas = NO_SCHEMAS } = this.deps;
    return {
      now,
      random: random(),
      health: (service) => health.of(service),
      flowOf: (name, version) => (version === undefined ? flows.newest(name) : flows.get(name, version))?.flow,
      maximumDataBytes: DEFAULT_MAXIMUM_DATA_BYTES,
      schemas,
    };
  }

  private bury(record: BusRecord, reason: DeadLetterReason | "unmatched_reply", message: string, batch: Batch): void {
    batch.deadLettered++;
    batch.records.push({
      topic: this.deps.topics.deadLetter,
      key: record.key,
      value: record.value,
      ...(record.bytes && { bytes: record.bytes }),
      ...(record.schemaId !== undefined && { schemaId: record.schemaId }),
      headers: {
        ...record.headers,
        reason,
        message,
        topic: record.topic,
        partition: String(record.partition),
        offset: String(record.offset),
      },
    });
  }
}

/** A client that hashes keys in another way put it elsewhere: it goes home, with its origin in the headers. */
function forwarded(record: BusRecord, value: ToManager, home: number): NewRecord {
  const origin = { "origin-partition": String(record.partition), "origin-offset": String(record.offset) };
  return {
    topic: record.topic,
    key: value.uuid,
    value: record.value,
    ...(record.schemaId !== undefined && { schemaId: record.schemaId }),
    headers: { ...record.headers, ...origin },
    partition: home,
  };
}
