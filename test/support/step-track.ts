/** What the oracle of the order knows of one step: its attempts, whether it took effect, and how it is undone. */

/** The negations that were sent together, and what has become of each. */
export interface Round {
  /** How many effects the step had had when it began. */
  effects: number;
  /** No reply to any of them has come. */
  fresh: boolean;
  calls: Map<string, "out" | "failed" | "waiting" | "done">;
}

/** What is known of a step. */
export class Track {
  /** Attempts without a reply: whose clock runs, whose clock has run out, and those of runs before it was set back. */
  readonly out = new Set<number>();
  readonly unanswered = new Set<number>();
  readonly former = new Set<number>();
  /** Attempts that a success of another one has made meaningless. */
  readonly moot = new Set<number>();
  /** The journeys of an `each` that have not told their end, and those that have succeeded. */
  readonly running = new Set<number>();
  readonly done = new Set<number>();
  /** What came out of those, by their index. */
  readonly outputs = new Map<number, unknown>();
  /** The function that does it, as it was sent last. */
  called: string | undefined;
  /** It was sent in this run. */
  ran = false;
  succeeded = false;
  workedAllTheSame = false;
  /** Somebody said how it, or its undo, came out. */
  byHand = false;
  /** Successes so far that are to be undone. */
  effects = 0;
  round: Round | undefined;
  input: unknown = null;
  output: { value: unknown } | undefined;
  /** What an operator put in place of the output, by negation. */
  readonly given = new Map<string, unknown>();
  negations: string[] | undefined;

  get isRoundOpen(): boolean {
    return this.round !== undefined && [...this.round.calls.values()].some((call) => call !== "done");
  }

  /** Negations of it are out, or will be sent. */
  get isUndoing(): boolean {
    return (
      this.round !== undefined && [...this.round.calls.values()].some((call) => call === "out" || call === "waiting")
    );
  }

  /** It took effect, and nothing has undone that since. */
  get stands(): boolean {
    return this.effects > (this.round?.effects ?? 0);
  }

  /** Nobody can say whether it worked. */
  get isUnknown(): boolean {
    const isKnown = this.succeeded || this.effects > 0 || this.round !== undefined;
    return !isKnown && this.out.size === 0 && this.unanswered.size > 0;
  }

  took(output: { value: unknown } | undefined): void {
    this.effects++;
    if (output) this.output = output;
  }

  /** Nobody waits for its attempts any more. */
  giveUp(): void {
    for (const attempt of this.out) this.unanswered.add(attempt);
    this.out.clear();
  }

  /** Although it had failed, or been given up on. */
  tookLate(output: { value: unknown } | undefined): void {
    this.took(output);
    this.workedAllTheSame = true;
  }

  settle(): void {
    for (const attempts of [this.out, this.unanswered, this.former]) {
      for (const attempt of attempts) this.moot.add(attempt);
      attempts.clear();
    }
    this.succeeded = true;
  }

  setBack(): void {
    for (const attempt of [...this.out, ...this.unanswered]) this.former.add(attempt);
    for (const known of [this.out, this.unanswered, this.running, this.done, this.outputs, this.given]) known.clear();
    Object.assign(this, { ran: false, succeeded: false, workedAllTheSame: false, effects: 0 });
    this.round = undefined;
    this.output = undefined;
    this.negations = undefined;
  }
}
