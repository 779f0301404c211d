import type { Clock } from "../../../engine/service/clock.ts";

/** Time that stands still until the test moves it. */
export class ManualClock implements Clock {
  time = Date.parse("2027-01-15T08:00:00Z");
  private readonly timers = new Set<{ at: number; run: () => void }>();

  now(): number {
    return this.time;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.time + delayMs, run };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** Fires what is due on the way, each after what the one before has led to. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    await turn();
    for (;;) {
      const [next] = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.run();
      await turn();
    }
    this.time = end;
  }
}

/** Everything that waits for no timer has happened. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
