/**
 * Several journeys of one engine: what one sends to another arrives, in order, through the manager's own reading of
 * records. Commands for services wait until the spec answers them.
 */
import { nextDue } from "../../engine/core/clocks.ts";
import { type Message, messagesOf } from "../../engine/core/commands.ts";
import { decideTurn, type Input } from "../../engine/core/decide.ts";
import type { JourneyEvent } from "../../engine/core/events.ts";
import type { CompiledFlow } from "../../engine/core/flow.ts";
import type { Journey } from "../../engine/core/journey.ts";
import { type FromManager, toManagerSchema } from "../../engine/core/protocol.ts";
import { refusedByChild } from "../../engine/core/sub-journey-messages.ts";
import { type Context, DEFAULT_MAXIMUM_DATA_BYTES, NO_SCHEMAS, type Schemas } from "../../engine/core/turn.ts";
import { parentOf, parseInput } from "../../engine/manager/inputs.ts";
import { compiled, deepFreeze, type FlowSketch, UUID } from "./journey-spec.ts";

type Rule = (command: FromManager) => "success" | "failure" | "silence";

export class Family {
  readonly journeys = new Map<string, Journey>();
  readonly events: JourneyEvent[] = [];
  /** Commands that wait for an answer. */
  commands: FromManager[] = [];
  now = Date.parse("2026-11-22T03:12:44.000Z");
  schemas: Schemas = NO_SCHEMAS;
  private readonly flows: CompiledFlow[];
  private actions = 0;
  private readonly refusal: string;

  /** Starts a journey of the first flow. `refusal`: the code of records for journeys that can't be found or begun. */
  constructor(sketches: FlowSketch[], input: unknown = {}, refusal = "unknown_flow") {
    this.refusal = refusal;
    this.flows = sketches.map(compiled);
    this.record({ uuid: UUID, name: this.flows[0]!.name, service: "manager", function: "start", data: input });
  }

  get parent(): Journey {
    return this.journeys.get(UUID)!;
  }
  /** The journeys that the first one runs, in the order of their start. */
  get children(): Journey[] {
    return [...this.journeys.values()].filter((journey) => journey.uuid !== UUID);
  }
  /** `function` of each command that waits. */
  get waiting(): string[] {
    return this.commands.map((command) => command.function);
  }

  act(uuid: string, action: string, data: Record<string, unknown> = {}): void {
    const id = `action-${++this.actions}`;
    this.record({
      uuid,
      service: "manager",
      function: action,
      data: { id, actor: "olga", reason: "because", ...data },
    });
  }

  /** Answers the oldest command that waits for this function. */
  answer(called: string, status: "success" | "failure" = "success", data: unknown = { from: called }): void {
    const index = this.commands.findIndex((command) => command.function === called);
    const [command] = index === -1 ? [] : this.commands.splice(index, 1);
    if (!command) throw new Error(`nobody waits for ${called}: ${this.waiting.join(", ")}`);
    const error = status === "failure" ? { message: `${called} broke` } : undefined;
    this.record({ ...command, status, data, error });
  }

  /** Answers everything that waits, and what follows from it, until nothing waits any more. */
  serve(rule: Rule = () => "success"): void {
    const silent: FromManager[] = [];
    for (let command = this.commands[0]; command; command = this.commands[0]) {
      const status = rule(command);
      if (status !== "silence") this.answer(command.function, status);
      else silent.push(...this.commands.splice(0, 1));
    }
    this.commands = silent;
  }

  /** Moves the clock and fires what is due, of every journey. */
  after(ms: number): void {
    this.now += ms;
    for (const { uuid } of [...this.journeys.values()]) {
      const journey = this.journeys.get(uuid)!;
      const due = nextDue(journey);
      if (due !== undefined && due <= this.now) this.decide(journey, { kind: "timer" }, this.flowOf(journey));
    }
  }

  private record(fields: Record<string, unknown>, headers: Record<string, string> = {}): void {
    const value = toManagerSchema.parse({ status: "success", ...fields });
    const position = { topic: "tomanager", partition: 0, offset: 0, timestamp: this.now, key: value.uuid, value: "" };
    const parsed = parseInput({ ...position, headers }, value);
    const journey = this.journeys.get(value.uuid);
    if (parsed.kind === "start") {
      const flow = this.find(value.name, value.version ?? undefined);
      if (flow && !journey) this.decide(undefined, parsed.input, flow);
    }
    const refused = parsed.kind === "start" ? !this.journeys.has(value.uuid) : !journey;
    const parent = parentOf(headers);
    if (refused && parent) {
      this.send(refusedByChild(parent, value.uuid, value.function, { code: this.refusal, message: "not published" }));
    } else if (journey && parsed.kind === "other") this.decide(journey, parsed.input, this.flowOf(journey));
  }

  private decide(journey: Journey | undefined, input: Input, flow: CompiledFlow): void {
    const ctx: Context = {
      now: this.now,
      random: 0,
      health: () => "up",
      flowOf: (name, version) => this.find(name, version),
      maximumDataBytes: DEFAULT_MAXIMUM_DATA_BYTES,
      schemas: this.schemas,
    };
    const turn = decideTurn(journey, input, flow, ctx);
    this.journeys.set(turn.journey.uuid, deepFreeze(turn.journey));
    this.events.push(...turn.events);
    const messages = turn.events.flatMap((event) => messagesOf(turn.journey, event, this.flowOf(turn.journey)));
    for (const message of messages) this.send(message);
  }

  private send(message: Message): void {
    if (message.to === "service") this.commands.push(message.value);
    else this.record({ ...JSON.parse(JSON.stringify(message.value)) }, message.headers);
  }

  private find(name: string, version: string | undefined): CompiledFlow | undefined {
    return this.flows.findLast((flow) => flow.name === name && (version === undefined || flow.version === version));
  }
  private flowOf(journey: Journey): CompiledFlow {
    return this.find(journey.name, journey.version)!;
  }
}
