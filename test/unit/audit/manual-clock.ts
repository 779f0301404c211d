import type { AuditClock } from "../../../engine/audit/clock.ts";

/** Time that passes when the test says so. */
export class ManualClock implements AuditClock {
  #nowMs = 0;
  #timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#nowMs + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get waiting(): number {
    return this.#timers.length;
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    const due = this.#timers.filter((timer) => timer.at <= this.#nowMs);
    this.#timers = this.#timers.filter((timer) => timer.at > this.#nowMs);
    for (const timer of due) timer.run();
  }
}
