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
  /** Since when it is holding. */
  private openFrom: number | undefined;
  private heardAt = Number.NEGATIVE_INFINITY;

  /** @param silenceMs how long what a heartbeat says holds when no other comes */
  constructor(silenceMs: number) {
    this.silenceMs = silenceMs;
  }

  hear(beat: Heartbeat, heardAt: number): void {
    const said = (time: string | null | undefined): number => {
      const agoMs = Date.parse(beat.at) - Date.parse(time ?? "");
      return heardAt - (Number.isNaN(agoMs) ? 0 : Math.max(0, agoMs));
    };
    const end = this.heardAt + this.silenceMs;
    // It was silent for long: whether it went on is for this heartbeat to say.
    if (this.openFrom !== undefined && heardAt > end) this.close(end);
    this.heardAt = heardAt;
    if (beat.holding) this.openFrom = Math.min(this.openFrom ?? heardAt, said(beat.held_since));
    else if (this.openFrom !== undefined) this.close(said(beat.held_until));
    else if (beat.held_since && beat.held_until) this.add(said(beat.held_since), said(beat.held_until));
  }

  /** Spans up to now. The open one ends with what was heard last. */
  until(now: number): Span[] {
    if (this.openFrom === undefined) return this.spans;
    return [...this.spans, { from: this.openFrom, to: Math.min(now, this.heardAt + this.silenceMs) }];
  }

  private close(to: number): void {
    if (this.openFrom !== undefined) this.add(this.openFrom, to);
    this.openFrom = undefined;
  }

  private add(from: number, to: number): void {
    const last = this.spans.at(-1);
    // Every heartbeat tells the last span again.
    if (last && from <= last.to) {
      const both = { from: Math.min(last.from, from), to: Math.max(last.to, to) };
      this.spans = [...this.spans.slice(0, -1), both];
    } else this.spans = [...this.spans, { from, to }].slice(-MAXIMUM_SPANS);
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
