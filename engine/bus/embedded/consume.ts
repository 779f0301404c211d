/** Consumer groups within this process: members share a topic's partitions, positions are stored with the commits. */
import type { BusLogger, ConsumeOptions, Consumption } from "../bus.ts";
import { type Claim, Delivery } from "./delivery.ts";
import type { Cursor } from "./gather.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Storage } from "./storage.ts";
import type { Topics } from "./topics.ts";

const DEFAULT_BATCH_RECORDS = 500;
/** How often the position of members that work on several batches at once is stored. */
const STORE_EVERY_MS = 500;

interface GroupCursor extends Cursor {
  /** Id of the stored position. */
  id: number;
  /** A member is running a batch of this partition; after a rebalance not always the one that owns it now. */
  busy: boolean;
  /** What is stored, or about to be. */
  stored: number;
}

interface ConsumerGroup {
  name: string;
  topic: string;
  /** By partition. */
  cursors: GroupCursor[];
  members: Delivery[];
  /** Of members that work on several batches at once: what each has not dealt with yet. */
  unsettled: Map<Delivery, () => Record<number, number>>;
  timer: NodeJS.Timeout;
}

export class Consumers {
  private readonly groups: ConsumerGroup[] = [];
  private readonly storage: Storage;
  private readonly topics: Topics;
  private readonly commits: GroupCommit;
  private readonly logger: BusLogger;

  constructor(storage: Storage, topics: Topics, commits: GroupCommit, logger: BusLogger) {
    this.storage = storage;
    this.topics = topics;
    this.commits = commits;
    this.logger = logger;
  }

  /** Throws `topic_not_found`, or `invalid_request` for a group of workers. */
  join(options: ConsumeOptions): Consumption {
    const group = this.groupOf(options);
    const member: Delivery = new Delivery(group.cursors, {
      name: `group ${group.name} on ${group.topic}`,
      limit: options.maximumBatch ?? DEFAULT_BATCH_RECORDS,
      onRecords: options.onRecords,
      claim: () => this.claim(group, member),
      onClose: () => {
        group.members = group.members.filter((other) => other !== member);
        for (const other of group.members) other.wake();
      },
      logger: this.logger,
    });
    group.members.push(member);
    if (options.unsettled) group.unsettled.set(member, options.unsettled);
    for (const other of group.members) other.wake();
    return {
      caughtUp: member.caughtUp,
      upToDate: () => member.upToDate(),
      drain: () => member.drain(),
      close: async () => {
        await member.drain();
        this.leave(group, member);
        await member.close();
      },
    };
  }

  /** What the member has not dealt with comes again, to the next. */
  private leave(group: ConsumerGroup, member: Delivery): void {
    const open = group.unsettled.get(member)?.() ?? {};
    group.unsettled.delete(member);
    for (const cursor of group.cursors) {
      cursor.position = Math.min(cursor.position, open[cursor.log.partition] ?? cursor.position);
    }
    this.store(group);
  }

  /** Nothing is stored beyond what a member has not dealt with. */
  private store(group: ConsumerGroup): void {
    const open = [...group.unsettled.values()].map((unsettled) => unsettled());
    for (const cursor of group.cursors) {
      const next = Math.min(cursor.position, ...open.map((it) => it[cursor.log.partition] ?? cursor.position));
      if (next === cursor.stored) continue;
      cursor.stored = next;
      this.commits.setPosition(cursor.id, next);
    }
  }

  /** The members of a group on a topic. */
  members(name: string, topic: string): number {
    return this.groups.find((group) => group.name === name && group.topic === topic)?.members.length ?? 0;
  }

  async close(): Promise<void> {
    for (const group of this.groups) {
      clearInterval(group.timer);
      await Promise.all(group.members.map((member) => member.drain()));
      for (const member of [...group.members]) this.leave(group, member);
      await Promise.all(group.members.map((member) => member.close()));
    }
  }

  private claim(group: ConsumerGroup, member: Delivery): Claim {
    const cursors = group.cursors.filter((cursor) => !cursor.busy && ownerOf(group, cursor) === member);
    for (const cursor of cursors) cursor.busy = true;
    const release = () => {
      if (group.unsettled.size === 0) this.store(group);
      for (const cursor of cursors) {
        cursor.busy = false;
        // Moved to another member meanwhile, which could not read it before.
        const owner = ownerOf(group, cursor);
        if (owner !== member) owner?.wake();
      }
      for (const other of group.members) other.checkCaughtUp();
    };
    return { cursors, release };
  }

  private groupOf({ group: name, topic, fromBeginning }: ConsumeOptions): ConsumerGroup {
    const found = this.groups.find((group) => group.name === name && group.topic === topic);
    if (found !== undefined) return found;
    const { logs } = this.topics.get(topic);
    const initial = logs.map((log) => (fromBeginning ? log.start : log.end));
    const cursors = this.storage.ensurePositions(name, topic, false, initial).map(({ id, partition, next }) => {
      return { id, log: this.topics.log(topic, partition), position: next, busy: false, stored: next };
    });
    const timer = setInterval(() => this.store(group), STORE_EVERY_MS);
    timer.unref();
    const group: ConsumerGroup = { name, topic, cursors, members: [], unsettled: new Map(), timer };
    this.groups.push(group);
    return group;
  }
}

function ownerOf({ members }: ConsumerGroup, { log }: GroupCursor): Delivery | undefined {
  return members[log.partition % members.length];
}
