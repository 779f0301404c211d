/** Waits between tries: each twice as long as the one before, up to a maximum, until a success resets them. */
export class Backoff {
  private failures = 0;
  private readonly firstMs: number;
  private readonly maximumMs: number;

  constructor(firstMs: number, maximumMs: number) {
    this.firstMs = firstMs;
    this.maximumMs = maximumMs;
  }

  /** The wait after one more failure, in milliseconds. */
  next(): number {
    return Math.min(this.maximumMs, this.firstMs * 2 ** Math.min(this.failures++, 30));
  }

  reset(): void {
    this.failures = 0;
  }
}
