/** The inputs of the benchmarks: topics of their own, the three-step flow, starts and replies in any order. */
import { Kafka, logLevel } from "kafkajs";
import { provisionTopics } from "../../../engine/bus/kafka/provision.ts";
import { MANAGER } from "../../../engine/core/protocol.ts";
import { type TopicNames, topicNames } from "../../../engine/core/topic-names.ts";
import { flowFile } from "../../support/journey-spec.ts";

export const PARTITIONS = 12;
const FEED_RECORDS = 2_000;

export const STEPS = ["user", "license", "member"] as const;
export type Step = (typeof STEPS)[number];

const sketch = {
  edges: { user: [], license: ["user"], member: ["license"] },
  calls: { user: "user.create_user", license: "license.add_license", member: "membership.add_membership" },
  negations: { user: ["delete_user"], license: ["remove_license"], member: ["remove_membership"] },
  policy: { timeout: "1d" },
};
const NEGATIONS: Record<string, string> = { user: "delete_user", license: "remove_license" };
/** About 300 B a record, as in the raw loop. */
const DATA = {
  id: "u-7781",
  name: "Ada Lovelace",
  mail: "ada@example.org",
  plan: "team",
  seats: 5,
  region: "eu-west",
};

export interface Input {
  key: string;
  value: string;
}

export interface Load {
  brokers: string[];
  prefix: string;
  topics: TopicNames;
}

export const kafkaOf = (brokers: string[]): Kafka =>
  new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { initialRetryTime: 3, maxRetryTime: 200, retries: 50 } });

/** Topics under a fresh prefix, and the flow. */
export async function createLoad(brokers: string[]): Promise<Load> {
  const prefix = `bench-${crypto.randomUUID().slice(0, 8)}.`;
  const topics = topicNames(prefix);
  await provisionTopics({ brokers, topics, partitions: PARTITIONS, replication: 1 });
  const load = { brokers, prefix, topics };
  const flow = JSON.stringify(flowFile(sketch));
  await feed(brokers, topics.edits, [{ key: "flow", value: flow }]);
  return load;
}

export function start(uuid: string): Input {
  const value = { uuid, name: "flow", version: "1", service: MANAGER, function: "start", status: "success" };
  return { key: uuid, value: JSON.stringify({ ...value, data: DATA }) };
}

function answer(uuid: string, step: Step, more: object): Input {
  const [service, called] = sketch.calls[step].split(".");
  const value = { uuid, name: "flow", version: "1", service, function: called, status: "success", step, attempt: 1 };
  return { key: uuid, value: JSON.stringify({ ...value, data: DATA, ...more }) };
}

export const reply = (uuid: string, step: Step): Input => answer(uuid, step, {});
export const failure = (uuid: string, step: Step): Input =>
  answer(uuid, step, {
    status: "failure",
    data: null,
    error: { code: "quota_exceeded", message: "no seat is left" },
  });
export const undone = (uuid: string, step: Step): Input => answer(uuid, step, { function: NEGATIONS[step] });

/**
 * Journeys on a conveyor: at each place one begins, and those that began `spacing`, twice and three times as long ago get
 * the reply to their first, second and third step. So about three times `spacing` are in flight, each idle for long
 * between its inputs, and each kind of input comes as often as the others.
 */
export function* conveyor(journeys: number, spacing: number, failing = false): Generator<Input> {
  const uuids = Array.from({ length: journeys }, () => crypto.randomUUID());
  const kinds: ((uuid: string) => Input)[] = failing
    ? [
        start,
        (uuid) => reply(uuid, "user"),
        (uuid) => reply(uuid, "license"),
        (uuid) => failure(uuid, "member"),
        (uuid) => undone(uuid, "license"),
        (uuid) => undone(uuid, "user"),
      ]
    : [start, (uuid) => reply(uuid, "user"), (uuid) => reply(uuid, "license"), (uuid) => reply(uuid, "member")];
  for (let place = 0; place < journeys + spacing * (kinds.length - 1); place++) {
    for (const [index, kind] of kinds.entries()) {
      const uuid = uuids[place - index * spacing];
      if (uuid !== undefined) yield kind(uuid);
    }
  }
}

/** Writes records in their order. Answers how many. */
export async function feed(brokers: string[], topic: string, inputs: Iterable<Input>): Promise<number> {
  // Otherwise kafkajs writes some records twice when it tries again.
  const producer = kafkaOf(brokers).producer({ maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  let count = 0;
  let messages: Input[] = [];
  const send = async (): Promise<void> => {
    await producer.send({ topic, messages });
    count += messages.length;
    messages = [];
  };
  for (const input of inputs) if (messages.push(input) >= FEED_RECORDS) await send();
  if (messages.length > 0) await send();
  await producer.disconnect();
  return count;
}
