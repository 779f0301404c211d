/**
 * When a service was holding its records, by what its instances' heartbeats say. They tell since when, so that a manager
 * that begins to listen later knows as much as one that was there. Times are reckoned from the heartbeat's own `at`: the
 * clocks of services and managers may differ.
 */
import type { Heartbeat } from "../core/protocol.ts";

/** Remembered of each instance; older ones are forgotten. */
const MAXIMUM_SPANS = 100;

interface Span {
  from: number;
  to: number;
}

export class HeldSpans {
  private readonly silenceMs: number;
  private spans: Span[] = [];
  private isHolding = false;
  private heardAt = Number.NEGATIVE_INFINITY;

  /** @param silenceMs how long what a heartbeat says holds when no other comes */
  constructor(silenceMs: number) {
    this.silenceMs = silenceMs;
  }

  hear(beat: Heartbeat, heardAt: number): void {
    const said = (time: string | null | undefined): number | undefined => {
      const agoMs = Date.parse(beat.at) - Date.parse(time ?? "");
      return Number.isNaN(agoMs) ? undefined : heardAt - Math.max(0, agoMs);
    };
    if (this.isHolding) this.close(beat.holding ? Number.POSITIVE_INFINITY : (said(beat.held_until) ?? heardAt));
    this.isHolding = beat.holding === true;
    this.heardAt = heardAt;
    const from = said(beat.held_since) ?? (this.isHolding ? heardAt : undefined);
    if (from === undefined) return;
    const to = this.isHolding ? Number.POSITIVE_INFINITY : (said(beat.held_until) ?? heardAt);
    this.spans = [...this.spans, { from, to }].slice(-MAXIMUM_SPANS);
  }

  /** Spans up to now. The open one ends with what was heard last. */
  until(now: number): Span[] {
    const end = Math.min(now, this.heardAt + this.silenceMs);
    return this.spans.map(({ from, to }) => ({ from, to: Math.min(to, end) }));
  }

  /** The span that is open ends, here at the latest; what comes next may say that it went on. */
  private close(at: number): void {
    const end = Math.min(at, this.heardAt + this.silenceMs);
    this.spans = this.spans.map((span) => (span.to === Number.POSITIVE_INFINITY ? { ...span, to: end } : span));
  }
}

/** How much of the time between two moments lies in any of the spans. */
export function coveredMs(spans: readonly Span[], since: number, now: number): number {
  let sum = 0;
  let end = since;
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    const begin = Math.max(from, end);
    const stop = Math.min(to, now);
    if (stop <= begin) continue;
    sum += stop - begin;
    end = stop;
  }
  return sum;
}
