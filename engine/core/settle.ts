/**
 * What follows. After an input has been accepted five rules are applied until none has anything to add. Each has a file
 * of its own, and each answers one question:
 *
 * - rollback.ts `answerFailures`: what does a failure start?
 * - undo.ts `undoNext`: what is undone next?
 * - sub-journeys.ts `runBuiltIns`: how do built-in steps go on?
 * - forward.ts `dispatchNext`: what is dispatched next?
 * - closing.ts `closeNext`: what is over?
 */
import { closeNext } from "./closing.ts";
import { dispatchNext } from "./forward.ts";
import { answerFailures } from "./rollback.ts";
import { runBuiltIns } from "./sub-journeys.ts";
import type { Turn } from "./turn.ts";
import { undoNext } from "./undo.ts";

/** A bound on the rounds of one turn: each round settles at least one step or ends, so this is never met. */
const MAXIMUM_ROUNDS = 10_000;

export function settle(turn: Turn): void {
  for (let round = 0; round < MAXIMUM_ROUNDS; round++) {
    const { status } = turn.journey;
    if (status === "paused" || status === "terminated") return;
    const before = turn.events.length;
    answerFailures(turn);
    undoNext(turn);
    runBuiltIns(turn);
    dispatchNext(turn);
    // Only when nothing else follows can something be over.
    if (turn.events.length === before) closeNext(turn);
    if (turn.events.length === before) return;
  }
  throw new Error(`journey ${turn.journey.uuid} did not come to rest`);
}
