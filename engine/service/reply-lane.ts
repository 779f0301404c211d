/**
 * Replies that go one behind the other: in batches, in order, again and again until they are accepted. A lane whose
 * records find no way (its partition has no leader) keeps no other lane waiting.
 */
import { backoffMs, pause } from "./clock.ts";
import type { Entry, RepliesOptions } from "./replies.ts";
import { TransportError } from "./transport.ts";

const MAXIMUM_BATCH_RECORDS = 500;
const MAXIMUM_BATCH_CHARACTERS = 4_000_000;

export interface LaneOptions extends RepliesOptions {
  /** They are accepted, or given up as refused. */
  onSettled(entries: readonly Entry[]): void;
  /** Nothing waits here any more; the lane isn't used again. */
  onIdle(): void;
  /** The service may not use these topics at all. */
  onDenied(error: Error): void;
  /** The service has stopped. */
  stopping: AbortSignal;
  /** What isn't accepted at once now is given up. */
  lastCall: AbortSignal;
}

export class ReplyLane {
  readonly #options: LaneOptions;
  readonly #queue: Entry[] = [];
  #pumping: Promise<void> | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Undefined when nothing waits here. */
  get pumping(): Promise<void> | undefined {
    return this.#pumping;
  }

  add(entry: Entry): void {
    this.#queue.push(entry);
    this.#pumping ??= this.#pump();
  }

  async #pump(): Promise<void> {
    const { stopping, lastCall, clock, random } = this.#options;
    // Everything that becomes ready in this turn of the event loop shares a batch.
    await Promise.resolve();
    let failures = 0;
    while (this.#queue.length > 0 && !stopping.aborted) {
      const batch = this.#nextBatch();
      try {
        await this.#options.append(batch.map(({ record }) => record));
        failures = 0;
        this.#settle(batch);
      } catch (error) {
        const kind = error instanceof TransportError ? error.kind : "unavailable";
        if (kind === "denied") {
          const reason = error instanceof Error ? error : new Error(String(error));
          this.#queue.length = 0;
          this.#options.onDenied(reason);
        } else if (kind === "refused") {
          await this.#oneByOne(batch);
        } else {
          failures += 1;
          if (lastCall.aborted) break;
          await pause(clock, backoffMs(failures, random), AbortSignal.any([stopping, lastCall]));
        }
      }
    }
    this.#pumping = undefined;
    this.#options.onIdle();
  }

  /** One record of the batch is refused: find it, so that the others aren't held up by it. */
  async #oneByOne(batch: Entry[]): Promise<void> {
    for (const entry of batch) {
      try {
        await this.#options.append([entry.record]);
        this.#settle([entry]);
      } catch (error) {
        if (!(error instanceof TransportError && error.kind === "refused")) return; // the pump tries the rest again
        this.#options.onRefused(entry.record, error.message);
        const instead = this.#options.instead(entry.record, error.message);
        if (instead === undefined) this.#settle([entry]);
        else {
          entry.record = instead;
          if (entry.id !== undefined) this.#options.ledger.replaceReply(entry.id, instead);
        }
      }
    }
  }

  #nextBatch(): Entry[] {
    const batch: Entry[] = [];
    let characters = 0;
    for (const entry of this.#queue) {
      characters += entry.record.value?.length ?? 0;
      const full = batch.length >= MAXIMUM_BATCH_RECORDS || characters > MAXIMUM_BATCH_CHARACTERS;
      if (full && batch.length > 0) break;
      batch.push(entry);
    }
    return batch;
  }

  #settle(entries: readonly Entry[]): void {
    const done = new Set(entries);
    const left = this.#queue.filter((entry) => !done.has(entry));
    this.#queue.splice(0, this.#queue.length, ...left);
    this.#options.onSettled(entries);
  }
}
