/** What must hold in every run: promises 1 to 7 of the protocol, each by name, and its section 3. */
import type { JourneyEvent } from "../../engine/core/events.ts";
import type { HealthRegistry } from "../../engine/manager/health.ts";
import type { SimFlow } from "./flows.ts";
import { ForwardPromise } from "./forward-oracle.ts";
import type { History } from "./history.ts";
import { ChildrenPromise } from "./promise-children.ts";
import { CommandPromises } from "./promise-commands.ts";
import { InputPromises } from "./promise-inputs.ts";
import { PlanPromise } from "./promise-plans.ts";
import { StatePromise } from "./promise-state.ts";
import { UndoPromise } from "./promise-undo.ts";
import type { SimServices } from "./services.ts";
import type { SimBus } from "./sim-bus.ts";

export class Promises {
  readonly commands: CommandPromises;
  readonly plans: PlanPromise;
  private readonly inputs: InputPromises;
  private readonly state: StatePromise;
  private readonly undo: UndoPromise;
  private readonly forward: ForwardPromise;
  private readonly children: ChildrenPromise;
  private readonly history: History;

  constructor(
    bus: SimBus,
    history: History,
    services: SimServices,
    flows: ReadonlyMap<string, SimFlow>,
    junk: ReadonlySet<string>,
    health: HealthRegistry,
  ) {
    this.history = history;
    this.commands = new CommandPromises(bus);
    this.inputs = new InputPromises(bus, junk);
    this.state = new StatePromise(history);
    this.undo = new UndoPromise(flows, services, history);
    this.children = new ChildrenPromise(history);
    this.plans = new PlanPromise(bus, flows, health);
    this.forward = new ForwardPromise(flows, health);
    bus.onCommit = (commit) => {
      this.commands.committed(commit);
      for (const seen of history.readOn(commit.partition)) {
        this.inputs.see(seen);
        this.commands.see(seen);
        this.forward.see(seen);
        this.undo.see(seen);
        this.plans.see(seen);
        this.children.see(seen);
      }
      this.commands.readOn();
      this.state.committed(commit);
    };
  }

  atTheEnd(): void {
    this.inputs.atTheEnd();
    this.commands.atTheEnd();
    this.undo.atTheEnd();
    this.children.atTheEnd();
  }

  /** The history of one journey, a line an event. */
  tell(uuid: string): string {
    const journey = this.history.of(uuid);
    const events = this.history.eventsOf(uuid);
    const start = Date.parse(events[0]?.at ?? "");
    return [
      `${uuid} ${journey?.name} ${journey?.version}: ${journey?.status}`,
      ...events.map((e) => line(e, start)),
    ].join("\n  ");
  }
}

const LONGEST_DETAIL_CHARS = 200;

function line(event: JourneyEvent, start: number): string {
  const { seq, at, type, step, function: called, attempt, actor, reason, error, detail, cause, data } = event;
  const more = { actor, reason, error, ...detail, ...(type.startsWith("undo.") ? { data } : {}) };
  const said = JSON.stringify(more).slice(0, LONGEST_DETAIL_CHARS);
  const what = step === undefined ? "" : ` ${step} ${called ?? ""}${attempt === undefined ? "" : `#${attempt}`}`;
  const from = cause ? ` <${cause.partition}:${cause.offset}>` : " <timer>";
  return `${seq} +${Date.parse(at) - start}ms ${type}${what}${from} ${said}`;
}
