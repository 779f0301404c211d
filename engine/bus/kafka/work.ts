/**
 * A worker's part in its group: claims the partitions it is given, restores them, and commits what it makes of their
 * input. All transactions go under one work id, used by this process once: whatever goes wrong with one of them, its
 * outcome is taken for lost, all memory is dropped, and a fresh work id claims the partitions as a successor.
 */
import type { Admin, default as Kafkajs } from "kafkajs";
import { AntigraphError } from "../../core/errors.ts";
import type { BusLogger, Worker, WorkHandle } from "../bus.ts";
import { CLAIM_KEY, claim } from "./claims.ts";
import type { Client, Connection } from "./client.ts";
import type { ClosedStore } from "./closed-store.ts";
import { delay } from "./errors.ts";
import { Fetcher } from "./fetcher.ts";
import { type Changelog, Commit, gather } from "./group-commit.ts";
import { GroupMembership } from "./member.ts";
import { TransactionalProducer } from "./produce.ts";
import { knowTopic, outOfLog } from "./read.ts";
import { WorkPartition } from "./work-partition.ts";

const LONG_POLL_MS = 100;
const RETRY_FIRST_MS = 50;
const RETRY_MAXIMUM_MS = 2_000;
/** A partition that makes transactions fail is left alone for so long, and for longer each time. */
const BLOCK_FIRST_MS = 1_000;
const BLOCK_MAXIMUM_MS = 60_000;
/** The group's positions are stored so often: for operators only, the worker's own lie in the changelog. */
const POSITIONS_EVERY_MS = 1_000;
const VISIBLE_CHECK_MS = 2;
const VISIBLE_TIMEOUT_MS = 2_000;
/** A timer further away is looked at again in between: the wall clock may jump. */
const MAXIMUM_SLEEP_MS = 60_000;
const STOP_TIMEOUT_MS = 700;

export interface WorkContext {
  client: Client;
  codec: typeof Kafkajs.AssignerProtocol;
  admin: Admin;
  /** Sees the ends of logs, committed or not. */
  inspecting: Connection;
  changelog: Changelog;
  closed: ClosedStore;
  deadLetters: string;
  idPrefix: string;
  clock: () => number;
  logger: BusLogger;
}

/** The work id of the moment; another epoch means that everything before is lost. */
interface Epoch {
  producer: TransactionalProducer;
  ready: Promise<void>;
}

export class WorkSession {
  readonly worker: Worker;
  private readonly context: WorkContext;
  private readonly producing: Connection;
  private readonly claiming: Connection;
  private readonly fetching: Connection;
  private readonly coordination: Connection;
  private readonly fetcher: Fetcher;
  private member: GroupMembership | undefined;
  private epoch: Epoch;
  /** What the group gives to this member. */
  private assigned: number[] = [];
  private readonly working = new Map<number, WorkPartition>();
  private readonly claims = new Set<number>();
  /** Partitions that make transactions fail, until when they are left alone. */
  private readonly blocked = new Map<number, { until: number; waitMs: number }>();
  private readonly started: Promise<void>;
  private settle: { resolve(): void; reject(error: unknown): void } = { resolve: () => {}, reject: () => {} };
  private readonly closing = new AbortController();
  private signalWork: () => void = () => {};
  private woken = false;
  private running: Promise<void> | undefined;
  private committing: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly positionsTimer: NodeJS.Timeout;
  private turn = 0;
  private readonly onStoreRead = (partition: number, next: number) => this.working.get(partition)?.storeHasRead(next);

  constructor(worker: Worker, context: WorkContext) {
    this.worker = worker;
    this.context = context;
    const { client, logger } = context;
    this.producing = client.connection();
    this.claiming = client.connection();
    this.fetching = client.connection();
    this.coordination = client.connection();
    this.epoch = this.renew();
    this.started = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.started.catch(() => {});
    this.fetcher = new Fetcher({
      connection: this.fetching,
      topic: worker.topic,
      maxWaitMs: LONG_POLL_MS,
      onFetched: (fetched) => {
        const partition = this.working.get(fetched.partition);
        if (partition === undefined) return;
        partition.accept(fetched);
        if (partition.isFull) this.fetcher.pause(fetched.partition);
        this.wake();
      },
      onOutOfRange: (partition, offset) => void this.outOfRange(partition, offset),
      logger,
    });
    context.closed.listeners.add(this.onStoreRead);
    this.positionsTimer = setInterval(() => void this.storePositions(), POSITIONS_EVERY_MS);
  }

  /** Resolves when it works on what it was first given; rejects with what `restore` throws, or `offset_out_of_range`. */
  async start(): Promise<WorkHandle> {
    const { worker, context } = this;
    await knowTopic(this.fetching, worker.topic);
    await knowTopic(this.claiming, context.changelog.state);
    await this.producing.know(context.changelog.state, context.changelog.closed);
    this.member = new GroupMembership({
      ...context,
      connection: this.coordination,
      group: worker.group,
      topic: worker.topic,
      // What is under way stays valid until a successor claims: nothing has to be let go.
      onRebalance: async () => {},
      onAssigned: (assigned, anew) => this.onAssigned(assigned, anew),
      onLost: () => this.abandon(new Error("the group goes on without this member")),
    });
    this.running = this.run();
    await this.member.joined;
    await this.started;
    await this.storePositions();
    return {
      partitions: () => [...this.working.keys()].sort((a, b) => a - b),
      wake: (partition) => {
        this.working.get(partition)?.wake();
        this.wake();
      },
      lookup: (partition, key) => {
        const found = this.working.get(partition);
        if (found !== undefined) return found.lookup(key);
        throw new AntigraphError("internal", `Partition ${partition} of ${worker.topic} belongs to another worker.`);
      },
      stop: () => this.stop(),
    };
  }

  /** The position of a partition that is worked on here. */
  positionOf(partition: number): number | undefined {
    return this.working.get(partition)?.position;
  }

  /** Finishes the running transaction, lets go of the claims, and leaves the group at once. */
  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private async end(): Promise<void> {
    this.closing.abort();
    this.wake();
    clearTimeout(this.timer);
    clearInterval(this.positionsTimer);
    const timeout = new AbortController();
    const letGo = (async () => {
      await this.running;
      await this.storePositions();
      await this.release([...this.working.keys()]);
    })().catch((error: unknown) => {
      // The successor fences instead.
      this.context.logger.warn({ err: error, group: this.worker.group }, "claims could not be given back");
    });
    await Promise.race([letGo, delay(STOP_TIMEOUT_MS, timeout.signal)]);
    timeout.abort();
    await this.member?.leave();
    for (const partition of [...this.working.keys()]) this.drop(partition);
    this.settle.reject(new Error("stopped"));
    this.context.closed.listeners.delete(this.onStoreRead);
    this.fetcher.close();
    for (const it of [this.producing, this.claiming, this.fetching, this.coordination]) it.close();
  }

  private onAssigned(assigned: number[], anew: boolean): void {
    if (this.closing.signal.aborted) return;
    if (anew && this.working.size > 0) this.abandon(new Error("the group had gone on without this member"));
    const gone = [...this.working.keys()].filter((partition) => !assigned.includes(partition));
    this.assigned = assigned;
    if (gone.length > 0) {
      for (const partition of gone) this.drop(partition);
      void this.giveUp(gone);
    }
    this.claimAll();
  }

  /** Lets a successor know that nobody has to be fenced, once what was under way is committed. */
  private async giveUp(partitions: number[]): Promise<void> {
    try {
      await this.committing;
      await this.release(partitions);
    } catch (error) {
      this.abandon(error);
    }
  }

  private async release(partitions: readonly number[]): Promise<void> {
    const { epoch } = this;
    if (partitions.length === 0) return;
    while (this.committing !== undefined) await this.committing;
    if (epoch !== this.epoch) return;
    const commit = new Commit(this.context.changelog, () => {});
    for (const partition of partitions) commit.note(partition, CLAIM_KEY, null);
    this.committing = epoch.producer
      .commit(commit.batches.all)
      .then(() => {})
      .finally(() => {
        this.committing = undefined;
        this.wake();
      });
    await this.committing;
  }

  private drop(partition: number): void {
    const found = this.working.get(partition);
    this.working.delete(partition);
    this.fetcher.remove(partition);
    found?.revoke();
  }

  /** A fresh work id. Memory that came before it is worthless. */
  private renew(): Epoch {
    const producer = new TransactionalProducer(this.producing, `${this.context.idPrefix}work-${crypto.randomUUID()}`);
    const epoch: Epoch = { producer, ready: this.initialise(producer) };
    return epoch;
  }

  private async initialise(producer: TransactionalProducer): Promise<void> {
    for (let waitMs = RETRY_FIRST_MS; !this.closing.signal.aborted; waitMs = Math.min(RETRY_MAXIMUM_MS, waitMs * 2)) {
      try {
        await producer.initialise();
        return;
      } catch (error) {
        const { logger } = this.context;
        logger.warn({ err: error, group: this.worker.group }, "no transactions can be begun now");
        await delay(waitMs, this.closing.signal);
      }
    }
  }

  private abandon(error: unknown, partitions: Iterable<WorkPartition> = []): void {
    const { logger } = this.context;
    if (!this.closing.signal.aborted) {
      logger.warn(
        { err: error, group: this.worker.group },
        "a transaction was abandoned; its partitions are claimed anew",
      );
    }
    for (const { partition, isolated } of partitions) {
      // Alone in its transaction: this one makes them fail. Among others: it will be alone in its next.
      const known = this.blocked.get(partition);
      const waitMs = isolated ? Math.min(BLOCK_MAXIMUM_MS, (known?.waitMs ?? BLOCK_FIRST_MS / 2) * 2) : 0;
      this.blocked.set(partition, { until: this.context.clock() + waitMs, waitMs });
    }
    for (const partition of [...this.working.keys()]) this.drop(partition);
    this.epoch = this.renew();
    this.claimAll();
  }

  private claimAll(): void {
    if (this.assigned.length === 0) this.settle.resolve();
    for (const partition of this.assigned) {
      if (!this.working.has(partition) && !this.claims.has(partition)) void this.claim(partition);
    }
  }

  private async claim(partition: number): Promise<void> {
    const { signal } = this.closing;
    const { logger } = this.context;
    this.claims.add(partition);
    try {
      for (let waitMs = RETRY_FIRST_MS; this.assigned.includes(partition) && !signal.aborted; ) {
        try {
          if (await this.take(partition)) break;
        } catch (error) {
          if (signal.aborted) break;
          this.settle.reject(error);
          logger.warn({ err: error, topic: this.worker.topic, partition }, "a partition can't be claimed now");
          await delay(waitMs, signal);
          waitMs = Math.min(RETRY_MAXIMUM_MS, waitMs * 2);
          await this.claiming.refresh();
        }
      }
    } finally {
      this.claims.delete(partition);
    }
    if (this.assigned.every((it) => this.working.has(it))) this.settle.resolve();
  }

  /** Answers whether the partition is worked on now. */
  private async take(partition: number): Promise<boolean> {
    const { worker, context, epoch, member, closing } = this;
    const isOwner = () => epoch === this.epoch && this.assigned.includes(partition) && !closing.signal.aborted;
    await epoch.ready;
    if (member === undefined || !isOwner()) return false;
    const restored = await claim({
      connection: this.claiming,
      changelog: context.changelog.state,
      partition,
      idPrefix: context.idPrefix,
      workId: epoch.producer.transactionalId,
      memberId: member.id,
      isOwner,
      isMember: (memberId) => this.isMember(memberId),
      signal: closing.signal,
    });
    if (restored === undefined) return false;
    await context.closed.upToDate(partition, closing.signal);
    const position = await this.checkPosition(partition, restored.position);
    if (!isOwner()) return false;
    const { topic } = worker;
    const found = new WorkPartition({ ...context, worker, topic, partition, state: restored.state, position });
    found.isolated = this.blocked.has(partition);
    try {
      found.restore();
    } catch (error) {
      found.revoke();
      throw error;
    }
    this.working.set(partition, found);
    this.fetcher.add(partition, position);
    this.wake();
    return true;
  }

  /** Throws `offset_out_of_range`: input was lost, and going on would hide it. */
  private async checkPosition(partition: number, position: number | undefined): Promise<number> {
    const { topic } = this.worker;
    const start = (await this.context.inspecting.offsets(topic, [partition], "start")).get(partition) ?? 0;
    if (position === undefined) return start;
    const end = (await this.context.inspecting.offsets(topic, [partition], "end")).get(partition) ?? 0;
    if (position < start || position > end) throw outOfLog({ topic, partition, offset: position, start, end });
    return position;
  }

  private async outOfRange(partition: number, offset: number): Promise<void> {
    const { topic } = this.worker;
    this.context.logger.error(
      { topic, partition, offset },
      "input was gone before it was read; the partition is stopped",
    );
    this.drop(partition);
    // Claiming it again tells how the log lies, again and again until an operator has settled it.
    this.claimAll();
  }

  private async isMember(memberId: string): Promise<boolean> {
    const { groups } = await this.context.admin.describeGroups([this.worker.group]);
    return groups.some(({ members }) => members.some((member) => member.memberId === memberId));
  }

  private wake(): void {
    this.woken = true;
    this.signalWork();
  }

  private async run(): Promise<void> {
    while (!this.closing.signal.aborted) {
      this.woken = false;
      if (this.committing !== undefined) {
        await this.committing.catch(() => {});
        continue;
      }
      const { epoch } = this;
      const commit = await this.gather();
      if (epoch !== this.epoch) continue;
      if (!commit.isEmpty) {
        this.committing = this.commit(commit, epoch).finally(() => {
          this.committing = undefined;
        });
        continue;
      }
      if (this.woken) continue;
      this.arm();
      await new Promise<void>((resolve) => {
        this.signalWork = resolve;
        if (this.woken || this.closing.signal.aborted) resolve();
      });
    }
    await this.committing?.catch(() => {});
  }

  /** Calls the workers of the partitions that are ready, beginning where the last transaction ended. */
  private async gather(): Promise<Commit> {
    const now = this.context.clock();
    const commit = new Commit(this.context.changelog, () => this.wake());
    const partitions = [...this.working.values()];
    this.turn++;
    for (let index = 0; index < partitions.length && !commit.isFull; index++) {
      const partition = partitions[(index + this.turn) % partitions.length];
      if (partition === undefined || this.working.get(partition.partition) !== partition) continue;
      if (partition.needsEnd(now)) void this.findEnd(partition);
      if (partition.isolated && !commit.isEmpty) continue;
      const blockedUntil = this.blocked.get(partition.partition)?.until ?? 0;
      if (partition.isolated && blockedUntil > now) continue;
      await gather(partition, commit, this.producing, now);
      if (!partition.isFull) this.fetcher.resume(partition.partition);
      if (partition.isolated && !commit.isEmpty) break;
    }
    commit.seal();
    return commit;
  }

  private async commit(commit: Commit, epoch: Epoch): Promise<void> {
    let ends: ReturnType<Commit["placed"]>;
    try {
      await epoch.ready;
      ends = commit.placed(await epoch.producer.commit(commit.batches.all));
    } catch (error) {
      if (epoch === this.epoch) this.abandon(error, commit.partitions);
      return;
    }
    for (const partition of commit.partitions) {
      if (!partition.isolated) continue;
      partition.isolated = false;
      this.blocked.delete(partition.partition);
    }
    void this.tell(commit, ends);
  }

  /** The workers hear of a commit when readers see it. */
  private async tell(commit: Commit, ends: ReturnType<Commit["placed"]>): Promise<void> {
    const deadline = Date.now() + VISIBLE_TIMEOUT_MS;
    while (!(await this.producing.areVisible(ends)) && Date.now() < deadline) {
      await delay(VISIBLE_CHECK_MS, this.closing.signal);
      if (this.closing.signal.aborted) break;
    }
    for (const { partition, output } of commit.outputs) partition.committed(output);
  }

  /** Everything that is in the partition now is to be processed before its timer fires. */
  private async findEnd(partition: WorkPartition): Promise<void> {
    partition.callAfter = Number.POSITIVE_INFINITY;
    const { topic } = this.worker;
    try {
      const ends = await this.context.inspecting.offsets(topic, [partition.partition], "end");
      partition.callAfter = ends.get(partition.partition) ?? 0;
    } catch {
      partition.callAfter = undefined;
      await delay(RETRY_FIRST_MS, this.closing.signal);
    }
    this.wake();
  }

  /** One timer, for the partition that has to be looked at first. */
  private arm(): void {
    clearTimeout(this.timer);
    let earliest = Number.POSITIVE_INFINITY;
    for (const partition of this.working.values()) {
      if (partition.callAfter === undefined) earliest = Math.min(earliest, partition.nextLook() ?? earliest);
      if (partition.isolated) earliest = Math.min(earliest, this.blocked.get(partition.partition)?.until ?? 0);
    }
    if (earliest === Number.POSITIVE_INFINITY) return;
    const sleepMs = Math.min(MAXIMUM_SLEEP_MS, Math.max(1, earliest - this.context.clock()));
    this.timer = setTimeout(() => this.wake(), sleepMs);
  }

  private readonly stored = new Map<number, number>();

  private async storePositions(): Promise<void> {
    const changed = new Map<number, number>();
    for (const [number, { position }] of this.working) {
      if (this.stored.get(number) !== position) changed.set(number, position);
    }
    if (changed.size === 0) return;
    try {
      await this.member?.commit(changed);
      for (const [partition, position] of changed) this.stored.set(partition, position);
    } catch {
      // The group is changing; the next round stores them.
    }
  }
}
