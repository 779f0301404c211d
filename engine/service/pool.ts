/** Runs tasks, so many at a time and the rest in the order given. */
export class Pool {
  readonly #limit: number;
  readonly #waiting: { start: () => void; drop: (error: Error) => void }[] = [];
  readonly #abandon = new Set<(error: Error) => void>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #changed = new Set<() => void>();
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  run<Result>(task: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const start = () => {
        this.#running += 1;
        this.#abandon.add(reject);
        const running = task()
          .then(resolve, reject)
          .finally(() => {
            this.#tasks.delete(running);
            if (this.#abandon.delete(reject)) this.#running -= 1;
            this.#waiting.shift()?.start();
            for (const changed of [...this.#changed]) changed();
          });
        this.#tasks.add(running);
      };
      if (this.#running < this.#limit) start();
      else this.#waiting.push({ start, drop: reject });
    });
  }

  /** Resolves when no more than `count` tasks wait. */
  room(count: number): Promise<void> {
    return this.#when(() => this.#waiting.length <= count);
  }

  /** Resolves when nothing runs and nothing waits. */
  idle(): Promise<void> {
    return this.#when(() => this.#running === 0 && this.#waiting.length === 0);
  }

  /** Resolves when all that run now have ended; others may have begun by then. */
  async passed(): Promise<void> {
    await Promise.all(this.#tasks);
  }

  /** Rejects the tasks that have not begun. */
  drop(error: Error): void {
    for (const { drop } of this.#waiting.splice(0)) drop(error);
    for (const changed of [...this.#changed]) changed();
  }

  /** Rejects the tasks that run, and forgets them: whatever they still do is no longer waited for. */
  abandon(error: Error): void {
    for (const reject of this.#abandon) reject(error);
    this.#running -= this.#abandon.size;
    this.#abandon.clear();
    for (const changed of [...this.#changed]) changed();
  }

  #when(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.#changed.delete(check);
        resolve();
      };
      this.#changed.add(check);
      check();
    });
  }
}
