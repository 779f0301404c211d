/**
 * A dry run tells the truth: what it refuses is refused with the same code, what it plans is carried out, and a rollback
 * sends what was planned. Compared where nothing has happened to the journey in between.
 */
import { compileFlow } from "../../engine/core/compile.ts";
import { AntigraphError } from "../../engine/core/errors.ts";
import type { JourneyEvent } from "../../engine/core/events.ts";
import type { CompiledFlow } from "../../engine/core/flow.ts";
import type { Journey, Step } from "../../engine/core/journey.ts";
import { preview } from "../../engine/core/preview.ts";
import { type ActionName, actionDataSchema } from "../../engine/core/protocol.ts";
import { type Context, DEFAULT_MAXIMUM_DATA_BYTES, NO_SCHEMAS } from "../../engine/core/turn.ts";
import type { Preview } from "../../engine/core/view.ts";
import type { HealthRegistry } from "../../engine/manager/health.ts";
import { flowFile } from "../support/journey-spec.ts";
import { keyOf, type SimFlow } from "./flows.ts";
import { Broken, type Seen } from "./history.ts";
import type { SimBus } from "./sim-bus.ts";

interface Foreseen {
  seq: number;
  action: ActionName;
  outcome: { refused: string } | { plan: Preview };
}

/** Which flows a manager knows may differ for a moment. */
const NEED_OTHER_FLOWS: readonly string[] = ["migrate", "replay"];
const UNDOING: readonly string[] = ["rollback", "cancel"];

export class PlanPromise {
  private readonly compiled = new Map<string, CompiledFlow>();
  /** By the action's id. */
  private readonly foreseen = new Map<string, Foreseen>();
  /** What the turn of an action has sent so far. */
  private turn: { event: JourneyEvent; before: Journey; plan: Preview; sent: string[] } | undefined;
  private readonly bus: SimBus;
  private readonly flows: ReadonlyMap<string, SimFlow>;
  private readonly health: HealthRegistry;

  constructor(bus: SimBus, flows: ReadonlyMap<string, SimFlow>, health: HealthRegistry) {
    this.bus = bus;
    this.flows = flows;
    this.health = health;
  }

  /** Makes the dry run of an action that is about to be sent. */
  foresee(journey: Journey, action: ActionName, data: Record<string, unknown>): void {
    const flow = this.flow(journey.name, journey.version);
    const parsed = actionDataSchema.safeParse(data);
    if (!flow || !parsed.success || parsed.data.plan !== undefined) return;
    // Of two actions with the same id it isn't known which comes first.
    const isOpen = this.foreseen.has(parsed.data.id) || NEED_OTHER_FLOWS.includes(action);
    const foreseen = { seq: isOpen ? Number.NaN : journey.seq, action };
    try {
      const plan = preview(journey, { ...parsed.data, action }, flow, this.context());
      this.foreseen.set(parsed.data.id, { ...foreseen, outcome: { plan } });
    } catch (error) {
      if (!(error instanceof AntigraphError)) throw error;
      this.foreseen.set(parsed.data.id, { ...foreseen, outcome: { refused: error.code } });
    }
  }

  private context(): Context {
    return {
      now: this.bus.now,
      random: 0,
      health: (service) => this.health.of(service),
      flowOf: (name, version) => this.flow(name, version ?? "1"),
      maximumDataBytes: DEFAULT_MAXIMUM_DATA_BYTES,
      schemas: NO_SCHEMAS,
    };
  }

  private flow(name: string, version: string): CompiledFlow | undefined {
    const key = keyOf(name, version);
    const drawn = this.flows.get(key);
    const known = this.compiled.get(key) ?? (drawn && compileFlow(flowFile(drawn)).flow);
    if (known) this.compiled.set(key, known);
    return known;
  }

  see({ event, before }: Seen): void {
    const { turn } = this;
    if (turn && isSameTurn(turn.event, event)) {
      if (event.type === "undo.dispatched") turn.sent.push(`${event.step}.${event.function}`);
      turn.event = event;
      return;
    }
    this.endTurn();
    const foreseen = event.actor === undefined ? undefined : this.foreseen.get(event.id ?? "");
    if (!foreseen || !before || foreseen.seq !== before.seq) return;
    const { outcome, action } = foreseen;
    const refused = event.type === "action.refused" ? event.error?.code : undefined;
    const said = "refused" in outcome ? outcome.refused : undefined;
    if (refused !== said)
      throw new Broken(
        "dry run",
        `${action} was ${said ?? "planned"} and then ${refused ?? "carried out"}`,
        event.uuid,
      );
    if ("plan" in outcome && UNDOING.includes(action)) this.turn = { event, before, plan: outcome.plan, sent: [] };
  }

  /** What was sent is the plan's first level; where something is in flight or being undone, it is part of the plan. */
  private endTurn(): void {
    const { turn } = this;
    this.turn = undefined;
    if (!turn || turn.before.status === "paused") return;
    const { plan, sent, event, before } = turn;
    const named = (commands: Preview["levels"][number]): string[] =>
      commands.map((c) => `${c.step}.${c.function}`).filter((name) => !this.isForward(event, name));
    const all = named(plan.levels.flat());
    const first = named(plan.levels[0] ?? []);
    const isAtRest =
      plan.in_flight.length === 0 && Object.values(before.steps).every(({ undo = {} }) => isDone(undo));
    if (sent.some((name) => !all.includes(name)) || (isAtRest && first.some((name) => !sent.includes(name))))
      throw new Broken("dry run", `[${sent}] was sent, and [${first}] planned`, event.uuid);
  }

  private isForward({ name, version }: JourneyEvent, command: string): boolean {
    const steps = this.flow(name, version)?.steps ?? {};
    return Object.values(steps).some((step) => command === `${step.id}.${step.function}`);
  }
}

const isDone = (undo: NonNullable<Step["undo"]>): boolean =>
  Object.values(undo).every(({ status }) => status === "succeeded");

const isSameTurn = (one: JourneyEvent, other: JourneyEvent): boolean =>
  one.uuid === other.uuid &&
  one.seq === other.seq - 1 &&
  one.cause?.offset === other.cause?.offset &&
  one.cause?.partition === other.cause?.partition;
