/** Stores with the group where its partitions stand: for operators only, a worker's own positions lie in the changelog. */
import type { GroupMembership } from "./member.ts";
import type { WorkPartition } from "./work-partition.ts";

const STORE_EVERY_MS = 1_000;

export class GroupPositions {
  private readonly working: ReadonlyMap<number, WorkPartition>;
  private readonly stored = new Map<number, number>();
  private readonly timer: NodeJS.Timeout;
  private member: GroupMembership | undefined;

  constructor(working: ReadonlyMap<number, WorkPartition>) {
    this.working = working;
    this.timer = setInterval(() => void this.store(), STORE_EVERY_MS);
  }

  /** Without one nothing is stored. */
  set group(member: GroupMembership) {
    this.member = member;
  }

  async store(): Promise<void> {
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

  stop(): void {
    clearInterval(this.timer);
  }
}
