import { AntigraphError, type ErrorCode } from "../core/errors.ts";

/** What the bus answers; undefined while it can't be reached, where an answer without it is better than none. */
export async function orUnavailable<T>(
  request: () => T | Promise<T>,
  ...alsoWith: ErrorCode[]
): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    const code = error instanceof AntigraphError ? error.code : undefined;
    if (code !== undefined && ["bus_unavailable", ...alsoWith].includes(code)) return undefined;
    throw error;
  }
}
