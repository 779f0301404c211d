/**
 * The time line's scale: from milliseconds to a share of its width and back. Stretches in which nothing happens are
 * drawn shorter than they were, so that a journey that waited a night for a person can still be read; each such break
 * is marked.
 */

/** A stretch that is drawn shorter than it was. `idle`: nothing was under way. */
export interface Break {
  from: number;
  to: number;
  idle: boolean;
}

export interface TimeScale {
  readonly from: number;
  readonly to: number;
  readonly breaks: readonly Break[];
  /** The share of the width, 0 to 1. */
  x(timeMs: number): number;
  /** The time at a share of the width. */
  time(x: number): number;
}

interface Span {
  from: number;
  to: number;
}

/** Idle stretches are drawn no longer than this share of the busy time. */
const IDLE_SHARE = 0.12;
/** A stretch under way is drawn no longer than this many times all the others together. */
const BUSY_SHARE = 3;
/** Shorter stretches are always drawn as they were. */
const SHORTEST_IDLE_MS = 50;
const SHORTEST_BUSY_MS = 400;

interface Segment extends Span {
  idle: boolean;
  weight: number;
  /** The weights before it. */
  before: number;
}

/**
 * @param moments when something happened (ms), in any order; at least one
 * @param busy spans in which something was under way
 */
export function timeScale(moments: readonly number[], busy: readonly Span[]): TimeScale {
  const times = [...new Set(moments)].sort((a, b) => a - b);
  const segments = weigh(cut(times, busy));
  const last = segments.at(-1);
  const total = last === undefined ? 0 : last.before + last.weight;
  const from = times[0] ?? 0;
  const to = times.at(-1) ?? from;
  return {
    from,
    to,
    breaks: segments
      .filter((segment) => segment.weight < segment.to - segment.from)
      .map((segment) => ({ from: segment.from, to: segment.to, idle: segment.idle })),
    x(timeMs) {
      if (total === 0 || timeMs <= from) return 0;
      if (timeMs >= to) return 1;
      const segment = find(segments, (candidate) => candidate.to >= timeMs);
      if (segment === undefined) return 1;
      const share = (timeMs - segment.from) / (segment.to - segment.from);
      return (segment.before + share * segment.weight) / total;
    },
    time(x) {
      const weight = Math.min(1, Math.max(0, x)) * total;
      const segment = find(segments, (candidate) => candidate.before + candidate.weight >= weight);
      if (segment === undefined) return to;
      const share = segment.weight === 0 ? 0 : (weight - segment.before) / segment.weight;
      return segment.from + share * (segment.to - segment.from);
    },
  };
}

/** The stretches between two moments, and whether anything was under way in them. */
function cut(times: readonly number[], busy: readonly Span[]): Segment[] {
  const spans = [...busy].sort((a, b) => a.from - b.from);
  const segments: Segment[] = [];
  let next = 0;
  let busyUntil = Number.NEGATIVE_INFINITY;
  for (let index = 1; index < times.length; index += 1) {
    const [from, to] = [times[index - 1] ?? 0, times[index] ?? 0];
    for (let span = spans[next]; span !== undefined && span.from <= from; span = spans[next]) {
      busyUntil = Math.max(busyUntil, span.to);
      next += 1;
    }
    segments.push({ from, to, idle: busyUntil <= from, weight: to - from, before: 0 });
  }
  return segments;
}

function weigh(segments: Segment[]): Segment[] {
  const busy = segments.filter(({ idle }) => !idle).sort((a, b) => b.weight - a.weight);
  let busyTotal = busy.reduce((total, { weight }) => total + weight, 0);
  // The longest first: what is left of the others is then the measure for the next. Those that follow are shorter.
  for (const segment of busy) {
    const others = busyTotal - segment.weight;
    const limit = Math.max(SHORTEST_BUSY_MS, BUSY_SHARE * others);
    if (others === 0 || segment.weight <= limit) break;
    busyTotal = others + limit;
    segment.weight = limit;
  }
  const idleLimit = Math.max(SHORTEST_IDLE_MS, IDLE_SHARE * busyTotal);
  for (const segment of segments) {
    if (segment.idle && busy.length > 0) segment.weight = Math.min(segment.weight, idleLimit);
  }
  let before = 0;
  for (const segment of segments) {
    segment.before = before;
    before += segment.weight;
  }
  return segments;
}

/** The first that fits, where all behind it fit too. */
function find(segments: readonly Segment[], fits: (segment: Segment) => boolean): Segment | undefined {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const segment = segments[middle];
    if (segment !== undefined && fits(segment)) high = middle;
    else low = middle + 1;
  }
  return segments[low];
}
