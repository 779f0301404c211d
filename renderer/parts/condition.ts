/** The condition of an edge, as graphs write it beside the edge. */

/** The key of the start's edge in a `when` of one condition per predecessor. */
const START = "start";
/** Longer ones are cut; the whole of it is a hover away. */
const LONGEST_CHARS = 26;
/** Pixels, at the size in which graphs write it. */
const CHAR_WIDTH = 6.3;
const PADDING = 12;
export const CONDITION_HEIGHT = 18;

/** What has to hold for the edge into a step; `from` undefined is the start. */
export function conditionOf(when: unknown, from: string | undefined): string | undefined {
  if (typeof when === "string") return when.trim() === "" ? undefined : when;
  if (typeof when !== "object" || when === null) return undefined;
  const own = Object.entries(when).find(([key]) => key === (from ?? START))?.[1];
  return typeof own === "string" && own.trim() !== "" ? own : undefined;
}

export function shortCondition(condition: string): string {
  const line = condition.replace(/\s+/g, " ").trim();
  return `if ${line.length > LONGEST_CHARS ? `${line.slice(0, LONGEST_CHARS - 1)}…` : line}`;
}

/** Pixels that its label takes. */
export function conditionWidth(condition: string): number {
  return Math.ceil(shortCondition(condition).length * CHAR_WIDTH) + PADDING;
}
