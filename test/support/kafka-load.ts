/**
 * Journeys on a real cluster: topics of their own, a service that answers every command once, and everything that the
 * managers write, to be compared with what they were given.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bus, BusRecord } from "../../engine/bus/bus.ts";
import { type KafkaBusOptions, openKafkaBus } from "../../engine/bus/kafka/bus.ts";
import { provisionTopics } from "../../engine/bus/kafka/provision.ts";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { type FromManager, MANAGER } from "../../engine/core/protocol.ts";
import { type TopicNames, topicNames } from "../../engine/core/topic-names.ts";
import { Inbox } from "./bus-inbox.ts";
import { flowFile } from "./journey-spec.ts";

export const PARTITIONS = 4;

/** Every input of these tests ends in one of these, and in one only. */
const TAKEN = new Set(["journey.started", "step.succeeded", "step.failed", "step.late", "step.duplicate"]);

export class KafkaLoad {
  readonly prefix = `t${crypto.randomUUID().slice(0, 8)}.`;
  readonly topics: TopicNames = topicNames(this.prefix);
  readonly brokers: string[];
  readonly folder = mkdtempSync(join(tmpdir(), "antigraph-load-"));
  readonly events = new Inbox<{ event: JourneyEvent; partition: number; at: number }>();
  readonly commands = new Inbox<BusRecord>();
  readonly inputs = new Inbox<BusRecord>();
  readonly deadLetters = new Inbox<BusRecord>();
  readonly uuids: string[] = [];
  /** Steps that fail, without effect. */
  failing = new Set<string>();
  private readonly read = new Set<string>();
  private mayAnswerTwice = false;
  private bus: Bus | undefined;

  constructor(brokers: string[]) {
    this.brokers = brokers;
  }

  get options(): KafkaBusOptions {
    const { topics, prefix, brokers } = this;
    return {
      brokers,
      dataDir: join(this.folder, "manager"),
      deadLetters: topics.deadLetter,
      changelogOf: () => topics.journeys,
      idPrefix: `${prefix}antigraph.`,
    };
  }

  /** @param service whether commands are answered here */
  async open({ service = true } = {}): Promise<void> {
    await provisionTopics({ brokers: this.brokers, topics: this.topics, partitions: PARTITIONS });
    const bus = await openKafkaBus({ brokers: this.brokers, dataDir: this.folder });
    this.bus = bus;
    const edges = { user: [], license: ["user"], member: ["license"] };
    const flow = flowFile({ edges, policy: { timeout: "5m" } });
    await bus.append([{ topic: this.topics.edits, key: null, value: JSON.stringify(flow) }]);
    if (!service) return;
    await bus.subscribe(this.topics.audit, (records) => {
      this.events.add(
        records.map(({ value, partition }) => ({ event: JSON.parse(value ?? ""), partition, at: Date.now() })),
      );
    });
    await bus.subscribe(this.topics.toManager, this.inputs.add);
    await bus.subscribe(this.topics.deadLetter, this.deadLetters.add);
    await bus.subscribe(this.topics.fromManager, async (records) => {
      // A batch comes again when its answers may not have been written: then they may come twice.
      const fresh = records.filter(({ partition, offset }) => !this.read.has(`${partition}/${offset}`));
      if (fresh.length < records.length) this.mayAnswerTwice = true;
      for (const { partition, offset } of fresh) this.read.add(`${partition}/${offset}`);
      this.commands.add(fresh);
      await bus.append(records.map((record) => this.answer(JSON.parse(record.value ?? ""))));
    });
  }

  /** Starts journeys; answers their uuids. */
  async start(count: number): Promise<string[]> {
    const uuids = Array.from({ length: count }, () => crypto.randomUUID());
    this.uuids.push(...uuids);
    const value = { name: "flow", version: "1", service: MANAGER, function: "start", status: "success", data: {} };
    await this.bus?.append(
      uuids.map((uuid) => ({ topic: this.topics.toManager, key: uuid, value: JSON.stringify({ uuid, ...value }) })),
    );
    return uuids;
  }

  /** Journeys with all replies to their commands behind their starts, as if the services had been fast. */
  async startWithReplies(count: number, failing: boolean): Promise<string[]> {
    const uuids = Array.from({ length: count }, () => crypto.randomUUID());
    const common = { name: "flow", version: "1", data: { id: "u-7781", plan: "team", seats: 5 } };
    const start = { ...common, service: MANAGER, function: "start", status: "success" };
    const ok = (step: string) => ({ ...common, service: "svc", function: step, status: "success", step, attempt: 1 });
    const undo = (step: string) => ({ ...ok(step), function: `undo_${step}` });
    const failed = { ...ok("member"), status: "failure", error: { message: "quota" } };
    const rounds = failing
      ? [start, ok("user"), ok("license"), failed, undo("license"), undo("user")]
      : [start, ok("user"), ok("license"), ok("member")];
    for (const value of rounds) {
      for (let begin = 0; begin < count; begin += 500) {
        await this.bus?.append(
          uuids.slice(begin, begin + 500).map((uuid) => ({
            topic: this.topics.toManager,
            key: uuid,
            value: JSON.stringify({ uuid, ...value }),
          })),
        );
      }
    }
    return uuids;
  }

  /** Resolves when so many journeys have ended since the beginning. */
  async ended(count: number): Promise<void> {
    const isEnd = ({ event }: { event: JourneyEvent }) =>
      event.type === "journey.completed" || event.type === "rollback.completed";
    await this.events.until((events) => events.filter(isEnd).length >= count);
  }

  async close(): Promise<void> {
    await this.bus?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private answer({ uuid, name, version, service, function: call, step, attempt }: FromManager) {
    const failed = this.failing.has(call);
    const outcome = failed
      ? { status: "failure", data: null, error: { message: "quota" } }
      : { status: "success", data: { did: call } };
    return {
      topic: this.topics.toManager,
      key: uuid,
      value: JSON.stringify({ uuid, name, version, service, function: call, step, attempt, ...outcome }),
    };
  }

  /** What promises 1 to 3 and 6 leave no room for; empty when they are kept. */
  violations(): string[] {
    const found: string[] = [];
    const say = (text: string) => void found.push(text);
    const byUuid = Map.groupBy(this.events.items, ({ event }) => event.uuid);
    for (const uuid of this.uuids) {
      const events = (byUuid.get(uuid) ?? []).map(({ event }) => event);
      events.forEach((event, index) => {
        if (event.seq !== index + 1) say(`${uuid}: event ${index + 1} has seq ${event.seq} (${event.type})`);
      });
      const types = events
        .map(({ type }) => type)
        .filter((type) => !(this.mayAnswerTwice && type === "step.duplicate"));
      if (types[0] !== "journey.started") say(`${uuid} begins with ${types[0]}`);
      if (this.failing.size === 0 && types.at(-1) !== "journey.completed") say(`${uuid} ends with ${types.at(-1)}`);
    }
    const used = new Map<string, number>();
    for (const { event } of this.events.items) {
      if (!TAKEN.has(event.type)) continue;
      const { partition, offset } = event.cause ?? { partition: -1, offset: -1 };
      const name = `${partition}/${offset}`;
      used.set(name, (used.get(name) ?? 0) + 1);
    }
    for (const { partition, offset } of this.inputs.items) {
      const times = used.get(`${partition}/${offset}`) ?? 0;
      if (times !== 1) say(`input ${partition}/${offset} was taken ${times} times`);
    }
    const ids = this.commands.items.map(({ headers }) => headers.id);
    if (new Set(ids).size !== ids.length) say(`${ids.length - new Set(ids).size} commands came twice`);
    if (this.deadLetters.items.length > 0) say(`${this.deadLetters.items.length} dead letters`);
    return found;
  }
}
