/** The workers: which of them has which partition, their part of each transaction, and the timer for the next call. */
import { AntigraphError } from "../../core/errors.ts";
import type { Worker, WorkHandle } from "../bus.ts";
import type { Participant, Transaction } from "./group-commit.ts";
import { type WorkContext, WorkPartition } from "./work-partition.ts";

/** Bounds of one transaction, so that neither the event loop nor the appends in it wait long. */
const MAXIMUM_ROUNDS = 16;
const MAXIMUM_TRANSACTION_RECORDS = 1_024;
/** A timer further away is looked at again in between: the wall clock may jump. */
const MAXIMUM_SLEEP_MS = 60_000;

/** Makes a transaction soon, or now. */
interface Trigger {
  schedule(): void;
  commit(): void;
}

interface WorkGroup {
  name: string;
  topic: string;
  members: Worker[];
  partitions: WorkPartition[];
}

export class Workers implements Participant {
  private readonly groups: WorkGroup[] = [];
  /** Of all groups, and which of them is to be asked next. */
  private readonly partitions: WorkPartition[] = [];
  private turn = 0;
  private readonly context: WorkContext;
  private trigger: Trigger = { schedule: () => {}, commit: () => {} };
  private timer: NodeJS.Timeout | undefined;
  private timerAt: number | undefined;

  constructor(context: Omit<WorkContext, "wake">) {
    this.context = { ...context, wake: () => this.trigger.schedule() };
  }

  /** Before the first `join`. */
  connect(trigger: Trigger): void {
    this.trigger = trigger;
  }

  /** Joins the worker's group. Rejects with what its `restore` throws. */
  async join(worker: Worker): Promise<WorkHandle> {
    await outsideOfTransactions();
    const group = this.groupOf(worker);
    group.members.push(worker);
    this.share(group);
    try {
      for (const partition of group.partitions) {
        if (partition.owner !== worker) continue;
        partition.restore();
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      this.leave(group, worker);
      throw error;
    }
    this.trigger.schedule();
    const owned = (partition: number): WorkPartition | undefined => {
      const found = group.partitions[partition];
      return found?.owner === worker ? found : undefined;
    };
    return {
      partitions: () => [...group.partitions.keys()].filter((partition) => owned(partition) !== undefined),
      wake: (partition) => {
        owned(partition)?.wake();
        this.trigger.schedule();
      },
      lookup: (partition, key) => {
        const found = owned(partition);
        if (found !== undefined) return found.lookup(key);
        throw new AntigraphError("internal", `Partition ${partition} of ${group.topic} belongs to another worker.`);
      },
      stop: async () => {
        await outsideOfTransactions();
        this.leave(group, worker);
      },
    };
  }

  /** The members of a group on a topic. */
  members(name: string, topic: string): number {
    return this.groups.find((group) => group.name === name && group.topic === topic)?.members.length ?? 0;
  }

  run(transaction: Transaction): boolean {
    let records = 0;
    let idle = 0;
    let steps = MAXIMUM_ROUNDS * this.partitions.length;
    // Round and round, beginning where the last transaction stopped, until nobody has a reason for a call any more.
    while (idle < this.partitions.length && steps-- > 0 && records < MAXIMUM_TRANSACTION_RECORDS) {
      const read = this.partitions[this.turn]?.step(transaction);
      this.turn = (this.turn + 1) % this.partitions.length;
      idle = read === undefined ? idle + 1 : 0;
      records += read ?? 0;
    }
    for (const partition of this.partitions) partition.storePosition();
    return idle < this.partitions.length;
  }

  committed(): void {
    for (const partition of this.partitions) partition.committed();
    this.arm();
  }

  rolledBack(): void {
    for (const partition of this.partitions) partition.rolledBack();
  }

  close(): void {
    clearTimeout(this.timer);
    for (const group of this.groups) {
      group.members = [];
      this.share(group);
    }
  }

  private groupOf(worker: Worker): WorkGroup {
    const { group: name, topic } = worker;
    const found = this.groups.find((group) => group.name === name && group.topic === topic);
    if (found !== undefined) return found;
    const { logs } = this.context.topics.get(topic);
    const starts = logs.map((log) => log.start);
    const stored = this.context.storage.ensurePositions(name, topic, true, starts);
    const partitions = stored.map((position, index) => {
      return new WorkPartition(this.context.topics.log(topic, index), position, this.context);
    });
    const group = { name, topic, members: [], partitions };
    this.groups.push(group);
    this.partitions.push(...partitions);
    return group;
  }

  private share(group: WorkGroup): void {
    for (const [index, partition] of group.partitions.entries()) {
      const owner = group.members[index % group.members.length];
      if (partition.owner !== owner) partition.assign(owner);
    }
  }

  private leave(group: WorkGroup, worker: Worker): void {
    group.members = group.members.filter((member) => member !== worker);
    this.share(group);
    this.trigger.schedule();
  }

  /** One timer, for the earliest partition. */
  private arm(): void {
    let earliest: number | undefined;
    for (const partition of this.partitions) {
      const at = partition.nextCall();
      if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at;
    }
    if (earliest === this.timerAt) return;
    clearTimeout(this.timer);
    this.timerAt = earliest;
    if (earliest === undefined) return;
    const sleepMs = Math.min(MAXIMUM_SLEEP_MS, Math.max(1, earliest - this.context.clock()));
    this.timer = setTimeout(() => {
      this.timerAt = undefined;
      this.trigger.commit();
    }, sleepMs);
  }
}

/** A transaction runs to its end without a pause: behind an await none is running. */
async function outsideOfTransactions(): Promise<void> {}
