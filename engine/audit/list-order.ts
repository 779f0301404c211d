/** Orders of lists, and the keys that cursors hold. */
import { AntigraphError } from "../core/errors.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { JourneyQuery } from "./store.ts";

type Sort = NonNullable<JourneyQuery["sort"]>;
const SORTS: readonly Sort[] = ["started_at", "-started_at", "ended_at", "-ended_at", "duration", "-duration"];

/** `value`: end or duration in milliseconds; null for journeys that haven't ended, which stand last. */
export interface Key {
  value: number | null;
  id: number;
}

/** `id` is the order of starts. */
export interface Order {
  sort: Sort;
  column: "id" | "ended_ms" | "duration_ms";
  descending: boolean;
}

/** An order by a value that ended journeys have. */
export type ValueOrder = Order & { column: "ended_ms" | "duration_ms" };

/** Throws AntigraphError `invalid_request`. */
export function orderOf(sort: JourneyQuery["sort"] = "-started_at"): Order {
  if (!SORTS.includes(sort)) {
    throw new AntigraphError("invalid_request", `sort: ${sort} is none of ${SORTS.join(", ")}`);
  }
  const descending = sort.startsWith("-");
  if (sort.endsWith("started_at")) return { sort, column: "id", descending };
  return { sort, column: sort.endsWith("ended_at") ? "ended_ms" : "duration_ms", descending };
}

export const isByValue = (order: Order): order is ValueOrder => order.column !== "id";

/** Negative when `a` stands before `b`. */
export function compareKeys({ descending }: Order, a: Key, b: Key): number {
  if (a.value === null || b.value === null) {
    if (a.value !== b.value) return a.value === null ? 1 : -1;
  } else if (a.value !== b.value) {
    return descending ? b.value - a.value : a.value - b.value;
  }
  return descending ? b.id - a.id : a.id - b.id;
}

export function cursorOf(order: Order, key: Key): string {
  return encodeCursor([order.sort, key.value, key.id]);
}

/** Throws AntigraphError `invalid_request` when the cursor comes from a list in another order. */
export function keyOf(cursor: string, order: Order): Key {
  const [sort, value, id] = decodeCursor(cursor);
  if (sort !== order.sort || typeof id !== "number" || typeof value === "string" || value === undefined) {
    throw new AntigraphError("invalid_request", `cursor: it doesn't come from a list sorted by ${order.sort}`);
  }
  return { value, id };
}
