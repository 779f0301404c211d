/**
 * How many dead letters there are. On Kafka the distance of a topic's ends says less: markers of transactions lie between
 * the records, also those of the connection test, which leaves no record. So they are read, each one once.
 */
import type { ObservableBus, PartitionOffsets } from "../bus/bus.ts";

const PAGE_RECORDS = 500;
/** What lies beyond these in one call is counted by the next ones; until then the distance stands for it. */
const MAXIMUM_PAGES = 20;
/** A partition may have no leader now. */
const LONGEST_READ_MS = 2_000;

interface Counted {
  /** The next offset to look at. */
  next: number;
  /** Where the records lie, ascending. */
  offsets: number[];
}

/** A counter for one bus and topic; `offsets`: the topic's as they are now. Rejects as `ObservableBus.read` does. */
export function createDeadLetterCount(bus: Pick<ObservableBus, "read">, topic: string) {
  const counted = new Map<number, Counted>();
  let turn: Promise<unknown> = Promise.resolve();

  async function countIn({ partition, start, end }: PartitionOffsets): Promise<number> {
    let known = counted.get(partition);
    // Ends before what was read: the topic was made anew.
    if (known === undefined || known.next > end) known = { next: start, offsets: [] };
    counted.set(partition, known);
    const first = known.offsets.findIndex((offset) => offset >= start);
    known.offsets.splice(0, first < 0 ? known.offsets.length : first);
    known.next = Math.max(known.next, start);
    for (let page = 0; page < MAXIMUM_PAGES && known.next < end; page += 1) {
      const signal = AbortSignal.timeout(LONGEST_READ_MS);
      const from = known.next;
      const { records, next } = await bus.read({ topic, from: { [partition]: from }, limit: PAGE_RECORDS, signal });
      known.offsets.push(...records.map(({ offset }) => offset));
      known.next = next[partition] ?? end;
      // A transaction that is still open, or nobody who can be asked now: nothing more can be read.
      if (known.next === from) return known.offsets.length;
    }
    return known.offsets.length + Math.max(0, end - known.next);
  }

  return (offsets: readonly PartitionOffsets[]): Promise<number> => {
    const count = async () => {
      let total = 0;
      for (const each of offsets) total += await countIn(each);
      return total;
    };
    // One after the other: two would count the same records.
    const counting = turn.then(count, count);
    turn = counting.catch(() => {});
    return counting;
  };
}
