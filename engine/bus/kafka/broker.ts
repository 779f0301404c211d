/** What kafkajs's brokers can do and its types don't tell: the requests of transactions, of group members, and produce. */
import type { Broker } from "kafkajs";

export interface CoordinatorRequest {
  /** Or a transactional id. */
  groupId: string;
  coordinatorType?: number;
}

interface TransactionRequests {
  findGroupCoordinator(request: CoordinatorRequest): Promise<unknown>;
  initProducerId(request: { transactionalId?: string; transactionTimeout: number }): Promise<ProducerIdentity>;
  addPartitionsToTxn(request: TransactionIdentity & { topics: TopicPartitions[] }): Promise<unknown>;
  endTxn(request: TransactionIdentity & { transactionResult: boolean }): Promise<unknown>;
}

interface GroupRequests {
  joinGroup(request: {
    groupId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    memberId: string;
    groupProtocols: { name: string; metadata: Buffer }[];
  }): Promise<JoinedGroup>;
  syncGroup(request: {
    groupId: string;
    generationId: number;
    memberId: string;
    groupAssignment: { memberId: string; memberAssignment: Buffer }[];
  }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
}

export interface JoinedGroup {
  generationId: number;
  leaderId: string;
  memberId: string;
  members: { memberId: string; memberMetadata: Buffer }[];
}

/** A producer's id and epoch, as the transaction coordinator gave them. */
export interface ProducerIdentity {
  producerId: string;
  producerEpoch: number;
}

export interface TransactionIdentity extends ProducerIdentity {
  transactionalId: string;
}

export interface TopicPartitions {
  topic: string;
  partitions: number[];
}

export type KafkaBroker = Omit<Broker, "produce"> &
  TransactionRequests &
  GroupRequests & {
    produce(request: ProduceRequest): Promise<ProduceResponse>;
    /** The requests that it knows, by their numbers; null before it is connected. */
    versions: Record<number, unknown> | null;
  };

export interface ProduceRequest {
  transactionalId?: string;
  producerId: string;
  producerEpoch: number;
  acks: -1;
  timeout: number;
  topicData: {
    topic: string;
    partitions: { partition: number; firstSequence: number; messages: WireMessage[] }[];
  }[];
}

export interface ProduceResponse {
  topics: { topicName: string; partitions: { partition: number; baseOffset: string }[] }[];
}

export interface WireMessage {
  key: string | Buffer | null;
  value: string | Buffer | null;
  headers: Record<string, string>;
  timestamp?: string;
}

const BROKER_METHODS = [
  "findGroupCoordinator",
  "initProducerId",
  "addPartitionsToTxn",
  "endTxn",
  "joinGroup",
  "syncGroup",
  "heartbeat",
  "leaveGroup",
];

function isKafkaBroker(broker: object): broker is KafkaBroker {
  return BROKER_METHODS.every((name) => name in broker);
}

/** Throws when this version of kafkajs lacks one of them. */
export function asKafkaBroker(broker: Broker): KafkaBroker {
  if (isKafkaBroker(broker)) return broker;
  throw new Error("this version of kafkajs doesn't have the requests that the Kafka bus is made of");
}
