/**
 * What goes to different partitions of one broker shares a request, and what comes while one is under way goes together
 * in the next. Kafka answers one request after the other on a connection anyway, and each costs it and this process about
 * the same, however little is in it.
 */
import type { Part } from "./batches.ts";
import type { ProducerIdentity } from "./broker.ts";
import type { Connection } from "./client.ts";
import { typeOf } from "./errors.ts";
import { sendParts } from "./produce.ts";

/** Of one request; brokers take 100 MiB. A single part goes in whatever its size. */
const MAXIMUM_REQUEST_BYTES = 8_388_608;

interface Waiting {
  identity: ProducerIdentity;
  part: Part;
  resolve(offset: number): void;
  reject(error: unknown): void;
}

export class SharedRequests {
  private readonly connection: Connection;
  /** By broker. */
  private readonly queues = new Map<string, Waiting[]>();
  private readonly running = new Set<string>();

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** The part's first offset. Rejects with its own error. One part at a time for each partition. */
  send(nodeId: string, identity: ProducerIdentity, part: Part): Promise<number> {
    return new Promise((resolve, reject) => {
      const queue = this.queues.get(nodeId) ?? [];
      this.queues.set(nodeId, queue);
      queue.push({ identity, part, resolve, reject });
      if (!this.running.has(nodeId)) void this.run(nodeId, queue);
    });
  }

  private async run(nodeId: string, queue: Waiting[]): Promise<void> {
    this.running.add(nodeId);
    // What is asked for in the same turn of the event loop shares a request.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) await this.request(nodeId, takeTurn(queue));
    this.running.delete(nodeId);
  }

  private async request(nodeId: string, turn: readonly Waiting[]): Promise<void> {
    const [first] = turn;
    if (first === undefined) return;
    try {
      const broker = await this.connection.broker(nodeId);
      const parts = turn.map(({ part }) => part);
      const offsets = await sendParts(broker, first.identity, parts);
      for (const [index, { resolve }] of turn.entries()) resolve(offsets[index] ?? 0);
    } catch (error) {
      // kafkajs throws the error of one of them. Alone, each gets its own; what was written is known by its numbers.
      if (turn.length > 1 && typeOf(error) !== undefined) {
        await Promise.all(turn.map((one) => this.request(nodeId, [one])));
      } else for (const { reject } of turn) reject(error);
    }
  }
}

/** What one request takes, all of one identity. */
function takeTurn(queue: Waiting[]): Waiting[] {
  const turn: Waiting[] = [];
  let bytes = 0;
  for (const next of queue) {
    bytes += next.part.bytes;
    if (turn.length > 0 && (bytes > MAXIMUM_REQUEST_BYTES || next.identity !== turn[0]?.identity)) break;
    turn.push(next);
  }
  queue.splice(0, turn.length);
  return turn;
}
