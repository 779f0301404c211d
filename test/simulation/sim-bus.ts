/**
 * The bus port over memory, with a scheduler in the hands of the simulation: it decides which partition is worked on,
 * how many records a batch has, whether the commit happens or the manager dies before it, and who owns what.
 */
import type {
  Bus,
  BusRecord,
  NewRecord,
  Output,
  Subscription,
  TopicInfo,
  Worker,
  WorkHandle,
} from "../../engine/bus/bus.ts";
import { partitionFor } from "../../engine/core/murmur2.ts";
import type { Random } from "./random.ts";

interface Owned {
  worker: Worker | undefined;
  restored: boolean;
  position: number;
  state: Map<string, { value: string; closed: boolean }>;
  waiting: Promise<void> | undefined;
}

export class SimBus implements Bus {
  readonly kind = "embedded" as const;
  now: number;
  private readonly logs = new Map<string, BusRecord[][]>();
  private readonly subscribers: { topic: string; deliver: (records: BusRecord[]) => void | Promise<void> }[] = [];
  private readonly workers: Worker[] = [];
  readonly partitions: Owned[];
  private readonly workTopic: string;

  constructor(topics: { name: string; partitions: number }[], workTopic: string, now: number) {
    this.now = now;
    this.workTopic = workTopic;
    for (const { name, partitions } of topics)
      this.logs.set(
        name,
        Array.from({ length: partitions }, () => []),
      );
    this.partitions = this.log(workTopic).map(() => ({
      worker: undefined,
      restored: false,
      position: 0,
      state: new Map(),
      waiting: undefined,
    }));
  }

  log(topic: string): BusRecord[][] {
    const log = this.logs.get(topic);
    if (!log) throw new Error(`no topic ${topic}`);
    return log;
  }

  records(topic: string): BusRecord[] {
    return this.log(topic).flat();
  }

  async topics(): Promise<TopicInfo[]> {
    return [...this.logs].map(([name, partitions]) => ({
      name,
      partitions: partitions.length,
      compacted: false,
      offsets: partitions.map((records, partition) => ({ partition, start: 0, end: records.length })),
    }));
  }
  groups = async () => [];

  async append(records: NewRecord[]) {
    return this.write(records);
  }

  private write(records: NewRecord[]) {
    const written = records.map((record): BusRecord => {
      const log = this.log(record.topic);
      const partition = record.partition ?? (record.key === null ? 0 : partitionFor(record.key, log.length));
      const to = log[partition]!;
      const stored = { timestamp: this.now, headers: {}, ...record, partition, offset: to.length };
      to.push(stored);
      return stored;
    });
    for (const record of written) {
      for (const { topic, deliver } of this.subscribers) if (topic === record.topic) void deliver([record]);
    }
    return written.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  }

  async read(): Promise<never> {
    throw new Error("the simulation reads the logs itself");
  }
  async consume(): Promise<never> {
    throw new Error("the simulation reads the logs itself");
  }

  async subscribe(topic: string, deliver: (records: BusRecord[]) => void | Promise<void>): Promise<Subscription> {
    this.subscribers.push({ topic, deliver });
    const there = this.records(topic);
    if (there.length > 0) await deliver(there);
    return { caughtUp: Promise.resolve(), upToDate: async () => {}, close: async () => {} };
  }

  async work(worker: Worker): Promise<WorkHandle> {
    this.workers.push(worker);
    return {
      partitions: () => [...this.partitions.keys()].filter((p) => this.partitions[p]?.worker === worker),
      wake: () => {},
      lookup: (partition, key) => this.partitions[partition]?.state.get(key)?.value,
      stop: async () => {
        this.workers.splice(this.workers.indexOf(worker), 1);
        for (const owned of this.partitions)
          if (owned.worker === worker) Object.assign(owned, { worker: undefined, restored: false });
      },
    };
  }

  async close(): Promise<void> {}

  /** Takes a partition away from its owner and gives it to any worker, perhaps the same one. */
  move(partition: number, random: Random): void {
    const owned = this.partitions[partition]!;
    if (owned.worker && owned.restored) owned.worker.revoke(partition);
    owned.worker = random.pick(this.workers);
    owned.restored = false;
    owned.waiting = undefined;
  }

  /** The manager dies here: what is in its memory is gone. Nothing was committed. */
  private crash(partition: number): void {
    const owned = this.partitions[partition]!;
    owned.worker?.revoke(partition);
    owned.restored = false;
  }

  private restore(partition: number): Owned & { worker: Worker } {
    const owned = this.partitions[partition]!;
    owned.worker ??= this.workers[0];
    if (!owned.worker) throw new Error("no manager is there");
    if (!owned.restored) {
      const open = [...owned.state].filter(([, e]) => !e.closed).map(([key, e]) => ({ key, value: e.value }));
      owned.worker.restore(partition, open, (key) => owned.state.get(key)?.value);
      owned.restored = true;
    }
    return owned as Owned & { worker: Worker };
  }

  /** Works on a batch of the partition. `crash`: the manager dies between its decision and the commit. */
  async step(partition: number, random: Random, crash: boolean): Promise<boolean> {
    const owned = this.restore(partition);
    const log = this.log(this.workTopic)[partition]!;
    const left = log.length - owned.position;
    if (left === 0) return false;
    const batch = log.slice(owned.position, owned.position + 1 + random.below(left));
    const output = owned.worker.process(partition, structuredClone(batch), this.now);
    const taken = output.resume ? (output.taken ?? 0) : batch.length;
    if (crash) this.crash(partition);
    else this.commit(partition, owned, output, owned.position + taken);
    await output.resume;
    return true;
  }

  /** When the partition wants its timer; only when everything in it has been read. */
  due(partition: number): number | null {
    const owned = this.restore(partition);
    if (owned.position < this.log(this.workTopic)[partition]!.length) return null;
    return owned.worker.nextDue(partition);
  }

  fire(partition: number, crash: boolean): void {
    const owned = this.restore(partition);
    const output = owned.worker.process(partition, [], this.now);
    if (crash) this.crash(partition);
    else this.commit(partition, owned, output, owned.position);
  }

  private commit(partition: number, owned: Owned & { worker: Worker }, output: Output, position: number): void {
    owned.position = position;
    for (const { key, value, closed } of output.state) {
      if (value === null) owned.state.delete(key);
      else owned.state.set(key, { value, closed: closed === true });
    }
    this.write(structuredClone(output.records));
    owned.worker.committed?.(partition, output);
  }
}
