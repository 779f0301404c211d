/**
 * A Kafka bus for a console: opens also when the cluster is away, says whether it can be reached, and refuses at once what
 * can't be done now, so that nobody waits for a broker that is known to be gone. Subscriptions wait for the cluster and
 * begin when it is there; the topic that is copied to this disk (topic-copy.ts) is delivered from there first.
 */
import { AntigraphError } from "../../core/errors.ts";
import type {
  BusLogger,
  BusRecord,
  ConsumeOptions,
  NewRecord,
  ObservableBus,
  ReadQuery,
  Subscription,
  Worker,
  WorkHandle,
} from "../bus.ts";
import { type BusConnection, ClusterWatch } from "./cluster-watch.ts";
import { delay } from "./errors.ts";
import type { TopicCopy } from "./topic-copy.ts";

/** A cluster that hasn't answered by then counts as away, though the first try goes on. */
const FIRST_ANSWER_MS = 3_000;
/** Between tries of a subscription to a topic that isn't there yet. */
const SUBSCRIBE_RETRY_MS = 1_000;
/** How long `close` waits for what is under way, and where the cluster is known to be gone. */
const CLOSE_TIMEOUT_MS = 5_000;
const CLOSE_AWAY_TIMEOUT_MS = 500;

export interface PatientBus extends ObservableBus {
  connection(): BusConnection;
  /** Called when the state has changed. Returns the way to stop. */
  onConnection(listener: (connection: BusConnection) => void): () => void;
}

export interface PatientBusOptions {
  /** Reaches the cluster; tried again until it resolves. */
  connect(): Promise<ObservableBus>;
  /** A topic of one partition that is delivered from this disk first. */
  copied?: { topic: string; copy: TopicCopy };
  /** The copy is of another log than the cluster's; it has been emptied. Whoever was given it should begin anew. */
  onOtherLog?(): void;
  clock?: () => number;
  logger: BusLogger;
}

/** Begins to connect, and waits for nothing. */
export function openPatientBus(options: PatientBusOptions): PatientBus {
  const bus = new WaitingBus(options);
  bus.start();
  return bus;
}

class WaitingBus implements PatientBus {
  readonly kind = "kafka";
  private readonly options: PatientBusOptions;
  private readonly closing = new AbortController();
  private readonly watch: ClusterWatch;
  private inner: ObservableBus | undefined;
  private watching: Promise<void> = Promise.resolve();

  constructor(options: PatientBusOptions) {
    this.options = options;
    const { clock, logger } = options;
    this.watch = new ClusterWatch({ reach: () => this.reach(), signal: this.closing.signal, clock, logger });
  }

  start(): void {
    const first = setTimeout(() => {
      if (this.connection().state === "connecting") this.watch.become("disconnected", "it has not answered yet");
    }, FIRST_ANSWER_MS);
    this.watching = this.watch.run().finally(() => clearTimeout(first));
  }

  connection = (): BusConnection => this.watch.connection();
  onConnection = (listener: (connection: BusConnection) => void) => this.watch.onConnection(listener);
  topics = () => this.ask((bus) => bus.topics());
  groups = () => this.ask((bus) => bus.groups());
  offsets = (topic: string) => this.ask((bus) => bus.offsets(topic));
  offsetsAt = (topic: string, time: number) => this.ask((bus) => bus.offsetsAt(topic, time));
  progress = (groups: readonly string[], topic: string) => this.ask((bus) => bus.progress(groups, topic));
  cluster = () => this.ask((bus) => bus.cluster());
  append = (records: NewRecord[]) => this.ask((bus) => bus.append(records));
  read = (query: ReadQuery) => this.ask((bus) => bus.read(query));
  consume = (options: ConsumeOptions) => this.ask((bus) => bus.consume(options));
  work = (worker: Worker): Promise<WorkHandle> => this.ask((bus) => bus.work(worker));

  async subscribe(
    topic: string,
    onRecords: (records: BusRecord[]) => void | Promise<void>,
    from: Record<number, number> | "end" = {},
  ): Promise<Subscription> {
    const { copied } = this.options;
    const waiting =
      copied?.topic === topic
        ? new CopiedSubscription(this, topic, onRecords, copied.copy, () => this.options.onOtherLog?.())
        : new WaitingSubscription(this, topic, onRecords, from);
    await waiting.start();
    return waiting;
  }

  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    const timeout = new AbortController();
    const closed = this.watching.then(() => this.inner?.close());
    const timeoutMs = this.connection().state === "connected" ? CLOSE_TIMEOUT_MS : CLOSE_AWAY_TIMEOUT_MS;
    await Promise.race([closed, delay(timeoutMs, timeout.signal)]);
    closed.catch(() => {});
    timeout.abort();
  }

  get signal(): AbortSignal {
    return this.closing.signal;
  }

  /** The cluster's bus, if it can be reached. @throws AntigraphError bus_unavailable */
  reached(): ObservableBus {
    if (this.closing.signal.aborted) throw new AntigraphError("bus_unavailable", "The bus is closed.");
    if (this.inner !== undefined && this.connection().state === "connected") return this.inner;
    const { state, message } = this.connection();
    const why = state === "connecting" ? "Kafka has not been reached yet." : `Kafka can't be reached: ${message}`;
    throw new AntigraphError("bus_unavailable", why);
  }

  /** Resolves at the next change of the state, or when the bus closes. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        stop();
        this.closing.signal.removeEventListener("abort", done);
        resolve();
      };
      const stop = this.onConnection(done);
      this.closing.signal.addEventListener("abort", done);
      if (this.closing.signal.aborted) done();
    });
  }

  private async ask<T>(request: (bus: ObservableBus) => Promise<T>): Promise<T> {
    return request(this.reached());
  }

  private async reach(): Promise<ObservableBus> {
    if (this.inner !== undefined) return this.inner;
    const opened = await this.options.connect();
    if (this.closing.signal.aborted) await opened.close();
    else this.inner = opened;
    return opened;
  }
}

/** Subscribes when the topic can be read for the first time. */
class WaitingSubscription implements Subscription {
  readonly caughtUp: Promise<void>;
  protected readonly bus: WaitingBus;
  protected readonly topic: string;
  protected readonly onRecords: (records: BusRecord[]) => void | Promise<void>;
  protected from: Record<number, number> | "end";
  private readonly settled = Promise.withResolvers<void>();
  private readonly begun = Promise.withResolvers<Subscription | undefined>();
  private isClosed = false;

  constructor(
    bus: WaitingBus,
    topic: string,
    onRecords: (records: BusRecord[]) => void | Promise<void>,
    from: Record<number, number> | "end",
  ) {
    this.bus = bus;
    this.topic = topic;
    this.onRecords = onRecords;
    this.from = from;
    // Whoever opens on a cluster that is away goes on with what is there: as far as can be, it has caught up.
    this.caughtUp = this.settled.promise;
  }

  /** Rejects with what no waiting mends: a wrong offset. */
  async start(): Promise<void> {
    if (this.bus.connection().state === "connecting") await this.bus.changed();
    if (await this.begin()) return;
    this.settled.resolve();
    void this.keepTrying();
  }

  async upToDate(): Promise<void> {
    await (await this.begun.promise)?.upToDate();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.begun.resolve(undefined);
    this.settled.resolve();
    await (await this.begun.promise)?.close();
  }

  protected async subscribe(bus: ObservableBus): Promise<Subscription> {
    return bus.subscribe(this.topic, this.onRecords, this.from);
  }

  private async keepTrying(): Promise<void> {
    for (;;) {
      const waiting = new AbortController();
      const pause = delay(SUBSCRIBE_RETRY_MS, AbortSignal.any([waiting.signal, this.bus.signal]));
      await Promise.race([pause, this.bus.changed()]);
      waiting.abort();
      if (this.isClosed || this.bus.signal.aborted) return this.begun.resolve(undefined);
      try {
        if (await this.begin()) return;
      } catch {
        // The log has moved on meanwhile: from its beginning on there is most to be read.
        this.from = {};
      }
    }
  }

  /** False when the cluster or the topic isn't there now. */
  private async begin(): Promise<boolean> {
    try {
      const subscription = await this.subscribe(this.bus.reached());
      void subscription.caughtUp.then(this.settled.resolve);
      this.begun.resolve(subscription);
      if (this.isClosed) await subscription.close();
      return true;
    } catch (error) {
      const code = error instanceof AntigraphError ? error.code : undefined;
      if (code === "bus_unavailable" || code === "topic_not_found") return false;
      throw error;
    }
  }
}

/** Delivers the copy first, and copies what comes after it. */
class CopiedSubscription extends WaitingSubscription {
  private readonly copy: TopicCopy;
  private readonly onOtherLog: () => void;

  constructor(
    bus: WaitingBus,
    topic: string,
    onRecords: (records: BusRecord[]) => void | Promise<void>,
    copy: TopicCopy,
    onOtherLog: () => void,
  ) {
    super(bus, topic, onRecords, {});
    this.copy = copy;
    this.onOtherLog = onOtherLog;
  }

  override async start(): Promise<void> {
    if (this.copy.records.length > 0) await this.onRecords([...this.copy.records]);
    await super.start();
  }

  protected override async subscribe(bus: ObservableBus): Promise<Subscription> {
    if (!(await this.isOfThisLog(bus))) {
      this.copy.clear();
      this.onOtherLog();
    }
    const take = async (records: BusRecord[]): Promise<void> => {
      await this.onRecords(records);
      this.copy.add(records);
    };
    return bus.subscribe(this.topic, take, { 0: this.copy.next });
  }

  private async isOfThisLog(bus: ObservableBus): Promise<boolean> {
    const last = this.copy.records.at(-1);
    if (last === undefined) return true;
    const [log] = await bus.offsets(this.topic);
    if (log === undefined || last.offset < log.start || last.offset >= log.end) return false;
    const { records } = await bus.read({ topic: this.topic, from: { 0: last.offset }, limit: 1 });
    const [there] = records;
    return there?.offset === last.offset && there.value === last.value && there.timestamp === last.timestamp;
  }
}
