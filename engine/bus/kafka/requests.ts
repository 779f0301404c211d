/**
 * Three requests of kafkajs that don't do as they are:
 *
 *   - metadata: it throws the whole answer away when a single partition in it has no leader. Then nobody learns any more
 *     where the other leaders are, and one broken partition stops all work. Here such partitions are let through, with -1
 *     for their leader, as Kafka tells it. Metadata of a topic that isn't there stays an error.
 *   - produce: written by produce-request.ts, for speed.
 *   - fetch: its answer is read by fetch-response.ts, for speed, but for records of before Kafka 0.11.
 */
import type { Cluster, Kafka } from "kafkajs";
import type { ProduceRequest } from "./broker.ts";
import { decodeFetchResponse, FETCH_VERSIONS } from "./fetch-response.ts";
import { encodeProduceRequest } from "./produce-request.ts";

/** kafkajs's name of what makes its clusters. */
const CREATE_CLUSTER = "private:Kafka:createCluster";
const PRODUCE_API_KEY = 0;
const FETCH_API_KEY = 1;
const METADATA_API_KEY = 3;
/** All written in the same way. */
const PRODUCE_VERSIONS = { first: 3, last: 7 };
/** LEADER_NOT_AVAILABLE, REPLICA_NOT_AVAILABLE, LISTENER_NOT_FOUND: of partitions whose brokers are gone. */
const BORNE_CODES = new Set([5, 9, 72]);

interface Metadata {
  topicMetadata: { partitionMetadata: { partitionErrorCode: number }[] }[];
}

interface Protocol {
  request: { apiVersion: number; encode(): Promise<object> };
  response: { decode(payload: Buffer): Promise<object>; parse(data: object): Promise<object> };
}

type Lookup = (apiKey: number, definition: unknown) => (args: unknown) => Protocol;

interface PooledBroker {
  lookupRequest: Lookup;
}

interface ClusterWithPool {
  brokerPool: { createBroker(options: unknown): PooledBroker };
}

function hasPool(cluster: object): cluster is ClusterWithPool {
  if (!("brokerPool" in cluster)) return false;
  const { brokerPool } = cluster;
  return typeof brokerPool === "object" && brokerPool !== null && "createBroker" in brokerPool;
}

/** Of all connections that kafkajs makes from now on, those of its admin client too. */
export function adaptClusters(kafka: Kafka): void {
  for (const name of Object.getOwnPropertySymbols(kafka)) {
    if (name.description !== CREATE_CLUSTER) continue;
    const create: (options: unknown) => Cluster = Reflect.get(kafka, name);
    Reflect.set(kafka, name, (options: unknown) => {
      const cluster = create(options);
      adaptRequests(cluster);
      return cluster;
    });
    return;
  }
  throw new Error("this version of kafkajs makes its connections in another way");
}

/** Before the cluster connects. */
function adaptRequests(cluster: Cluster): void {
  if (!hasPool(cluster)) throw new Error("this version of kafkajs keeps its brokers in another way");
  const { brokerPool } = cluster;
  const create = brokerPool.createBroker.bind(brokerPool);
  brokerPool.createBroker = (options) => {
    const broker = create(options);
    // kafkajs sets it anew at each connect, when it knows the broker's versions.
    let known = broker.lookupRequest;
    const lookup: Lookup = (apiKey, definition) => {
      const build = known(apiKey, definition);
      if (apiKey === METADATA_API_KEY) return (args) => bearing(build(args));
      if (apiKey === FETCH_API_KEY) return (args) => read(build(args));
      return apiKey === PRODUCE_API_KEY ? (args) => written(build(args), args) : build;
    };
    Object.defineProperty(broker, "lookupRequest", {
      get: () => lookup,
      set: (next: Lookup) => {
        known = next;
      },
    });
    return broker;
  };
}

function isProduceRequest(args: unknown): args is ProduceRequest {
  return typeof args === "object" && args !== null && "topicData" in args && "producerId" in args;
}

function written(protocol: Protocol, args: unknown): Protocol {
  const { request, response } = protocol;
  const { first, last } = PRODUCE_VERSIONS;
  if (!isProduceRequest(args) || request.apiVersion < first || request.apiVersion > last) return protocol;
  const encode = async () => {
    const buffer = encodeProduceRequest(args);
    // What kafkajs looks at of its encoders.
    return { buf: buffer, buffer };
  };
  return { request: { ...request, encode }, response };
}

function read(protocol: Protocol): Protocol {
  const { request, response } = protocol;
  const { first, last } = FETCH_VERSIONS;
  if (request.apiVersion < first || request.apiVersion > last) return protocol;
  const decode = async (payload: Buffer): Promise<object> =>
    decodeFetchResponse(payload, request.apiVersion) ?? response.decode(payload);
  return { ...protocol, response: { ...response, decode } };
}

function isMetadata(data: object): data is Metadata {
  return "topicMetadata" in data;
}

function bearing({ request, response }: Protocol): Protocol {
  const parse = (data: object): Promise<object> => response.parse(isMetadata(data) ? withoutBorne(data) : data);
  return { request, response: { ...response, parse } };
}

function withoutBorne(data: Metadata): Metadata {
  const topicMetadata = data.topicMetadata.map((topic) => ({
    ...topic,
    partitionMetadata: topic.partitionMetadata.map((partition) =>
      BORNE_CODES.has(partition.partitionErrorCode) ? { ...partition, partitionErrorCode: 0 } : partition,
    ),
  }));
  return { ...data, topicMetadata };
}
