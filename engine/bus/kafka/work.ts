/**
 * A worker's part in its group. Who has what is told by member.ts; ownership.ts claims and restores it; schedule.ts calls
 * the worker on what the fetcher brings; transactions.ts makes it durable. Here these are put together, and told of each
 * other's failures: when a transaction fails, all memory is dropped and claimed anew.
 */
import type { default as Kafkajs } from "kafkajs";
import { AntigraphError } from "../../core/errors.ts";
import type { BusLogger, Worker, WorkHandle } from "../bus.ts";
import type { Checkpoints } from "./checkpoint.ts";
import type { Client, Connection } from "./client.ts";
import type { ClosedStore } from "./closed-store.ts";
import { delay } from "./errors.ts";
import { Fetcher } from "./fetcher.ts";
import type { ChangelogTopics, Commit, Placed } from "./group-commit.ts";
import { GroupMembership } from "./member.ts";
import { Ownership } from "./ownership.ts";
import { GroupPositions } from "./positions.ts";
import { Quarantine } from "./quarantine.ts";
import { knowTopic } from "./read.ts";
import { Schedule } from "./schedule.ts";
import { Transactions } from "./transactions.ts";

const LONG_POLL_MS = 100;
/** Of one partition: some hundred inputs, about as many as go into one transaction. */
const FETCH_BYTES = 262_144;
const STOP_TIMEOUT_MS = 700;

export interface WorkContext {
  client: Client;
  codec: typeof Kafkajs.AssignerProtocol;
  /** Sees the ends of logs, committed or not. */
  inspecting: Connection;
  changelog: ChangelogTopics;
  closed: ClosedStore;
  checkpoints: Checkpoints;
  deadLetters: string;
  idPrefix: string;
  clock: () => number;
  logger: BusLogger;
}

export class WorkSession {
  readonly worker: Worker;
  private readonly context: WorkContext;
  private readonly producing: Connection;
  private readonly claiming: Connection;
  private readonly fetching: Connection;
  private readonly coordination: Connection;
  private readonly fetcher: Fetcher;
  private readonly transactions: Transactions;
  private readonly quarantine = new Quarantine();
  private readonly ownership: Ownership;
  private readonly schedule: Schedule;
  private readonly positions: GroupPositions;
  private readonly closing = new AbortController();
  private member: GroupMembership | undefined;
  private running: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;
  private readonly onStoreRead = (partition: number, next: number) =>
    this.ownership.working.get(partition)?.state.storeHasRead(next);

  constructor(worker: Worker, context: WorkContext) {
    this.worker = worker;
    this.context = context;
    const { client, changelog: topics, closed } = context;
    const { signal } = this.closing;
    this.producing = client.connection();
    this.claiming = client.connection();
    this.fetching = client.connection();
    this.coordination = client.connection();
    const { producing, claiming, quarantine } = this;
    this.fetcher = this.fetch();
    this.transactions = new Transactions({
      ...context,
      connection: producing,
      group: worker.group,
      signal,
      onCommitted: (commit, placed) => this.committed(commit, placed),
      onVisible: ({ outputs }) => {
        for (const { partition, output } of outputs) partition.committed(output);
      },
      onFailed: (commit, error) => this.failed(commit, error),
    });
    const { transactions, fetcher } = this;
    this.ownership = new Ownership({
      ...context,
      worker,
      topics,
      claiming,
      transactions,
      quarantine,
      signal,
      isMember: async (memberId) => (await this.member?.has(memberId)) ?? false,
      confirmed: () => this.member?.confirmed(signal) ?? Promise.resolve(),
      onTaken: (partition, position) => {
        fetcher.add(partition, position);
        this.schedule.wake();
      },
      onDropped: (partition) => fetcher.remove(partition),
      release: (partitions) => this.schedule.release(partitions),
    });
    const { working } = this.ownership;
    this.schedule = new Schedule({
      ...context,
      topic: worker.topic,
      topics,
      working,
      transactions,
      quarantine,
      fetcher,
      producing,
      signal,
    });
    this.positions = new GroupPositions(working);
    closed.listeners.add(this.onStoreRead);
  }

  /** Resolves when it works on what it was first given; rejects with what `restore` throws, or `offset_out_of_range`. */
  async start(): Promise<WorkHandle> {
    const { worker, context } = this;
    const { changelog, deadLetters } = context;
    await knowTopic(this.fetching, worker.topic, "meet");
    await knowTopic(this.claiming, changelog.state, "meet");
    await this.producing.meet(changelog.state, changelog.closed);
    // Where there is none yet, a dead letter will look again.
    await this.producing.know(deadLetters).catch(() => {});
    this.member = new GroupMembership({
      ...context,
      connection: this.coordination,
      group: worker.group,
      topic: worker.topic,
      // What is under way stays valid until a successor claims: nothing has to be let go.
      onRebalance: async () => {},
      onAssigned: (assigned) => this.assigned(assigned),
      // Silence isn't heeded: what is worked on is this one's until a successor claims it.
      onLost: () => this.lost(),
    });
    this.positions.group = this.member;
    this.running = this.schedule.run();
    await this.member.joined;
    await this.ownership.started;
    await this.positions.store();
    return this.handle();
  }

  /** The position of a partition that is worked on here. */
  positionOf(partition: number): number | undefined {
    return this.ownership.working.get(partition)?.position;
  }

  /** Finishes what was begun, lets go of the claims, and leaves the group at once. */
  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private handle(): WorkHandle {
    const { ownership, schedule, worker } = this;
    const { working } = ownership;
    return {
      partitions: () => [...working.keys()].sort((a, b) => a - b),
      wake: (partition) => {
        working.get(partition)?.wake();
        schedule.wake();
      },
      lookup: (partition, key) => {
        const found = working.get(partition);
        if (found !== undefined) return found.state.lookup(key);
        throw new AntigraphError("internal", `Partition ${partition} of ${worker.topic} belongs to another worker.`);
      },
      stop: () => this.stop(),
    };
  }

  private fetch(): Fetcher {
    const { worker, context } = this;
    return new Fetcher({
      connection: this.fetching,
      topic: worker.topic,
      maxWaitMs: LONG_POLL_MS,
      partitionBytes: FETCH_BYTES,
      onFetched: (fetched) => {
        const partition = this.ownership.working.get(fetched.partition);
        if (partition === undefined) return;
        partition.accept(fetched);
        if (partition.isFull) this.fetcher.pause(fetched.partition);
        this.schedule.wake();
      },
      onReadAgain: (partition) => this.worker.readAgain?.(partition),
      onOutOfRange: (partition, offset) => {
        const { topic } = worker;
        context.logger.error(
          { topic, partition, offset },
          "input was gone before it was read; the partition is stopped",
        );
        // Claiming it again tells how the log lies, again and again until an operator has settled it.
        this.ownership.giveBack(partition);
      },
      logger: context.logger,
    });
  }

  private assigned(assigned: readonly number[]): void {
    if (this.closing.signal.aborted) return;
    const gone = this.ownership.assign(assigned, this.member?.id ?? "");
    for (const partition of gone) this.quarantine.forget(partition);
  }

  private committed(commit: Commit, placed: readonly Placed[]): void {
    const { checkpoints, changelog } = this.context;
    const states = new Map([...commit.partitions].map(({ partition, state }) => [partition, state]));
    for (const { batch, first, end } of placed) {
      const { topic, partition, messages } = batch;
      const state = topic === changelog.state ? states.get(partition) : undefined;
      if (state === undefined) continue;
      state.committed(messages);
      checkpoints.committed(partition, state.written, messages, first, end);
    }
    if (!commit.alone) return;
    for (const { partition, position } of commit.partitions) this.quarantine.succeeded(partition, position);
  }

  private failed(commit: Commit, error: unknown): void {
    const { logger, clock } = this.context;
    const { group } = this.worker;
    this.quarantine.failed(commit.contents(), error, clock());
    if (!this.closing.signal.aborted)
      logger.warn({ err: error, group }, "a transaction was abandoned; its partitions are claimed anew");
    this.schedule.discard(error);
    this.ownership.dropAll();
    this.ownership.claimAll();
  }

  /** The claims are worthless, whatever has become of the transaction under way; new ones need a group that gives them. */
  private lost(): void {
    const { logger } = this.context;
    const { group } = this.worker;
    if (!this.closing.signal.aborted) logger.warn({ group }, "the group goes on without this member; it joins anew");
    this.transactions.renew();
    this.schedule.discard(new Error("the group goes on without this member"));
    this.ownership.lose();
  }

  private async end(): Promise<void> {
    this.closing.abort();
    this.schedule.wake();
    this.positions.stop();
    const timeout = new AbortController();
    const letGo = (async () => {
      await this.running;
      const released = this.schedule.release([...this.ownership.working.keys()]);
      await this.schedule.flush();
      await released;
      await this.positions.store();
    })().catch((error: unknown) => {
      // The successor fences instead.
      this.context.logger.warn({ err: error, group: this.worker.group }, "claims could not be given back");
    });
    await Promise.race([letGo, delay(STOP_TIMEOUT_MS, timeout.signal)]);
    timeout.abort();
    await this.member?.leave();
    this.ownership.dropAll();
    this.context.closed.listeners.delete(this.onStoreRead);
    this.fetcher.close();
    for (const it of [this.producing, this.claiming, this.fetching, this.coordination]) it.close();
  }
}
