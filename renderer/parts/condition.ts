/** The condition of an edge, as graphs write it beside the edge. */

/** The key of the start's edge in a `when` of one condition per predecessor. */
const START = "start";
/** Longer ones are cut; the whole of it is a hover away. */
const LONGEST_CHARS = 26;
/** Of one line, where it stands in two. */
const WRAPPED_CHARS = 16;
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
  return `if ${shortened(condition, LONGEST_CHARS)}`;
}

/** Pixels that its label takes. */
export function conditionWidth(condition: string): number {
  return Math.ceil(shortCondition(condition).length * CHAR_WIDTH) + PADDING;
}

/** Where there is little room: at most two short lines. */
export function wrappedCondition(condition: string): string[] {
  const words = shortened(condition, 2 * WRAPPED_CHARS).split(/(?<=[\s.&|(,])/);
  const lines = [""];
  for (const word of words) {
    const line = lines.at(-1) ?? "";
    if (line === "" || lines.length === 2 || (line + word).trimEnd().length <= WRAPPED_CHARS)
      lines.push((lines.pop() ?? "") + word);
    else lines.push(word);
  }
  return lines.map((line) => shortened(line, WRAPPED_CHARS));
}

/** Pixels that its label takes in two lines. */
export function wrappedConditionSize(condition: string): { width: number; height: number } {
  const lines = wrappedCondition(condition);
  const longest = Math.max(...lines.map(({ length }) => length));
  return { width: Math.ceil(longest * CHAR_WIDTH) + PADDING, height: CONDITION_HEIGHT * lines.length };
}

function shortened(text: string, chars: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > chars ? `${line.slice(0, chars - 1)}…` : line;
}
