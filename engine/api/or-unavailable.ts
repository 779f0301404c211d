import { AntigraphError } from "../core/errors.ts";

/** What the bus answers; undefined while it can't be reached, where an answer without it is better than none. */
export async function orUnavailable<T>(request: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof AntigraphError && error.code === "bus_unavailable") return undefined;
    throw error;
  }
}
