/**
 * Who starts journeys, publishes flows, and acts on what goes on: in the storm at random, also where it makes no sense;
 * after it by settling whatever waits for a person.
 */
import type { NewRecord } from "../../engine/bus/bus.ts";
import type { Journey } from "../../engine/core/journey.ts";
import { ACTIONS, type ActionName, MANAGER, TOPICS } from "../../engine/core/protocol.ts";
import { hasEnded } from "../../engine/core/turn.ts";
import { flowFile } from "../support/journey-spec.ts";
import { keyOf, nextVersion, type SimFlow } from "./flows.ts";
import type { History } from "./history.ts";
import type { Random } from "./random.ts";
import { PARTITIONS, type Recording } from "./world.ts";

/** What is done most often comes several times. */
const STORMY_ACTIONS: readonly ActionName[] = [
  ...ACTIONS.filter((action) => action !== "terminate"),
  ...(["rollback", "rollback", "retry", "complete", "resume", "rerun", "migrate"] as const),
];
/** Versions that a flow gets during the run, at most. */
const MAXIMUM_VERSIONS = 3;

export class Operator {
  /** Journeys that were asked for. */
  readonly started: string[] = [];
  /** Records that belong into the dead letters, by what they say. */
  readonly junk = new Set<string>();
  /** Told of every action on a known journey before it is sent. */
  foresee: (journey: Journey, action: ActionName, data: Record<string, unknown>) => void = () => {};
  private number = 0;
  private readonly recording: Recording;
  private readonly random: Random;
  private readonly flows: Map<string, SimFlow>;
  private readonly history: History;

  constructor(recording: Recording, random: Random, flows: Map<string, SimFlow>, history: History) {
    this.recording = recording;
    this.random = random;
    this.flows = flows;
    this.history = history;
  }

  private async append(...records: NewRecord[]): Promise<void> {
    await this.recording.perform((world) => world.bus.append(records));
  }

  // ---- flows ----

  async publish(flow: SimFlow): Promise<void> {
    this.flows.set(keyOf(flow.name, flow.version), flow);
    await this.append({ topic: TOPICS.edits, key: null, value: JSON.stringify(flowFile(flow)) });
  }

  /** A newer version; or one that is there already with other content, which counts for nothing. */
  async publishMore(names: readonly string[]): Promise<void> {
    const { random } = this;
    const index = random.below(names.length);
    const name = names[index]!;
    const versions = [...this.flows.values()].filter((flow) => flow.name === name);
    const flow = versions.at(-1)!;
    if (random.chance(0.2)) {
      const other = nextVersion(random, flow, flow.version, names.slice(index + 1));
      await this.append({ topic: TOPICS.edits, key: null, value: JSON.stringify(flowFile(other)) });
    } else if (versions.length < MAXIMUM_VERSIONS) {
      await this.publish(nextVersion(random, flow, String(versions.length + 1), names.slice(index + 1)));
    }
  }

  // ---- journeys ----

  async start(names: readonly string[]): Promise<void> {
    const { random } = this;
    const hex = (n: number): string => Array.from({ length: n }, () => random.below(16).toString(16)).join("");
    const uuid = `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
    const data = random.chance(0.05)
      ? null
      : { n: random.below(100), ...(random.chance(0.5) ? { items: [1, 2] } : {}) };
    const version = random.chance(0.8) ? undefined : random.pick(["1", "2", "9", ""]);
    const name = random.chance(0.02) ? "nobody-knows" : random.pick(names);
    const value = { uuid, name, version, service: MANAGER, function: "start", status: "success", data };
    const record = this.record(uuid, value);
    this.started.push(uuid);
    await this.append(...(random.chance(0.1) ? [record, record] : [record]));
  }

  /** Any action on any journey, often the same one twice, and now and then before its dry run is forgotten. */
  async act(): Promise<void> {
    const { random } = this;
    const journeys = this.history.journeys();
    const journey = journeys.length === 0 ? undefined : random.pick(journeys);
    const uuid = journey?.uuid ?? this.started.at(-1);
    if (uuid === undefined) return;
    const action = random.chance(0.03) ? "terminate" : random.pick(STORMY_ACTIONS);
    const data = { id: `a${random.below(1_000_000)}`, ...this.actionData(journey, action) };
    const record = this.record(uuid, actionValue(uuid, action, data));
    if (journey) this.foresee(journey, action, data);
    await this.append(record);
    if (random.chance(0.15)) await this.append(record);
    if (!random.chance(0.03)) return;
    const other = random.pick(ACTIONS);
    if (journey) this.foresee(journey, other, data);
    await this.append(this.record(uuid, actionValue(uuid, other, data)));
  }

  private actionData(journey: Journey | undefined, action: ActionName): Record<string, unknown> {
    const { random } = this;
    const flow = journey && this.flows.get(keyOf(journey.name, journey.version));
    const steps = Object.keys(flow?.edges ?? { s0: [] });
    const data: Record<string, unknown> = { step: random.chance(0.9) ? this.likelyStep(journey, steps) : undefined };
    if (random.chance(0.3)) data.force = true;
    if (action === "rollback") {
      data.scope = random.pick(["journey", "path", "branch", "to", "to", undefined]);
      if (random.chance(0.3)) data.include = "attempted";
    }
    if (action === "complete") data.output = random.pick([{ by: "hand" }, null, undefined]);
    if (["retry", "rerun", "replay"].includes(action) && random.chance(0.4))
      data.data = { edited: random.below(100) };
    if (action === "migrate") data.version = random.pick(["1", "2", "2", "3"]);
    if (action === "replay" && random.chance(0.5)) data.version = random.pick(["1", "2"]);
    if (random.chance(0.02)) Object.assign(data, { plan: "made-of-nothing", seq: 1 });
    return data;
  }

  /** One that waits for a person, where there is any. */
  private likelyStep(journey: Journey | undefined, steps: readonly string[]): string {
    const waiting = journey && waitsForPerson(journey);
    return waiting !== undefined && this.random.chance(0.6) ? waiting : this.random.pick(steps);
  }

  /** Nonsense: not JSON, fields missing, replies of nobody, actions on nothing, functions that don't exist. */
  async babble(): Promise<void> {
    const { random } = this;
    const uuid = this.started.length === 0 ? undefined : random.pick(this.started);
    const number = random.below(1_000_000);
    const other = { service: "alpha", function: `nobody_${number}`, status: "success", data: null };
    const value = random.pick([
      `{"number":${number}`,
      JSON.stringify({ uuid: "no uuid", ...other }),
      JSON.stringify({ uuid, ...other, status: "perhaps" }),
      JSON.stringify({ uuid: uuid ?? null, ...other }),
      JSON.stringify({ uuid, service: MANAGER, function: "dance", status: "success", data: { number } }),
      JSON.stringify({ uuid, service: MANAGER, function: "cancel", status: "success", data: { id: null, number } }),
    ]);
    this.junk.add(value);
    const partition = random.below(PARTITIONS);
    await this.append({ topic: TOPICS.toManager, key: uuid ?? null, value, partition });
  }

  private record(uuid: string, value: unknown): NewRecord {
    const partition = this.random.chance(0.1) ? this.random.below(PARTITIONS) : undefined;
    return { topic: TOPICS.toManager, key: uuid, value: JSON.stringify(value), partition };
  }

  // ---- after the storm ----

  /** Settles whatever waits for a person. False when nothing is open; throws for what nobody can help. */
  async settle(): Promise<boolean> {
    const open = this.history.journeys().filter((journey) => !hasEnded(journey));
    for (const journey of open) {
      const { uuid, status, held } = journey;
      const step = waitsForPerson(journey);
      const say = (action: ActionName, data: Record<string, unknown> = {}): Promise<void> => {
        const id = `end-${this.number}`;
        const value = actionValue(uuid, action, { id, step, ...data });
        return this.append({ topic: TOPICS.toManager, key: uuid, value: JSON.stringify(value) });
      };
      this.number++;
      const turn = this.random.below(3);
      if (status === "paused") await say("resume");
      else if (status === "rollback_failed")
        await (turn === 0 ? say("skip") : say("retry", turn === 1 ? { data: { edited: turn } } : {}));
      else if (held?.kind === "rolled_back_to" || held?.kind === "deadline") await say("resume");
      else if (held?.kind === "approval" && turn < 2) await say("complete", { output: { approved: true } });
      else if (status === "held" && turn === 0) await say("complete", { output: 1 });
      else if (status === "held") await say(turn === 1 ? "retry" : "rollback", { force: true });
      else if (!this.waitsForAnother(journey, open)) throw new Error(`nothing will happen any more to ${uuid}`);
    }
    this.recording.world.bus.now += 1;
    return open.length > 0;
  }

  /** A step of it runs a journey that is still open. */
  private waitsForAnother(journey: Journey, open: readonly Journey[]): boolean {
    return open.some((other) => other.parent?.uuid === journey.uuid && !hasEnded(other));
  }
}

function waitsForPerson(journey: Journey): string | undefined {
  const stuck = Object.entries(journey.steps).find(([, step]) => step.status === "undo_failed");
  return stuck?.[0] ?? journey.held?.steps[0];
}

const actionValue = (uuid: string, action: string, data: Record<string, unknown>): Record<string, unknown> => ({
  uuid,
  service: MANAGER,
  function: action,
  status: "success",
  data: { actor: "olga", reason: "", ...data },
});
