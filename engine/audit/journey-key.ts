/**
 * Numbers that stand in the cache's rows: statuses, and journey ids that carry the time of the start. Because ids grow
 * with the start, the journeys table and each of its indexes are in that order by themselves, and so are the postings
 * of the text index.
 */
import type { JourneyStatus } from "../core/view.ts";

/** Stored in the file: never renumber. */
export const STATUS_CODE: Readonly<Record<JourneyStatus, number>> = {
  running: 1,
  paused: 2,
  held: 3,
  rolling_back: 4,
  rollback_failed: 5,
  completed: 6,
  rolled_back: 7,
  terminated: 8,
};

const STATUS_OF_CODE = new Map<number, JourneyStatus>();
for (const status of Object.keys(STATUS_CODE) as JourneyStatus[]) STATUS_OF_CODE.set(STATUS_CODE[status], status);

export function statusOf(code: number): JourneyStatus {
  const status = STATUS_OF_CODE.get(code);
  if (!status) throw new Error(`the cache holds an unknown status number: ${code}`);
  return status;
}

export const ALL_STATUS_CODES: readonly number[] = [...STATUS_OF_CODE.keys()];

/** Statuses of journeys that have an end; the other journeys stand last when sorted by end or duration. */
export const ENDED_CODES: readonly number[] = [
  STATUS_CODE.completed,
  STATUS_CODE.rolled_back,
  STATUS_CODE.terminated,
];

export const isEnded = (code: number): boolean => ENDED_CODES.includes(code);

const EPOCH_MS = Date.UTC(2020, 0, 1);
/** Journeys that can start in one millisecond before the next one's slots are used. 2^53 / 4096 reaches to 2089. */
export const SLOTS_PER_MS = 4096;
const LATEST_MS = EPOCH_MS + Math.floor(Number.MAX_SAFE_INTEGER / SLOTS_PER_MS) - 1;
const EARLIEST_MS = EPOCH_MS - (LATEST_MS - EPOCH_MS);

/** The smallest id of journeys that started at this millisecond. */
export function firstIdAt(startedMs: number): number {
  const bounded = Math.min(Math.max(Math.ceil(startedMs), EARLIEST_MS), LATEST_MS);
  return (bounded - EPOCH_MS) * SLOTS_PER_MS;
}

/** The millisecond that an id stands for; for ids out of all range, the earliest or latest there is. */
export function startedMsOf(id: number): number {
  return EPOCH_MS + Math.floor(id / SLOTS_PER_MS);
}

/**
 * A free id for a journey. The slot comes from the uuid, so that a rebuilt cache gives the same ids whatever the order
 * in which partitions were read, but for the rare collisions.
 */
export function newJourneyId(startedMs: number, uuid: string, isTaken: (id: number) => boolean): number {
  const first = firstIdAt(startedMs);
  const slot = slotOf(uuid);
  for (let probe = 0; probe < SLOTS_PER_MS; probe += 1) {
    const id = first + ((slot + probe) % SLOTS_PER_MS);
    if (!isTaken(id)) return id;
  }
  return newJourneyId(startedMs + 1, uuid, isTaken);
}

function slotOf(uuid: string): number {
  let hash = 0;
  for (let index = 0; index < uuid.length; index += 1) hash = (hash * 31 + uuid.charCodeAt(index)) | 0;
  return (hash >>> 0) % SLOTS_PER_MS;
}
