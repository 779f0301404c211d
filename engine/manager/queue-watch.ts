/**
 * How the services' queues move, for the clocks: a timeout is a promise about the service, not about the queue before it.
 * A command's clock starts when it was sent, or at the last observed advance of the service's consumer group while that
 * was still short of the command, whichever is later.
 *
 * Only services that were sent something and whose group lags are looked at, about once a second. What is kept of a
 * partition are its advances: when the group was first seen at an offset, and when the first record behind it was
 * written. A group was short of a command as long as that record isn't younger than the command.
 */
import type { ObservableBus } from "../bus/bus.ts";
import { partitionFor } from "../core/murmur2.ts";
import { type Logger, silent } from "./logger.ts";

const LOOK_EVERY_MS = 1_000;
/** A clock that runs out has the queue looked at at once, but not more often than this. */
const LOOK_APART_MS = 100;
/** Groups asked for in one look; the others have their turn in the next. */
const MAXIMUM_GROUPS = 64;
/** Records whose time is read in one look. */
const MAXIMUM_READS = 64;
/** Advances remembered for a partition. */
const MAXIMUM_ADVANCES = 1_000;
/** For so long after something was sent to a service without a group (over HTTP, say) one is looked for. */
const LOOK_FOR_GROUP_MS = 60_000;
/** A command's record is written so much later, at most, than its clock began. */
const WRITTEN_WITHIN_MS = 1_000;

export interface QueueWatchOptions {
  bus: Pick<ObservableBus, "progress" | "offsets" | "read">;
  /** The topic of the commands. */
  topic: string;
  /** The groups in which a service may read. */
  groupsOf(service: string): string[];
  clock?: () => number;
  logger?: Logger;
}

/** A command that nobody has answered. Times in milliseconds since 1970. */
export interface QueuedCommand {
  service: string;
  /** The record's key. */
  uuid: string;
  sentAt: number;
  timeoutMs: number;
  /** So long at most its clock may wait for its start. */
  queueTimeoutMs: number;
}

export interface QueueWatch {
  /** A command went to this service. */
  sent(service: string): void;
  /**
   * When the command's time is over, as far as is known; `isSure` when the queue was looked at since. A look begins at
   * once where it isn't.
   */
  dueOf(command: QueuedCommand, now: number): { at: number; isSure: boolean };
  close(): void;
}

interface Advance {
  /** When the group was first seen there; nobody saw it come when it was there from the beginning. */
  at: number;
  offset: number;
  /** When the first record behind it was written; infinite where there was none, undefined while that isn't known. */
  nextWrittenAt?: number | undefined;
}

interface Queue {
  service: string;
  /** Something was sent since the last look, or the group lagged then, or somebody asks. */
  isWanted: boolean;
  sentAt: number;
  /** When the last look began. */
  lookedAt: number;
  /** The group that has stored positions. */
  group: string | undefined;
  partitions: Map<number, Advance[]>;
}

export function createQueueWatch(options: QueueWatchOptions): QueueWatch {
  return new Watch(options);
}

class Watch implements QueueWatch {
  private readonly options: QueueWatchOptions;
  private readonly clock: () => number;
  private readonly logger: Logger;
  private readonly queues = new Map<string, Queue>();
  private partitions = 0;
  private timer: NodeJS.Timeout | undefined;
  /** When the timer fires. */
  private next = Number.POSITIVE_INFINITY;
  private lookedAt = Number.NEGATIVE_INFINITY;
  private isLooking = false;
  private failures = 0;
  private isUnreadable = false;
  private closed = false;

  constructor(options: QueueWatchOptions) {
    this.options = options;
    this.clock = options.clock ?? Date.now;
    this.logger = options.logger ?? silent;
  }

  sent(service: string): void {
    const queue = this.queueOf(service);
    queue.sentAt = this.clock();
    if (queue.isWanted) return;
    queue.isWanted = true;
    this.look(LOOK_EVERY_MS);
  }

  dueOf({ service, uuid, sentAt, timeoutMs, queueTimeoutMs }: QueuedCommand, now: number) {
    const queue = this.queueOf(service);
    const advances = queue.partitions.get(partitionFor(uuid, Math.max(1, this.partitions))) ?? [];
    const last = advances.findLast((advance) => isShortOf(advance, sentAt));
    const latest = sentAt + queueTimeoutMs;
    const at = Math.min(Math.max(sentAt, last?.at ?? sentAt), latest) + timeoutMs;
    const isSure = queue.lookedAt >= at || now >= latest + timeoutMs;
    if (!isSure && at <= now) {
      queue.isWanted = true;
      this.look(LOOK_APART_MS);
    }
    return { at, isSure };
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private queueOf(service: string): Queue {
    const known = this.queues.get(service);
    if (known) return known;
    const queue: Queue = {
      ...{ service, isWanted: false, sentAt: Number.NEGATIVE_INFINITY, lookedAt: Number.NEGATIVE_INFINITY },
      ...{ group: undefined, partitions: new Map() },
    };
    this.queues.set(service, queue);
    return queue;
  }

  /** So long after the last look at the earliest. */
  private look(apartMs: number): void {
    if (this.closed || this.isLooking) return;
    const at = Math.max(this.clock(), this.lookedAt + apartMs);
    if (at >= this.next) return;
    clearTimeout(this.timer);
    this.next = at;
    this.timer = setTimeout(() => void this.run(), Math.max(0, at - this.clock()));
    this.timer.unref();
  }

  private async run(): Promise<void> {
    this.isLooking = true;
    this.next = Number.POSITIVE_INFINITY;
    this.lookedAt = this.clock();
    try {
      await this.lookAt(this.turn());
      this.failures = 0;
    } catch (error) {
      this.failures += 1;
      // Nothing times out meanwhile but by its queueTimeout: what can't be read isn't known to stand still.
      if (this.failures === 1) this.logger.warn({ err: error }, "the services' queues can't be looked at now");
    }
    this.isLooking = false;
    if ([...this.queues.values()].some(({ isWanted }) => isWanted)) this.look(LOOK_EVERY_MS);
  }

  /** Whose turn it is: those that have waited longest. */
  private turn(): { queue: Queue; groups: string[] }[] {
    const wanted = [...this.queues.values()]
      .filter(({ isWanted }) => isWanted)
      .sort((a, b) => a.lookedAt - b.lookedAt)
      .map((queue) => ({ queue, groups: this.options.groupsOf(queue.service) }));
    let count = 0;
    return wanted.filter(({ groups }, index) => {
      count += groups.length;
      return index === 0 || count <= MAXIMUM_GROUPS;
    });
  }

  private async lookAt(turn: { queue: Queue; groups: string[] }[]): Promise<void> {
    const { bus, topic } = this.options;
    const at = this.clock();
    const groups = [...new Set(turn.flatMap((it) => it.groups))];
    const [progress, offsets] = await Promise.all([bus.progress(groups, topic), bus.offsets(topic)]);
    this.partitions = offsets.length;
    const ends = new Map(offsets.map(({ partition, end }) => [partition, end]));
    const away = new Set(offsets.filter((it) => it.away).map(({ partition }) => partition));
    const byGroup = new Map(progress.map((it) => [it.group, it]));
    let reads = MAXIMUM_READS;
    for (const { queue, groups: names } of turn) {
      const found = names.map((name) => byGroup.get(name)).find((it) => it && Object.keys(it.positions).length > 0);
      if (found?.group !== queue.group) queue.partitions.clear();
      queue.group = found?.group;
      let lags = found === undefined && at - queue.sentAt < LOOK_FOR_GROUP_MS;
      for (const [name, offset] of Object.entries(found?.positions ?? {})) {
        const partition = Number(name);
        const advance = note(queue, partition, offset, at);
        if (away.has(partition)) {
          lags = true;
          continue;
        }
        if (offset >= (ends.get(partition) ?? 0)) advance.nextWrittenAt ??= Number.POSITIVE_INFINITY;
        else {
          lags = true;
          if (advance.nextWrittenAt === undefined && reads-- > 0)
            advance.nextWrittenAt = await this.writtenAt(partition, offset);
        }
      }
      queue.lookedAt = at;
      queue.isWanted = lags;
    }
  }

  /** When the first record from this offset on was written; undefined where that can't be read. */
  private async writtenAt(partition: number, offset: number): Promise<number | undefined> {
    const { bus, topic } = this.options;
    try {
      const { records } = await bus.read({ topic, from: { [partition]: offset }, limit: 1 });
      // Behind the last record there may be markers of transactions.
      return records[0]?.timestamp ?? Number.POSITIVE_INFINITY;
    } catch (error) {
      // Retention was faster than the group, or managers may not read there: every advance counts then.
      if (!this.isUnreadable) this.logger.warn({ err: error, topic }, "the services' queues can't be read now");
      this.isUnreadable = true;
      return undefined;
    }
  }
}

/** The partition's latest advance, a new one if the group has moved. That it is there at last is one, too. */
function note(queue: Queue, partition: number, offset: number, at: number): Advance {
  const advances = queue.partitions.get(partition) ?? [];
  const last = advances.at(-1);
  if (last?.offset === offset) return last;
  // There from the beginning, or set back by hand: nobody knows since when.
  const isAdvance = last === undefined ? queue.lookedAt > Number.NEGATIVE_INFINITY : offset > last.offset;
  const advance: Advance = { at: isAdvance ? at : Number.NEGATIVE_INFINITY, offset };
  queue.partitions.set(partition, isAdvance ? [...advances.slice(1 - MAXIMUM_ADVANCES), advance] : [advance]);
  return advance;
}

/** While the group was there, the command was before it. */
function isShortOf({ nextWrittenAt }: Advance, sentAt: number): boolean {
  return nextWrittenAt === undefined || nextWrittenAt <= sentAt + WRITTEN_WITHIN_MS;
}
