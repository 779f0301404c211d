/** A Kafka of two brokers in memory, as far as the producers of this adapter see one. */
import { Batches } from "../../engine/bus/kafka/batches.ts";
import type { KafkaBroker, ProduceRequest } from "../../engine/bus/kafka/broker.ts";
import type { Connection } from "../../engine/bus/kafka/client.ts";

/** The records of a partition are in its log once, whoever wrote them how often. */
export class SmallKafka {
  readonly logs = new Map<number, { sequence: number; value: string }[]>();
  readonly leaders = new Map<number, string>();
  /** What the connection believes; `refresh` corrects it. */
  private believed = new Map<number, string>();
  isSilent = false;
  coordinator = "1";
  private believedCoordinator = "1";
  epoch = 0;
  readonly asked: string[] = [];
  /** Taken from the front: what becomes of the next produce requests and of the next ends. */
  readonly produces: ("lost answer" | "cut before" | "fenced")[] = [];
  readonly ends: ("lost answer" | "lost" | "fenced")[] = [];
  /** The coordinator is busy with the transaction for so many requests, and what comes of each. */
  readonly busy: (() => void)[] = [];
  /** Each keeps one request for an identity waiting. */
  readonly initialising: Promise<void>[] = [];
  private open = false;
  committed = 0;
  aborted = 0;

  constructor() {
    for (const partition of [0, 1]) {
      this.leaders.set(partition, "1");
      this.logs.set(partition, []);
    }
    this.believed = new Map(this.leaders);
  }

  get connection(): Connection {
    const known: Partial<Connection> = {
      leaderOf: (_topic, partition) => this.believed.get(partition),
      broker: async (nodeId) => this.broker(nodeId),
      transactionCoordinator: async () => this.broker(this.believedCoordinator),
      refresh: async () => {
        if (this.isSilent) return;
        this.believed = new Map(this.leaders);
        this.believedCoordinator = this.coordinator;
      },
      retry: async (request) => request(),
    };
    return known as Connection;
  }

  private broker(nodeId: string): KafkaBroker {
    const coordinate = (what: string) => {
      this.asked.push(`${what} ${nodeId}`);
      if (nodeId !== this.coordinator) throw failure("NOT_COORDINATOR_FOR_GROUP");
    };
    const known: Partial<KafkaBroker> = {
      initProducerId: async () => {
        coordinate("init");
        await this.initialising.shift();
        const becomes = this.busy.shift();
        becomes?.();
        if (becomes !== undefined) throw failure("CONCURRENT_TRANSACTIONS");
        if (this.open) this.aborted++;
        this.open = false;
        return { producerId: "7", producerEpoch: this.epoch };
      },
      addPartitionsToTxn: async () => {
        coordinate("add");
        this.open = true;
      },
      endTxn: async () => {
        coordinate("end");
        const fate = this.ends.shift();
        if (fate === "fenced") throw failure("INVALID_PRODUCER_EPOCH");
        if (fate === "lost") throw closed();
        if (this.open) this.committed++;
        this.open = false;
        if (fate === "lost answer") throw closed();
      },
      produce: async (request) => this.produce(nodeId, request),
    };
    return known as KafkaBroker;
  }

  private async produce(nodeId: string, { topicData }: ProduceRequest) {
    const parts = topicData.flatMap(({ topic, partitions }) => partitions.map((part) => ({ topic, ...part })));
    this.asked.push(`produce ${nodeId}: ${parts.map(({ partition }) => partition)}`);
    const fate = this.produces.shift();
    if (fate === "cut before") throw closed();
    if (fate === "fenced") throw failure("INVALID_PRODUCER_EPOCH");
    let moved = false;
    const placed = parts.map(({ topic, partition, firstSequence, messages }) => {
      if (this.leaders.get(partition) !== nodeId) {
        moved = true;
        return { topicName: topic, partitions: [] };
      }
      const log = this.logs.get(partition) ?? [];
      if (!log.some(({ sequence }) => sequence === firstSequence)) {
        log.push(...messages.map(({ value }, index) => ({ sequence: firstSequence + index, value: String(value) })));
      }
      const baseOffset = String(log.findIndex(({ sequence }) => sequence === firstSequence));
      return { topicName: topic, partitions: [{ partition, baseOffset }] };
    });
    // kafkajs throws the error of one partition; the others are written.
    if (moved) throw failure("NOT_LEADER_FOR_PARTITION");
    if (fate === "lost answer") throw closed();
    return { topics: placed };
  }
}

const failure = (type: string) => Object.assign(new Error(type), { type });
const closed = () => Object.assign(new Error("Closed connection"), { name: "KafkaJSConnectionClosedError" });

/** The same values for both partitions. */
export function batches(...values: string[]): Batches {
  const all = new Batches();
  for (const partition of [0, 1]) {
    for (const value of values) all.add("audit", partition, { key: null, value, headers: {} });
  }
  return all;
}
