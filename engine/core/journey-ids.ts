/**
 * The uuids of journeys that come out of other journeys. They are computed, so that the same start asked twice is one
 * journey. Apart from builtin.ts, so that folding events needs no hashing.
 */
import { v5 } from "uuid";

/** UUIDv5(parent, "step"), for an element "step/index"; later attempts make journeys of their own. */
export function childUuid(parent: string, step: string, attempt: number, index?: number): string {
  const name = index === undefined ? step : `${step}/${index}`;
  return v5(attempt === 1 ? name : `${name}#${attempt}`, parent);
}

/** UUIDv5(old uuid, action id): the same replay asked twice is one journey. */
export const replayUuid = (uuid: string, actionId: string): string => v5(actionId, uuid);
