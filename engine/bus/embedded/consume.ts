/** Consumer groups within this process: members share a topic's partitions, positions are stored with the commits. */
import type { BusLogger, ConsumeOptions, Subscription } from "../bus.ts";
import { type Claim, Delivery } from "./delivery.ts";
import type { Cursor } from "./gather.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Storage } from "./storage.ts";
import type { Topics } from "./topics.ts";

const DEFAULT_BATCH_RECORDS = 500;

interface GroupCursor extends Cursor {
  /** Id of the stored position. */
  id: number;
  /** A member is running a batch of this partition; after a rebalance not always the one that owns it now. */
  busy: boolean;
}

interface ConsumerGroup {
  name: string;
  topic: string;
  /** By partition. */
  cursors: GroupCursor[];
  members: Delivery[];
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
  join(options: ConsumeOptions): Subscription {
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
    for (const other of group.members) other.wake();
    return member;
  }

  /** The members of a group on a topic. */
  members(name: string, topic: string): number {
    return this.groups.find((group) => group.name === name && group.topic === topic)?.members.length ?? 0;
  }

  async close(): Promise<void> {
    await Promise.all(this.groups.flatMap((group) => group.members).map((member) => member.close()));
  }

  private claim(group: ConsumerGroup, member: Delivery): Claim {
    const cursors = group.cursors.filter((cursor) => !cursor.busy && ownerOf(group, cursor) === member);
    const before = cursors.map((cursor) => cursor.position);
    for (const cursor of cursors) cursor.busy = true;
    const release = () => {
      for (const [index, cursor] of cursors.entries()) {
        cursor.busy = false;
        if (cursor.position !== before[index]) this.commits.setPosition(cursor.id, cursor.position);
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
      return { id, log: this.topics.log(topic, partition), position: next, busy: false };
    });
    const group = { name, topic, cursors, members: [] };
    this.groups.push(group);
    return group;
  }
}

function ownerOf({ members }: ConsumerGroup, { log }: GroupCursor): Delivery | undefined {
  return members[log.partition % members.length];
}
