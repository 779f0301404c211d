/** How many members the services' consumer groups have, asked every few seconds: services in other languages may send no heartbeats. */
import type { ObservableBus } from "../bus/bus.ts";

const ASK_EVERY_MS = 5_000;
/** An answer that takes longer means that the bus was away meanwhile. */
const AWAY_MS = 5_000;
/** Groups asked for at once; with more, services take turns. */
const MAXIMUM_GROUPS = 200;

export interface GroupMembersOptions {
  bus: Pick<ObservableBus, "progress">;
  /** The topic of the commands. */
  topic: string;
  services(): Iterable<string>;
  groupsOf(service: string): string[];
  onMembers(service: string, members: number): void;
}

export interface GroupMembers {
  /** The bus can't be asked now. */
  readonly isAway: boolean;
  close(): void;
}

export function createGroupMembers({ bus, topic, services, groupsOf, onMembers }: GroupMembersOptions): GroupMembers {
  let failed = false;
  let askedAt: number | undefined;
  let turn = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const ask = async (): Promise<void> => {
    const all = [...services()].map((service) => ({ service, groups: groupsOf(service) }));
    const some = takeTurn(all, turn++);
    askedAt = Date.now();
    try {
      const found = await bus.progress([...new Set(some.flatMap(({ groups }) => groups))], topic);
      failed = false;
      const members = new Map(found.map((it) => [it.group, it.members]));
      for (const { service, groups } of closed ? [] : some) {
        onMembers(
          service,
          groups.reduce((sum, group) => sum + (members.get(group) ?? 0), 0),
        );
      }
    } catch {
      failed = true; // said elsewhere, by whoever reads and writes there
    }
    askedAt = undefined;
    if (closed) return;
    timer = setTimeout(() => void ask(), ASK_EVERY_MS);
    timer.unref();
  };
  void ask();

  return {
    get isAway() {
      return failed || (askedAt !== undefined && Date.now() - askedAt > AWAY_MS);
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function takeTurn<Asked extends { groups: string[] }>(all: Asked[], turn: number): Asked[] {
  const count = all.reduce((sum, { groups }) => sum + groups.length, 0);
  const turns = Math.max(1, Math.ceil(count / MAXIMUM_GROUPS));
  return all.filter((_, index) => index % turns === turn % turns);
}
