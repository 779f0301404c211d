/** Breakages of what the product is for: what is undone, in which order, with which data, and how often. */
import type { Mutant } from "./mutant.ts";

const FILE = "engine/core/undo.ts";
const SCOPES = "test/unit/core/rollback-scopes.test.ts";
const REOPENED = "test/unit/core/reopened-after-resume.test.ts";
const UNKNOWN = "test/unit/core/unknown-outcome.test.ts";
const NEGATIONS = "test/unit/core/negations.test.ts";
const PIVOT = "test/unit/core/pivot.test.ts";
const PROPERTIES = "test/unit/core/promises.property.test.ts";

export const undoing: Mutant[] = [
  {
    name: "undo goes forward, not backward",
    breaks: "promise 5",
    file: FILE,
    text: `const after = descendants(turn.flow, step.id);`,
    instead: `const after = turn.flow.order.slice(0, turn.flow.order.indexOf(step.id));`,
    noticedBy: [PROPERTIES],
  },
  {
    name: "everything is undone at once",
    breaks: "promise 5",
    file: FILE,
    text: `|| !descendantsSettled(turn, rollback, step)) continue;`,
    instead: `) continue;`,
    noticedBy: [PROPERTIES],
  },
  {
    name: "undo waits for the next steps only, not for those behind skipped or negation-less ones",
    breaks: "promise 5",
    file: FILE,
    text: `const after = descendants(turn.flow, step.id);`,
    instead: `const after = step.successors;`,
    noticedBy: [PROPERTIES],
  },
  {
    name: "undo doesn't wait for what is in flight behind it",
    breaks: "promise 5",
    file: FILE,
    text: `    case "dispatched":
    case "inprogress":
    case "undoing":`,
    instead: `    case "dispatched":
    case "inprogress":
      return true;
    case "undoing":`,
    noticedBy: [PROPERTIES],
  },
  {
    name: "undo goes on past a negation that has failed",
    breaks: "negation that fails",
    file: FILE,
    text: `    case "undo_failed":
      return false;`,
    instead: `      return false;
    case "undo_failed":
      return true;`,
    noticedBy: [NEGATIONS],
  },
  {
    name: "a late success is undone twice",
    breaks: "promise 5",
    file: "engine/core/fold-steps.ts",
    text: `tookEffect: true, undoAgain: step.undo !== undefined };`,
    instead: `tookEffect: true, undoAgain: true };`,
    noticedBy: [UNKNOWN],
  },
  {
    name: "a step that had no effect is undone",
    breaks: "promise 5",
    file: FILE,
    text: `const unknown = isUnknown(state) ? onUnknown(rollback, step) : "ignore";`,
    instead: `const unknown = onUnknown(rollback, step);`,
    noticedBy: [PROPERTIES],
  },
  {
    name: "a step that was set back after it had worked is not undone",
    breaks: "promise 5",
    file: FILE,
    text: `      // Of a run before the step was set back.
      return state.tookEffect === true;`,
    instead: `      return false;`,
    noticedBy: [UNKNOWN, SCOPES, "test/unit/core/actions.test.ts"],
  },
  {
    name: "one negation of several is called",
    breaks: "rollback",
    file: FILE,
    text: `dispatchNegation(turn, step, name, again ? { again: true } : {});`,
    instead: `{ dispatchNegation(turn, step, name, again ? { again: true } : {}); break; }`,
    noticedBy: [NEGATIONS],
  },
  {
    name: "negations get the step's input",
    breaks: "rollback",
    file: FILE,
    text: `return state.output === undefined ? (state.input ?? null) : state.output;`,
    instead: `return state.input ?? null;`,
    noticedBy: [SCOPES],
  },
  {
    name: "a null output is taken for none",
    breaks: "rollback",
    file: FILE,
    text: `return state.output === undefined ?`,
    instead: `return state.output == null ?`,
    noticedBy: [SCOPES, "test/unit/core/unknown-outcome.test.ts"],
  },
  {
    name: "what is irreversible is undone",
    breaks: "rollback",
    file: FILE,
    text: `(step.settings.irreversible ? [] : step.negations)`,
    instead: `step.negations`,
    noticedBy: [NEGATIONS, "test/unit/core/preview.test.ts"],
  },
  {
    name: "`include: attempted` is not heard",
    breaks: "rollback",
    file: FILE,
    text: `rollback.include === "attempted" && wasSent(state)`,
    instead: `wasSent(state) && state.status === "succeeded"`,
    noticedBy: [SCOPES],
  },
  {
    name: "what is left standing is not told",
    breaks: "rollback",
    file: FILE,
    text: `if (effect && !undone && !isMember(rollback, step.id)) standing.push(step.id);`,
    instead: ``,
    noticedBy: [SCOPES],
  },
  {
    name: "`onTimeout` is not heard",
    breaks: "unknown outcome",
    file: FILE,
    text: `return step.settings.pivot ? "hold" : step.settings.onTimeout;`,
    instead: `return step.settings.pivot ? "hold" : "undo";`,
    noticedBy: [UNKNOWN],
  },
  {
    name: "a pivot of unknown outcome is guessed",
    breaks: "pivot",
    file: FILE,
    text: `return step.settings.pivot ? "hold" : step.settings.onTimeout;`,
    instead: `return step.settings.onTimeout;`,
    noticedBy: [PIVOT],
  },
  {
    name: "a rollback ends although a step waits for a word",
    breaks: "unknown outcome",
    file: FILE,
    text: `return !waitsForWord(rollback, step, state);`,
    instead: `return true;`,
    noticedBy: [UNKNOWN],
  },
  {
    name: "a late success is not undone when the rollback has ended",
    breaks: "unknown outcome",
    file: "engine/core/closing.ts",
    text: `for (const rule of [reopenForLateSuccess, releaseHold,`,
    instead: `for (const rule of [releaseHold,`,
    noticedBy: [UNKNOWN],
  },
  {
    name: "blind negations are not repeated with the output that came late",
    breaks: "unknown outcome",
    file: "engine/core/fold-steps.ts",
    text: `tookEffect: true, undoAgain: step.undo !== undefined };`,
    instead: `tookEffect: true };`,
    noticedBy: [UNKNOWN],
  },
  {
    name: "a rollback ends while a negation is out",
    breaks: "rollback",
    file: "engine/core/closing.ts",
    text: `    if (onlyWordsAreOwed(turn)) holdForWord(turn, rollback);
    return;`,
    instead: `    if (onlyWordsAreOwed(turn)) holdForWord(turn, rollback);`,
    noticedBy: [NEGATIONS],
  },
  {
    name: "a negation that has used up its tries is passed over",
    breaks: "negation that fails",
    file: "engine/core/retries.ts",
    text: `turn.emit("rollback.failed", { ...common, attempt: negation.attempts, error: negation.error });`,
    instead: `turn.emit("undo.settled_by_hand", { ...common, attempt: negation.attempts });`,
    noticedBy: [NEGATIONS],
  },
  {
    name: "scope `path` takes the whole journey",
    breaks: "rollback",
    file: "engine/core/rollback.ts",
    text: `if (scope === "path") return ancestors(flow, stepId);`,
    instead: `if (scope === "path") return undefined;`,
    noticedBy: [SCOPES],
  },
  {
    name: "scope `branch` takes the fork along",
    breaks: "rollback",
    file: "engine/core/graph.ts",
    text: `const after = descendants(flow, fork);`,
    instead: `const after = new Set([...descendants(flow, fork), fork]);`,
    noticedBy: ["test/unit/core/graph.test.ts"],
  },
  {
    name: "scope `to` undoes the step to go back to",
    breaks: "rollback",
    file: "engine/core/rollback.ts",
    text: `? request.rerun !== undefined`,
    instead: `? true`,
    noticedBy: [SCOPES],
  },
  {
    name: "a journey rolled back `to` a step runs on by itself",
    breaks: "rollback",
    file: "engine/core/closing.ts",
    text: `  if (!rollback.rerun) {`,
    instead: `  if (!rollback.rerun && rollback.reset.length === 0) {`,
    noticedBy: [SCOPES],
  },
  {
    name: "a second cause is not heard while a rollback is going on",
    breaks: "rollback",
    file: "engine/core/rollback.ts",
    text: `  if (active) {
    // One that`,
    instead: `  if (active && request.id === undefined) return;
  if (active) {
    // One that`,
    noticedBy: [SCOPES],
  },
  {
    name: "the failure of a step that runs again is answered by the rollback before",
    breaks: "rollback",
    file: "engine/core/rollback.ts",
    text: ` && !active.again.includes(step.id)`,
    instead: ``,
    noticedBy: [REOPENED],
  },
  {
    name: "what runs again is left out of a rollback that is asked for",
    breaks: "promise 5",
    file: "engine/core/fold-rollback.ts",
    text: `before.again.filter((id) => !more.includes(id))`,
    instead: `before.again`,
    noticedBy: [REOPENED],
  },
  {
    name: "a journey that has gone on is held a second time where it went back to",
    breaks: "rollback",
    file: "engine/core/closing.ts",
    text: `if (wasResumed(rollback)) {`,
    instead: `if (false as boolean) {`,
    noticedBy: [REOPENED],
  },
  {
    name: "past the pivot a failure rolls back",
    breaks: "pivot",
    file: "engine/core/rollback.ts",
    text: `const mustHold = pivot || (`,
    instead: `const mustHold = (`,
    noticedBy: [PIVOT],
  },
  {
    name: "past the pivot a rollback needs no force",
    breaks: "pivot",
    file: "engine/core/actions.ts",
    text: `if (data.force === true || !passedPivot(turn.journey, turn.flow)) return;`,
    instead: `if (data.force !== false) return;`,
    noticedBy: [PIVOT],
  },
  {
    name: "past the pivot the deadline rolls back",
    breaks: "pivot",
    file: "engine/core/rollback.ts",
    text: `  if (passedPivot(turn.journey, turn.flow)) {
    // While`,
    instead: `  if (turn.flow.policy.deadlineMs === 0) {
    // While`,
    noticedBy: [PIVOT, "test/unit/core/clocks.test.ts"],
  },
  {
    name: "a rollback waits for ever behind a retry that waits for a person's word",
    breaks: "unknown outcome",
    file: "engine/core/closing.ts",
    text: `negation.retryAt > now),`,
    instead: `negation.retryAt >= now),`,
    noticedBy: [NEGATIONS],
  },
];
