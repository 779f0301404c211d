/** A profile on a real cluster with the sample flows published: journeys are started by hand and followed in the audit. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Bus, BusRecord } from "../../engine/bus/bus.ts";
import { openKafkaBus } from "../../engine/bus/kafka/bus.ts";
import { provisionTopics } from "../../engine/bus/kafka/provision.ts";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { type FlowRecord, MANAGER, type ToManager } from "../../engine/core/protocol.ts";
import { type TopicNames, topicNames } from "../../engine/core/topic-names.ts";
import { dataFolder } from "../integration/cli-process.ts";
import { Inbox } from "./bus-inbox.ts";

const ENDS = new Set(["journey.completed", "rollback.completed", "rollback.failed", "journey.terminated"]);

export interface Profile {
  brokers: string;
  prefix: string;
  topics: TopicNames;
  bus: Bus;
  events: Inbox<JourneyEvent>;
  replies: Inbox<ToManager>;
  heartbeats: Inbox<BusRecord>;
  deadLetters: Inbox<BusRecord>;
  publish(flow: FlowRecord): Promise<void>;
  start(name: string, data: unknown): Promise<string>;
  /** The type of the event that ended it. */
  ended(uuid: string): Promise<string>;
  of(uuid: string): JourneyEvent[];
}

export function sampleFlow(name: string): FlowRecord {
  return JSON.parse(readFileSync(join(import.meta.dirname, `../../examples/flows/${name}.flow.json`), "utf8"));
}

export async function openProfile(brokers: string[]): Promise<Profile> {
  const prefix = `t${crypto.randomUUID().slice(0, 8)}.`;
  const topics = topicNames(prefix);
  await provisionTopics({ brokers, topics, partitions: 4 });
  const bus = await openKafkaBus({ brokers, dataDir: dataFolder() });
  onTestFinished(() => bus.close());
  const profile: Profile = {
    ...{ brokers: brokers.join(","), prefix, topics, bus },
    ...{ events: new Inbox(), replies: new Inbox(), heartbeats: new Inbox(), deadLetters: new Inbox() },
    async publish(flow) {
      await bus.append([{ topic: topics.edits, key: null, value: JSON.stringify(flow) }]);
    },
    async start(name, data) {
      const uuid = crypto.randomUUID();
      const value = { uuid, name, version: "", service: MANAGER, function: "start", status: "success", data };
      await bus.append([{ topic: topics.toManager, key: uuid, value: JSON.stringify(value) }]);
      return uuid;
    },
    async ended(uuid) {
      const end = () => profile.of(uuid).findLast(({ type }) => ENDS.has(type))?.type;
      await profile.events.until(() => end() !== undefined);
      return end() ?? "";
    },
    of: (uuid) => profile.events.items.filter((event) => event.uuid === uuid),
  };
  const values = <Value>(inbox: Inbox<Value>) => {
    return (records: BusRecord[]) => inbox.add(records.map(({ value }): Value => JSON.parse(value ?? "null")));
  };
  await bus.subscribe(topics.audit, values(profile.events));
  await bus.subscribe(topics.toManager, values(profile.replies));
  await bus.subscribe(topics.services, profile.heartbeats.add);
  await bus.subscribe(topics.deadLetter, profile.deadLetters.add);
  return profile;
}
