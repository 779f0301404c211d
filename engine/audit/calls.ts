/**
 * Commands and how they went, for the statistics of services, functions and steps. Fed with each journey's events in
 * order; a call that is sent and answered within one batch is written once.
 */
import type Database from "better-sqlite3";
import type { JourneyEvent } from "../core/events.ts";
import type { StepError } from "../core/protocol.ts";
import type { Dimensions } from "./dimensions.ts";

/** Stored in the file: never renumber. `abandoned`: the journey ended (terminated) before an answer came. */
export const OUTCOME = { open: 0, succeeded: 1, failed: 2, timedOut: 3, byHand: 4, abandoned: 5 } as const;

const MAX_ERROR_CHARS = 500;

interface Call {
  journeyId: number;
  siteId: number;
  attempt: number;
  dispatchedMs: number;
  endedMs: number | null;
  outcome: number;
  error: StepError | undefined;
}

export class Calls {
  readonly #dimensions: Dimensions;
  readonly #batch = new Map<string, Call>();
  readonly #insert: Database.Statement;
  readonly #settle: Database.Statement;
  readonly #openOf: Database.Statement<[number], { site_id: number }>;
  readonly #closeSite: Database.Statement;
  readonly #closeAll: Database.Statement;
  readonly #delete: Database.Statement<[number]>;

  constructor(database: Database.Database, dimensions: Dimensions) {
    this.#dimensions = dimensions;
    this.#insert = database.prepare(
      `INSERT INTO calls (journey_id, site_id, attempt, dispatched_ms, ended_ms, outcome, error_code, error_message)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#settle = database.prepare(
      `UPDATE calls SET ended_ms = ?, outcome = ?, error_code = ?, error_message = ?
       WHERE journey_id = ? AND site_id = ? AND attempt = ? AND outcome = ${OUTCOME.open}`,
    );
    this.#openOf = database.prepare(`SELECT site_id FROM calls WHERE journey_id = ? AND outcome = ${OUTCOME.open}`);
    this.#closeSite = database.prepare(
      `UPDATE calls SET ended_ms = ?, outcome = ? WHERE journey_id = ? AND site_id = ? AND outcome = ${OUTCOME.open}`,
    );
    this.#closeAll = database.prepare(
      `UPDATE calls SET ended_ms = ?, outcome = ? WHERE journey_id = ? AND outcome = ${OUTCOME.open}`,
    );
    this.#delete = database.prepare("DELETE FROM calls WHERE journey_id = ?");
  }

  /** `atMs`: the event's time in milliseconds. */
  track(journeyId: number, event: JourneyEvent, atMs: number): void {
    switch (event.type) {
      case "step.dispatched":
      case "undo.dispatched":
        this.#dispatched(journeyId, event, atMs);
        break;
      case "step.succeeded":
      case "undo.succeeded":
        this.#settled(journeyId, event, atMs, OUTCOME.succeeded);
        break;
      case "step.failed":
      case "undo.failed":
        this.#settled(journeyId, event, atMs, OUTCOME.failed);
        break;
      case "step.timed_out":
      case "undo.timed_out":
        this.#settled(journeyId, event, atMs, OUTCOME.timedOut);
        break;
      case "step.late":
        this.#late(journeyId, event, atMs);
        break;
      case "step.settled_by_hand":
      case "undo.settled_by_hand":
        this.#settledByHand(journeyId, event, atMs);
        break;
      case "journey.terminated":
        this.flush();
        this.#closeAll.run(atMs, OUTCOME.abandoned, journeyId);
        break;
      default:
      // Nothing was sent or answered.
    }
  }

  /** Writes what was tracked; before the end of the batch's transaction. */
  flush(): void {
    for (const call of this.#batch.values()) {
      this.#insert.run(
        call.journeyId,
        call.siteId,
        call.attempt,
        call.dispatchedMs,
        call.endedMs,
        call.outcome,
        call.error?.code ?? null,
        messageOf(call.error),
      );
    }
    this.#batch.clear();
  }

  /** Forgets what was tracked but not written: its transaction has failed. */
  discard(): void {
    this.#batch.clear();
  }

  deleteOf(journeyId: number): void {
    this.flush();
    this.#delete.run(journeyId);
  }

  #dispatched(journeyId: number, event: JourneyEvent, atMs: number): void {
    const siteId = this.#siteOf(event);
    const attempt = event.attempt ?? 1;
    const error = undefined;
    const call = { journeyId, siteId, attempt, dispatchedMs: atMs, endedMs: null, outcome: OUTCOME.open, error };
    this.#batch.set(keyOf(journeyId, siteId, attempt), call);
  }

  #settled(journeyId: number, event: JourneyEvent, atMs: number, outcome: number): void {
    // A step that failed without being sent has no attempt, and is no call.
    if (event.attempt === undefined) return;
    const siteId = this.#siteOf(event);
    const call = this.#batch.get(keyOf(journeyId, siteId, event.attempt));
    if (!call) {
      const { code } = event.error ?? {};
      this.#settle.run(atMs, outcome, code ?? null, messageOf(event.error), journeyId, siteId, event.attempt);
      return;
    }
    if (call.outcome !== OUTCOME.open) return;
    call.endedMs = atMs;
    call.outcome = outcome;
    call.error = event.error;
  }

  /** An answer to an attempt that nobody waited for any more; one that timed out stays timed out. */
  #late(journeyId: number, event: JourneyEvent, atMs: number): void {
    const { status, negation } = event.detail ?? {};
    const type = negation === undefined ? "step.succeeded" : "undo.succeeded";
    if (status === "success") this.#settled(journeyId, { ...event, type }, atMs, OUTCOME.succeeded);
    else if (status === "failure") this.#settled(journeyId, { ...event, type }, atMs, OUTCOME.failed);
  }

  #settledByHand(journeyId: number, event: JourneyEvent, atMs: number): void {
    this.flush();
    const undo = event.type === "undo.settled_by_hand";
    for (const { site_id: siteId } of this.#openOf.all(journeyId)) {
      const site = this.#dimensions.sites.get(siteId);
      if (site?.step !== event.step || site?.undo !== undo) continue;
      if (undo && site.function !== event.function) continue;
      this.#closeSite.run(atMs, OUTCOME.byHand, journeyId, siteId);
    }
  }

  #siteOf(event: JourneyEvent): number {
    const flow = this.#dimensions.flow(event.name, event.version);
    const undo = event.type.startsWith("undo.");
    return this.#dimensions.site(flow, event.step ?? "", event.service ?? "", event.function ?? "", undo).id;
  }
}

const keyOf = (journeyId: number, siteId: number, attempt: number): string => `${journeyId}/${siteId}/${attempt}`;

const messageOf = (error: StepError | undefined): string | null => error?.message.slice(0, MAX_ERROR_CHARS) ?? null;
