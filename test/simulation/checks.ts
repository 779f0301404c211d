/** What must hold in every run: promises 1 to 7, the order of undoing by an oracle of its own, no effect left behind. */
import { isDeepStrictEqual } from "node:util";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { evolve } from "../../engine/core/evolve.ts";
import type { Journey } from "../../engine/core/journey.ts";
import { TOPICS } from "../../engine/core/protocol.ts";
import { hasEnded } from "../../engine/core/turn.ts";
import { decodeEnded, decodeInFlight } from "../../engine/manager/state-codec.ts";
import { assertUndoOrder } from "../support/order-oracle.ts";
import type { SimFlow } from "./flows.ts";
import type { SimServices } from "./services.ts";
import type { SimBus } from "./sim-bus.ts";

const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value));

export class Checks {
  private readonly read: number[];
  private readonly events = new Map<string, JourneyEvent[]>();
  private readonly folded = new Map<string, Journey>();
  private readonly bus: SimBus;
  private readonly services: SimServices;
  private readonly drawn: Map<string, SimFlow>;

  constructor(bus: SimBus, services: SimServices, drawn: Map<string, SimFlow>) {
    this.bus = bus;
    this.services = services;
    this.drawn = drawn;
    this.read = bus.log(TOPICS.audit).map(() => 0);
  }

  /** Promises 6 and 7: seq without gaps; what is stored (and so what a restart gives) is the fold of the audit. */
  afterCommit(): void {
    const changed = new Set<string>();
    for (const [partition, log] of this.bus.log(TOPICS.audit).entries()) {
      for (; this.read[partition]! < log.length; this.read[partition]!++) {
        const event: JourneyEvent = JSON.parse(log[this.read[partition]!]!.value!);
        const events = this.events.get(event.uuid) ?? [];
        if (event.seq !== events.length + 1)
          throw new Error(`${event.uuid}: seq ${event.seq} after ${events.length}`);
        this.events.set(event.uuid, [...events, event]);
        this.folded.set(event.uuid, evolve(this.folded.get(event.uuid), event));
        changed.add(event.uuid);
      }
    }
    if (changed.size > 0) this.compareStored(changed);
  }

  private compareStored(changed: Set<string>): void {
    for (const { state } of this.bus.partitions) {
      const open = [...state].filter(([, e]) => !e.closed).map(([key, e]) => ({ key, value: e.value }));
      const stored = [
        ...decodeInFlight(open),
        ...[...state].filter(([, e]) => e.closed).map(([, e]) => decodeEnded(e.value)),
      ];
      for (const journey of stored) {
        if (!changed.has(journey.uuid)) continue;
        const folded = plain(this.folded.get(journey.uuid));
        if (!isDeepStrictEqual(plain(journey), folded)) {
          throw new Error(
            `${journey.uuid}: stored state is not the fold:\n${JSON.stringify(journey)}\n${JSON.stringify(folded)}`,
          );
        }
      }
    }
  }

  stepsOf(uuid: string): string[] {
    const name = this.folded.get(uuid)?.name;
    return Object.keys(this.drawn.get(name ?? "")?.edges ?? { s0: [] });
  }

  open(): { uuid: string; status: string; step?: string; held?: string }[] {
    return [...this.folded.values()]
      .filter((journey) => !hasEnded(journey))
      .map((journey) => ({
        uuid: journey.uuid,
        status: journey.status,
        held: journey.held?.kind,
        step:
          journey.held?.steps[0] ?? Object.entries(journey.steps).find(([, s]) => s.status === "undo_failed")?.[0],
      }));
  }

  statuses(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { status } of this.folded.values()) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  describe(only?: string): string {
    const last = (uuid: string): string[] =>
      (this.events.get(uuid) ?? [])
        .slice(0, 60)
        .map(
          (e) =>
            `\n  ${e.seq} ${e.type} ${e.step ?? ""} ${e.reason ?? ""} ${JSON.stringify(e.error ?? e.detail ?? {})}`,
        );
    return this.open()
      .filter((open) => only === undefined || open.uuid === only)
      .map((open) => `${JSON.stringify(open)}${last(open.uuid).join("")}`)
      .join("\n");
  }

  atTheEnd(): void {
    this.afterCommit();
    this.everyInputIsThere();
    for (const [uuid, events] of this.events) this.check(uuid, events);
  }

  /** Promises 1 and 2: every record of a journey caused something or was a known repeat, and none caused it twice. */
  private everyInputIsThere(): void {
    const causes = new Map<string, string>();
    for (const [uuid, events] of this.events) {
      for (const { cause, at } of events) {
        if (!cause) continue;
        const key = `${cause.partition}:${cause.offset}`;
        const before = causes.get(key);
        if (before !== undefined && before !== `${uuid}@${at}`)
          throw new Error(`promise 2: record ${key} was decided on twice`);
        causes.set(key, `${uuid}@${at}`);
      }
    }
    // An action may overtake a start that was sent to the wrong partition; nothing else belongs there.
    const wrong = this.bus.records(TOPICS.deadLetter).find((r) => r.headers.reason !== "unknown_journey");
    if (wrong) throw new Error(`dead letter: ${JSON.stringify(wrong)}`);
    const buried = new Set(
      this.bus.records(TOPICS.deadLetter).map((r) => `${r.headers.partition}:${r.headers.offset}`),
    );
    for (const record of this.bus.records(TOPICS.toManager)) {
      const key = `${record.partition}:${record.offset}`;
      const value = JSON.parse(record.value!);
      const repeatable = value.service === "manager";
      if (!causes.has(key) && !buried.has(key) && !repeatable && !this.wasForwarded(key))
        throw new Error(`promise 1: record ${key} left no trace: ${record.value}`);
    }
  }

  private wasForwarded(key: string): boolean {
    return this.bus
      .records(TOPICS.toManager)
      .some((r) => `${r.headers["origin-partition"]}:${r.headers["origin-offset"]}` === key);
  }

  /** Promise 5. */
  private check(uuid: string, events: JourneyEvent[]): void {
    const journey = this.folded.get(uuid)!;
    const flow = this.drawn.get(journey.name)!;
    const fail = (why: string): never => {
      throw new Error(
        `${uuid} (${journey.name}, ${journey.status}): ${why}\n${JSON.stringify(flow)}\n${events.map((e) => `${e.seq} ${e.type} ${e.step ?? ""} ${e.function ?? ""} #${e.attempt ?? ""} ${JSON.stringify(e.detail ?? {})}`).join("\n")}`,
      );
    };
    const undoable = (step: string): string[] =>
      flow.steps?.[step]?.irreversible === true ? [] : (flow.negations[step] ?? []);
    const negations = Object.fromEntries(Object.keys(flow.edges).map((step) => [step, undoable(step)]));
    try {
      assertUndoOrder({ edges: flow.edges, negations }, events);
    } catch (error) {
      fail((error as Error).message);
    }
    const byHand = new Set(events.filter((e) => e.type.endsWith("settled_by_hand")).map((e) => e.step));
    for (const step of Object.keys(flow.edges)) {
      if (byHand.has(step)) continue;
      const effects = this.services.effects.get(`${uuid}/${step}`)?.length ?? 0;
      const asked = events.some((e) => e.step === step && e.type === "step.dispatched");
      for (const name of undoable(step)) {
        const undone = this.services.undone.get(`${uuid}/${step}/${name}`)?.length ?? 0;
        if (undone > 0 && !asked) fail(`${step} was undone and had never been asked`);
        const whole = journey.status === "rolled_back" && journey.rollback?.scope === "journey";
        if (whole && effects > 0 && undone === 0) fail(`${step} took effect and ${name} never ran`);
        if (effects === 0 && undone > 0 && !mayHaveWorked(step, events, flow))
          fail(`${step} had no effect and ${name} ran`);
      }
    }
  }
}

/** Blind undo is right for what gave no answer, and with `include: attempted` for what failed. */
function mayHaveWorked(step: string, events: JourneyEvent[], flow: SimFlow): boolean {
  return flow.policy?.include === "attempted" || events.some((e) => e.step === step && e.type === "step.timed_out");
}
