/**
 * The bus port over memory, with a scheduler in the hands of the simulation: it decides which manager works on which
 * partition, how many records a batch has, whether the commit happens or the manager dies before it, and who owns what.
 * A manager that lost its partition and doesn't know it yet may go on; its commit is refused.
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

/** What is durable of a partition, and who may change it. */
interface Partition {
  owner: number;
  /** Counts the owners. A commit under an older claim is refused. */
  claim: number;
  position: number;
  open: Map<string, string>;
  closed: Map<string, string>;
}

/** What a manager has in memory of a partition. */
interface View {
  claim: number;
  position: number;
}

interface Member {
  worker: Worker;
  views: Map<number, View>;
  active: boolean;
}

interface Feed {
  topic: string;
  read: number[];
  deliver(records: BusRecord[]): void | Promise<void>;
}

/** A commit that happened. */
export interface Commit {
  partition: number;
  member: number;
  output: Output;
}

export type Refusal = "fenced" | "crashed";

export class SimBus implements Bus {
  readonly kind = "embedded" as const;
  now: number;
  readonly partitions: Partition[];
  readonly members: Member[] = [];
  /** Memory is dropped after every commit, and restored for the next batch. */
  restartAlways = false;
  /** Commits that were refused. */
  readonly refused: Record<Refusal, number> = { fenced: 0, crashed: 0 };
  onCommit: (commit: Commit) => void = () => {};
  private readonly logs = new Map<string, BusRecord[][]>();
  private readonly feeds: Feed[] = [];
  private readonly workTopic: string;

  constructor(topics: { name: string; partitions: number }[], workTopic: string, now: number) {
    this.now = now;
    this.workTopic = workTopic;
    for (const { name, partitions } of topics)
      this.logs.set(
        name,
        Array.from({ length: partitions }, () => []),
      );
    this.partitions = this.log(workTopic).map(() => {
      return { owner: 0, claim: 0, position: 0, open: new Map(), closed: new Map() };
    });
  }

  log(topic: string): BusRecord[][] {
    const log = this.logs.get(topic);
    if (!log) throw new Error(`no topic ${topic}`);
    return log;
  }

  records(topic: string): BusRecord[] {
    return this.log(topic).flat();
  }

  unread(partition: number): number {
    return this.log(this.workTopic)[partition]!.length - this.partitions[partition]!.position;
  }

  // ---- the port ----

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
  async read(): Promise<never> {
    throw new Error("the simulation reads the logs itself");
  }
  async consume(): Promise<never> {
    throw new Error("the simulation reads the logs itself");
  }

  /** What is appended later is delivered by `catchUp`, or when the subscriber asks to be up to date. */
  async subscribe(topic: string, deliver: Feed["deliver"]): Promise<Subscription> {
    const feed: Feed = { topic, deliver, read: this.log(topic).map(() => 0) };
    this.feeds.push(feed);
    await this.feed(feed);
    return { caughtUp: Promise.resolve(), upToDate: () => this.feed(feed), close: async () => {} };
  }

  /** Delivers to one subscriber, or to all, what it has not got yet. */
  async catchUp(index?: number): Promise<void> {
    for (const feed of index === undefined ? this.feeds : this.feeds.slice(index, index + 1)) await this.feed(feed);
  }

  private async feed(feed: Feed): Promise<void> {
    const records = this.log(feed.topic).flatMap((log, partition) => log.slice(feed.read[partition]));
    feed.read = this.log(feed.topic).map((log) => log.length);
    if (records.length > 0) await feed.deliver(records);
  }

  async work(worker: Worker): Promise<WorkHandle> {
    const index = this.members.length;
    const member: Member = { worker, views: new Map(), active: true };
    this.members.push(member);
    const owned = (): number[] => [...this.partitions.keys()].filter((p) => this.partitions[p]!.owner === index);
    return {
      partitions: owned,
      wake: () => {},
      lookup: (partition, key) => this.lookup(partition, key),
      stop: async () => {
        member.active = false;
        const heir = this.members.findIndex((other) => other.active);
        for (const partition of owned()) this.move(partition, heir, true);
        for (const partition of [...member.views.keys()]) this.drop(index, partition);
      },
    };
  }

  close = async () => {};

  private lookup(partition: number, key: string): string | undefined {
    const { open, closed } = this.partitions[partition]!;
    return open.get(key) ?? closed.get(key);
  }

  private write(records: readonly NewRecord[]) {
    return records.map(({ topic, partition: wanted, key, value, headers }) => {
      const log = this.log(topic);
      const partition = wanted ?? (key === null ? 0 : partitionFor(key, log.length));
      const to = log[partition]!;
      const offset = to.length;
      to.push({ topic, partition, offset, timestamp: this.now, key, value, headers: { ...headers } });
      return { topic, partition, offset };
    });
  }

  // ---- faults ----

  /** The partition goes to another manager. `clean`: the old owner is told; else it finds out at its next commit. */
  move(partition: number, to: number, clean: boolean): void {
    const at = this.partitions[partition]!;
    if (clean) this.drop(at.owner, partition);
    at.owner = to;
    at.claim++;
  }

  /** The manager's memory is gone. */
  crash(member: number): void {
    for (const partition of [...this.members[member]!.views.keys()]) this.drop(member, partition);
  }

  private drop(member: number, partition: number): void {
    const { worker, views } = this.members[member]!;
    if (views.delete(partition)) worker.revoke(partition);
  }

  // ---- work ----

  /** Who believes that the partition is its own, beside the one whose it is. */
  zombies(partition: number): number[] {
    const { owner } = this.partitions[partition]!;
    return [...this.members.keys()].filter((m) => m !== owner && this.members[m]!.views.has(partition));
  }

  private view(member: number, partition: number): View {
    const { worker, views } = this.members[member]!;
    const at = this.partitions[partition]!;
    const known = views.get(partition);
    // An owner that lost the partition and got it back has a new claim, and begins anew.
    if (known && (known.claim === at.claim || at.owner !== member)) return known;
    this.drop(member, partition);
    const view = { claim: at.claim, position: at.position };
    const open = [...at.open].map(([key, value]) => ({ key, value }));
    worker.restore(partition, open, (key) => this.lookup(partition, key));
    views.set(partition, view);
    return view;
  }

  /**
   * A manager works on the next records of the partition as it sees it. `crash`: it dies between its decision and the
   * commit. Resolves to whether there was anything to read.
   */
  async step(member: number, partition: number, limit: number, crash: boolean): Promise<boolean> {
    const isZombie = this.partitions[partition]!.owner !== member;
    if (isZombie && !this.members[member]!.views.has(partition)) return false;
    const view = this.view(member, partition);
    const batch = this.log(this.workTopic)[partition]!.slice(view.position, view.position + limit);
    if (batch.length === 0) return false;
    const copies = batch.map((record) => ({ ...record, headers: { ...record.headers } }));
    const output = this.members[member]!.worker.process(partition, copies, this.now);
    const taken = output.resume ? (output.taken ?? 0) : batch.length;
    this.finish(member, partition, output, view.position + taken, crash);
    await output.resume;
    return true;
  }

  /** When the partition wants its timer; only when everything in it has been read. */
  due(partition: number): number | null {
    if (this.unread(partition) > 0) return null;
    const { owner } = this.partitions[partition]!;
    this.view(owner, partition);
    return this.members[owner]!.worker.nextDue(partition);
  }

  async fire(partition: number, crash: boolean): Promise<void> {
    const { owner } = this.partitions[partition]!;
    const view = this.view(owner, partition);
    const output = this.members[owner]!.worker.process(partition, [], this.now);
    this.finish(owner, partition, output, view.position, crash);
    await output.resume;
  }

  private finish(member: number, partition: number, output: Output, position: number, crash: boolean): void {
    const at = this.partitions[partition]!;
    const { worker, views } = this.members[member]!;
    const view = views.get(partition)!;
    if (crash || view.claim !== at.claim) {
      this.refused[crash ? "crashed" : "fenced"]++;
      this.drop(member, partition);
      return;
    }
    at.position = position;
    view.position = position;
    for (const { key, value, closed } of output.state) {
      at.open.delete(key);
      at.closed.delete(key);
      if (value !== null) (closed === true ? at.closed : at.open).set(key, value);
    }
    this.write(output.records);
    worker.committed?.(partition, output);
    this.onCommit({ partition, member, output });
    if (this.restartAlways && !output.resume) this.drop(member, partition);
  }
}
