/**
 * Appends. What goes to one partition goes there by the idempotent producer, many appends in one request; what goes to
 * several goes in a transaction, for it is all or nothing. Each partition has a lane, so that its appends keep their
 * order; one for several partitions stands in the lanes of all of them and goes when it is at the head of each.
 */
import { AntigraphError } from "../../core/errors.ts";
import type { NewRecord } from "../bus.ts";
import { AppendTransactions } from "./append-transactions.ts";
import { Batches, MAXIMUM_BATCH_BYTES } from "./batches.ts";
import type { Connection } from "./client.ts";
import { delay, topicNotFound, typeOf, unavailable } from "./errors.ts";
import { IdempotentProducer } from "./idempotent-producer.ts";
import { type Routed, route } from "./route.ts";

/** How long an append is tried before it is refused. */
const APPEND_TIMEOUT_MS = 15_000;
/** Somebody else's open transaction may hide what is committed for longer. */
const VISIBLE_TIMEOUT_MS = 2_000;
const VISIBLE_CHECK_MS = 2;
const MAXIMUM_TRANSACTION_BYTES = 8_388_608;

export interface Placement {
  topic: string;
  partition: number;
  offset: number;
}

interface Append {
  records: Routed[];
  bytes: number;
  lanes: Lane[];
  resolve(placements: Placement[]): void;
  reject(error: Error): void;
}

/** The appends of one partition that are not written yet, in order. */
interface Lane {
  queue: Append[];
  busy: boolean;
}

export class Appender {
  private readonly connection: Connection;
  private readonly single: IdempotentProducer;
  private readonly several: AppendTransactions;
  private readonly lanes = new Map<string, Lane>();
  /** Appends to several partitions that are at the head of their lanes. */
  private ready: Append[] = [];
  private transacting = false;
  /** Routing is one after the other, so that the order of the calls is the order in the lanes. */
  private routing: Promise<unknown> = Promise.resolve();
  private readonly open = new Set<Promise<unknown>>();
  private closed = false;

  constructor(connection: Connection, transactionalId: string) {
    this.connection = connection;
    this.single = new IdempotentProducer(connection);
    this.several = new AppendTransactions(connection, transactionalId);
  }

  append(records: NewRecord[]): Promise<Placement[]> {
    if (this.closed) return Promise.reject(new AntigraphError("bus_unavailable", "The bus is closed."));
    if (records.length === 0) return Promise.resolve([]);
    const routed = this.routing.then(() => this.route(records));
    this.routing = routed.catch(() => {});
    const appended = routed.then((found) => this.enqueue(found));
    const settled = appended.catch(() => {}).finally(() => this.open.delete(settled));
    this.open.add(settled);
    return appended;
  }

  /** Waits for the appends under way. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.open);
    await this.several.close();
  }

  private async route(records: NewRecord[]): Promise<Routed[]> {
    for (const { topic } of records) {
      try {
        await this.connection.meet(topic);
      } catch (error) {
        throw typeOf(error) === "UNKNOWN_TOPIC_OR_PARTITION"
          ? topicNotFound(topic)
          : unavailable(`topic ${topic}`, error);
      }
    }
    return records.map((record) => route(this.connection, record));
  }

  private enqueue(records: Routed[]): Promise<Placement[]> {
    return new Promise((resolve, reject) => {
      const lanes = [...new Set(records.map((record) => this.lane(record)))];
      const bytes = records.reduce((sum, record) => sum + record.bytes, 0);
      const append: Append = { records, bytes, lanes, resolve, reject };
      for (const lane of lanes) lane.queue.push(append);
      for (const lane of lanes) this.pump(lane);
    });
  }

  private lane({ topic, partition }: Routed): Lane {
    const name = `${partition} ${topic}`;
    const lane = this.lanes.get(name) ?? { queue: [], busy: false };
    this.lanes.set(name, lane);
    return lane;
  }

  private pump(lane: Lane): void {
    const head = lane.queue[0];
    if (lane.busy || head === undefined) return;
    if (isSingle(head)) {
      lane.busy = true;
      const run: Append[] = [];
      let bytes = 0;
      // What is asked for in the same turn of the event loop shares a request.
      setImmediate(() => {
        for (let next = lane.queue[0]; next !== undefined && isSingle(next); next = lane.queue[0]) {
          if (run.length > 0 && bytes + next.bytes > MAXIMUM_BATCH_BYTES) break;
          bytes += next.bytes;
          run.push(next);
          lane.queue.shift();
        }
        void this.sendSingle(run).then(() => {
          lane.busy = false;
          this.pump(lane);
        });
      });
      return;
    }
    if (head.lanes.some((other) => other.busy || other.queue[0] !== head)) return;
    for (const other of head.lanes) other.busy = true;
    this.ready.push(head);
    void this.transact();
  }

  private async sendSingle(run: Append[]): Promise<void> {
    const batches = new Batches();
    for (const { records } of run) {
      for (const { topic, partition, message } of records) batches.add(topic, partition, message);
    }
    const [batch] = batches.all;
    if (batch === undefined) return;
    try {
      let offset = await this.single.append(batch, APPEND_TIMEOUT_MS);
      for (const { records, resolve } of run) {
        resolve(records.map(({ topic, partition }) => ({ topic, partition, offset: offset++ })));
      }
    } catch (error) {
      for (const { reject } of run) reject(refusal(error));
    }
  }

  private async transact(): Promise<void> {
    if (this.transacting) return;
    this.transacting = true;
    while (this.ready.length > 0) {
      const run: Append[] = [];
      let bytes = 0;
      for (const next of this.ready) {
        if (run.length > 0 && bytes + next.bytes > MAXIMUM_TRANSACTION_BYTES) break;
        bytes += next.bytes;
        run.push(next);
      }
      this.ready.splice(0, run.length);
      await this.sendSeveral(run);
      for (const append of run) {
        for (const lane of append.lanes) {
          lane.queue.shift();
          lane.busy = false;
        }
      }
      for (const { lanes } of run) for (const lane of lanes) this.pump(lane);
    }
    this.transacting = false;
  }

  private async sendSeveral(run: Append[]): Promise<void> {
    const batches = new Batches();
    const placed = run.map(({ records }) =>
      records.map(({ topic, partition, message }) => {
        const batch = batches.add(topic, partition, message);
        return { batch, index: batch.messages.length - 1 };
      }),
    );
    try {
      const firsts = await this.several.commit(batches.all, APPEND_TIMEOUT_MS);
      await this.visible(
        batches.all.map((batch, index) => ({ ...batch, end: (firsts[index] ?? 0) + batch.messages.length })),
      );
      const offsets = new Map(batches.all.map((batch, index) => [batch, firsts[index] ?? 0]));
      for (const [index, { resolve }] of run.entries()) {
        resolve(
          (placed[index] ?? []).map(({ batch, index: at }) => {
            const { topic, partition } = batch;
            return { topic, partition, offset: (offsets.get(batch) ?? 0) + at };
          }),
        );
      }
    } catch (error) {
      for (const { reject } of run) reject(refusal(error));
    }
  }

  /** A transaction is committed a moment before readers see it. */
  private async visible(ends: { topic: string; partition: number; end: number }[]): Promise<void> {
    const deadline = Date.now() + VISIBLE_TIMEOUT_MS;
    while (!(await this.connection.areVisible(ends)) && Date.now() < deadline) await delay(VISIBLE_CHECK_MS);
  }
}

const isSingle = ({ lanes, bytes }: Append): boolean => lanes.length === 1 && bytes <= MAXIMUM_BATCH_BYTES;

function refusal(error: unknown): AntigraphError {
  if (typeOf(error) === "INVALID_RECORD") {
    return new AntigraphError("invalid_request", "Kafka refuses the record; those of compacted topics need a key.");
  }
  return unavailable("the records could not be stored", error);
}
