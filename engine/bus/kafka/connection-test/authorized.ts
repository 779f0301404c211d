/**
 * What the user may do, as the brokers say it themselves (KIP-430): a set of operations with each topic, group and with
 * the cluster. kafkajs doesn't know these versions of the requests; they go over its connections, logged in as it is.
 */
import type { KafkaBroker } from "../broker.ts";
import type { Connection } from "../client.ts";
import { sendRaw } from "../raw-request.ts";
import { WireWriter } from "../wire.ts";

/** The bit of each operation, in Kafka's own numbering, with the name that kafka-acls.sh takes. */
const OPERATIONS = {
  Read: 3,
  Write: 4,
  Create: 5,
  Describe: 8,
  DescribeConfigs: 10,
} as const;
export type Operation = keyof typeof OPERATIONS;

const METADATA = { apiKey: 3, apiVersion: 8, apiName: "Metadata" };
const DESCRIBE_GROUPS = { apiKey: 15, apiVersion: 3, apiName: "DescribeGroups" };
const FIND_COORDINATOR = { apiKey: 10, apiVersion: 1, apiName: "FindCoordinator" };
const COORDINATOR_KINDS = { group: 0, "transactional id": 1 };
const UNKNOWN_TOPIC = 3;
const COORDINATOR_LOADING = 14;
const NOT_COORDINATOR = 16;
const GROUP_AUTHORIZATION_FAILED = 30;
const TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53;

export interface TopicRights {
  topic: string;
  /** It isn't there, as far as this user may know. */
  missing: boolean;
  partitions: { leader: number; replicas: number; inSync: number }[];
  allowed: ReadonlySet<Operation>;
}

export interface Rights {
  topics: TopicRights[];
  cluster: ReadonlySet<Operation>;
}

export async function rightsOn(broker: KafkaBroker, topics: readonly string[]): Promise<Rights> {
  // No topic is created by asking; both kinds of rights are wanted.
  const body = new WireWriter().strings(topics).int8(0).int8(1).int8(1);
  const answer = await sendRaw(broker, METADATA, body);
  answer.int32();
  answer.array(() => [answer.int32(), answer.string(), answer.int32(), answer.string()]);
  answer.string();
  answer.int32();
  const found = answer.array(() => {
    const error = answer.int16();
    const topic = answer.string();
    answer.int8();
    const partitions = answer.array(() => {
      answer.int16();
      answer.int32();
      const leader = answer.int32();
      answer.int32();
      const [replicas, inSync] = [answer.array(() => answer.int32()), answer.array(() => answer.int32())];
      answer.array(() => answer.int32());
      return { leader, replicas: replicas.length, inSync: inSync.length };
    });
    // A topic that one may not see is answered without any rights.
    return { topic, missing: error === UNKNOWN_TOPIC, partitions, allowed: operationsIn(answer.int32()) };
  });
  return { topics: found, cluster: operationsIn(answer.int32()) };
}

/**
 * The broker that coordinates a group or a transactional id; undefined when the user may not even ask. kafkajs's own way
 * there takes a missing right for a missing coordinator.
 */
export async function coordinatorOf(
  connection: Connection,
  kind: keyof typeof COORDINATOR_KINDS,
  key: string,
): Promise<KafkaBroker | undefined> {
  const body = new WireWriter().string(key).int8(COORDINATOR_KINDS[kind]);
  return connection.retry(async () => {
    const answer = await sendRaw(await connection.anyBroker(), FIND_COORDINATOR, body);
    answer.int32();
    const error = answer.int16();
    answer.string();
    if (error === GROUP_AUTHORIZATION_FAILED || error === TRANSACTIONAL_ID_AUTHORIZATION_FAILED) return undefined;
    // On a new cluster the first question makes the topic behind it.
    if (error !== 0) throw new Error(`the ${kind} has no coordinator yet (${error})`);
    return connection.broker(String(answer.int32()));
  });
}

/** On a consumer group, which need not be there yet. Asked of its coordinator. */
export async function rightsOnGroup(broker: KafkaBroker, group: string): Promise<ReadonlySet<Operation>> {
  const answer = await sendRaw(broker, DESCRIBE_GROUPS, new WireWriter().strings([group]).int8(1));
  answer.int32();
  const [allowed] = answer.array(() => {
    const error = answer.int16();
    if (error >= COORDINATOR_LOADING && error <= NOT_COORDINATOR) throw new Error(`no coordinator now (${error})`);
    for (let text = 0; text < 4; text++) answer.string();
    answer.array(() => {
      for (let text = 0; text < 3; text++) answer.string();
      answer.skipBytes();
      answer.skipBytes();
    });
    return operationsIn(answer.int32());
  });
  return allowed ?? new Set();
}

function operationsIn(bits: number): ReadonlySet<Operation> {
  const set = new Set<Operation>();
  // The lowest number stands for "not told": then nothing is allowed.
  if (bits === -2_147_483_648) return set;
  for (const name of Object.keys(OPERATIONS) as Operation[]) if (bits & (1 << OPERATIONS[name])) set.add(name);
  return set;
}
