/**
 * One scenario's world on a real cluster: topics of its own, managers and sample services as processes, a steady load of
 * journeys of which a part fails, and an observer of everything that is written.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bus, BusRecord } from "../../engine/bus/bus.ts";
import { openKafkaBus } from "../../engine/bus/kafka/bus.ts";
import { provisionTopics } from "../../engine/bus/kafka/provision.ts";
import { AntigraphError } from "../../engine/core/errors.ts";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { MANAGER } from "../../engine/core/protocol.ts";
import { type TopicNames, topicNames } from "../../engine/core/topic-names.ts";
import { dumpSamples } from "../../examples/services/dump.ts";
import { type CliProcess, dataFolder, spawnCli } from "../integration/cli-process.ts";
import { Inbox } from "../support/bus-inbox.ts";
import type { KafkaCluster } from "../support/kafka-cluster.ts";
import { deleteTopics } from "./partitions.ts";
import { type Effect, violations } from "./verdict.ts";

export const PARTITIONS = 6;
const SERVICES = ["user", "license", "membership"];
const ROUND_MS = 100;
/** Starts that wait for their brokers. */
const MAXIMUM_OPEN_STARTS = 2_000;
const ENDS = new Set(["journey.completed", "rollback.completed"]);

export interface Seen {
  event: JourneyEvent;
  partition: number;
  at: number;
}

export interface Figures {
  scenario: string;
  accepted: number;
  ended: number;
  rolledBack: number;
  lost: number;
  doubled: number;
  /** From the fault (or the end of an outage) until every partition that can move moves again. */
  resumeSeconds: number | undefined;
}

export class World {
  readonly cluster: KafkaCluster;
  readonly prefix = `c${crypto.randomUUID().slice(0, 8)}.`;
  readonly topics: TopicNames = topicNames(this.prefix);
  readonly events = new Inbox<Seen>();
  readonly accepted: string[] = [];
  private readonly commands: BusRecord[] = [];
  private readonly deadLetters: BusRecord[] = [];
  private readonly servicesData = dataFolder();
  private readonly closers: (() => Promise<void>)[] = [];
  private readonly ended = new Set<string>();
  private client: Bus | undefined;
  private readonly processes: { name: string; process: CliProcess }[] = [];
  private closed = false;
  private loading: { stop(): Promise<void> } | undefined;

  constructor(cluster: KafkaCluster) {
    this.cluster = cluster;
  }

  /** @param provision makes the topics; the product's own way unless given */
  async open(provision?: (topics: TopicNames) => Promise<void>): Promise<void> {
    const direct = { brokers: this.cluster.directAddresses, dataDir: dataFolder() };
    await provision?.(this.topics);
    await provisionTopics({ ...direct, topics: this.topics, partitions: PARTITIONS });
    const observer = await openKafkaBus(direct);
    this.closers.push(() => observer.close());
    this.client = await openKafkaBus({ brokers: this.cluster.addresses, dataDir: dataFolder() });
    this.closers.push(() => this.client?.close() ?? Promise.resolve());
    const flow = readFileSync(join(import.meta.dirname, "../../examples/flows/onboarding.flow.json"), "utf8");
    await observer.append([{ topic: this.topics.edits, key: null, value: flow }]);
    await observer.subscribe(this.topics.audit, (records) => this.see(records));
    await observer.subscribe(this.topics.fromManager, (records) => void this.commands.push(...records));
    await observer.subscribe(this.topics.deadLetter, (records) => void this.deadLetters.push(...records));
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.loading?.stop();
    for (const close of this.closers.splice(0).reverse()) await close();
    await deleteTopics(this.cluster, this.prefix);
  }

  /** Where things stand, for a scenario that doesn't come to its end. */
  describe(): string {
    const last = new Map(this.events.items.map(({ event, partition, at }) => [event.uuid, { event, partition, at }]));
    const open = this.accepted.filter((uuid) => !this.ended.has(uuid));
    const lines = open.slice(0, 10).map((uuid) => {
      const seen = last.get(uuid);
      if (seen === undefined) return `${uuid} has no history`;
      return `${uuid} ${seen.event.seq} ${seen.event.type} ${seen.event.step ?? ""} partition ${seen.partition} at ${new Date(seen.at).toISOString()}`;
    });
    const processes = this.processes.map(
      ({ name, process }) =>
        `--- ${name} ${process.pid} (exit ${process.child.exitCode})\n${process.err().slice(-3_000)}`,
    );
    return [`${this.accepted.length} accepted, ${open.length} open`, ...lines, ...processes].join("\n");
  }

  /** A manager of its own, on its own folder; resolves when it works. */
  async manager(): Promise<CliProcess> {
    const data = dataFolder();
    const running = spawnCli(["manager", ...this.where(), "--data", data]);
    this.processes.push({ name: "manager", process: running });
    await running.printed(/works on/);
    return running;
  }

  /** The sample services in one process, always on the same tables; a fifth of the memberships fails. */
  async services(): Promise<CliProcess> {
    const fail = ["--fail", "membership.add_membership=0.2"];
    const only = ["--only", SERVICES.join(","), "--data", this.servicesData];
    const running = spawnCli(["services", ...this.where(), ...only, ...fail]);
    this.processes.push({ name: "services", process: running });
    await running.printed(/run on/);
    return running;
  }

  /** Starts journeys, `perRound` of them every 100 ms, until `endLoad`. A start that isn't accepted is tried again. */
  load(perRound: number): void {
    const open = new Set<Promise<void>>();
    const timer = setInterval(() => {
      if (open.size >= MAXIMUM_OPEN_STARTS) return;
      for (let n = 0; n < perRound; n++) {
        const start = this.start(crypto.randomUUID()).finally(() => open.delete(start));
        open.add(start);
      }
    }, ROUND_MS);
    this.loading = {
      async stop() {
        clearInterval(timer);
        await Promise.all(open);
      },
    };
  }

  /** Resolves when everything that was asked for is accepted, and all of it has ended. */
  async endLoad(): Promise<void> {
    await this.loading?.stop();
    this.loading = undefined;
    await this.events.until(() => this.accepted.every((uuid) => this.ended.has(uuid)));
  }

  /** Resolves when so many journeys more than now have ended. */
  async moves(count: number): Promise<void> {
    const wanted = this.ended.size + count;
    await this.events.until(() => this.ended.size >= wanted);
  }

  /** Resolves with the seconds from `since` until each of the partitions has had an event after it. */
  async movesEverywhere(since: number, except: readonly number[] = []): Promise<number> {
    const wanted = Array.from({ length: PARTITIONS }, (_, partition) => partition).filter((p) => !except.includes(p));
    const first = new Map<number, number>();
    let read = 0;
    await this.events.until((events) => {
      for (; read < events.length; read++) {
        const { partition, at } = events[read] ?? { partition: -1, at: 0 };
        if (at > since && !first.has(partition)) first.set(partition, at);
      }
      return wanted.every((partition) => first.has(partition));
    });
    return (Math.max(...wanted.map((partition) => first.get(partition) ?? 0)) - since) / 1_000;
  }

  /** What the promises leave no room for; none when they are kept. */
  violations(): string[] {
    return violations({
      accepted: this.accepted,
      events: this.events.items.map(({ event }) => event),
      commands: this.commands,
      deadLetters: this.deadLetters,
      effects: this.effects(),
    });
  }

  figures(scenario: string, resumeSeconds?: number): Figures {
    const found = this.violations();
    return {
      scenario,
      accepted: this.accepted.length,
      ended: this.accepted.filter((uuid) => this.ended.has(uuid)).length,
      rolledBack: this.events.items.filter(({ event }) => event.type === "rollback.completed").length,
      lost: found.filter((text) => text.startsWith("lost")).length,
      doubled: found.filter((text) => text.startsWith("doubled")).length,
      resumeSeconds,
    };
  }

  /** Tries until it is accepted: a start is known by its uuid, so that it can be sent again. */
  private async start(uuid: string): Promise<void> {
    const data = { name: "Ada Lovelace", email: `ada-${uuid}@example.com`, plan: "team" };
    const call = { service: MANAGER, function: "start", status: "success", schema_version: "1", data };
    const value = JSON.stringify({ uuid, name: "onboarding", version: "", ...call });
    while (!this.closed) {
      try {
        await this.client?.append([{ topic: this.topics.toManager, key: uuid, value }]);
        this.accepted.push(uuid);
        return;
      } catch (error) {
        if (!(error instanceof AntigraphError) || error.code !== "bus_unavailable") throw error;
      }
    }
  }

  private see(records: BusRecord[]): void {
    const at = Date.now();
    const seen = records.map(({ value, partition }) => ({
      event: JSON.parse(value ?? "") as JourneyEvent,
      partition,
      at,
    }));
    for (const { event } of seen) if (ENDS.has(event.type)) this.ended.add(event.uuid);
    this.events.add(seen);
  }

  private effects(): Effect[] {
    return Object.values(dumpSamples(this.servicesData, SERVICES)).flatMap(({ effects = [] }) =>
      effects.map((row) => ({
        at: String(row.at),
        function: String(row.function),
        journey: String(row.journey),
        command: String(row.command),
      })),
    );
  }

  private where(): string[] {
    return ["--brokers", this.cluster.addresses.join(","), "--prefix", this.prefix];
  }
}
