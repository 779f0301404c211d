/**
 * Why a journey is where it is: the chain of causes from the failure back, in a sentence or two. Made from its state
 * and events alone, so that it can be told for any moment.
 */
import type { JourneyEvent } from "../../engine/core/events.ts";
import type { CompiledFlow } from "../../engine/core/flow.ts";
import type { Journey, Rollback, Step } from "../../engine/core/journey.ts";
import type { StepError } from "../../engine/core/protocol.ts";
import { duration } from "../parts/format.ts";
import type { Tone } from "../parts/status.ts";
import { tellingCode } from "./error-code.ts";
import { stepName } from "./step-name.ts";
import { joinWords } from "./words.ts";

/** A piece of the text; with `step` it names that step and leads to it. */
export interface Piece {
  text: string;
  step?: string;
  strong?: true;
}

export interface Why {
  tone: Tone;
  pieces: Piece[];
}

/** What is known about the moment. */
interface Facts {
  journey: Journey;
  /** Up to the moment. */
  events: readonly JourneyEvent[];
  flow: CompiledFlow | undefined;
  /** How a moment is written. */
  clock: (iso: string) => string;
}

/** More names than these are counted instead of listed. */
const MOST_NAMES = 4;
const LONGEST_MESSAGE_CHARS = 160;

/** Undefined when there is nothing to explain: the journey runs or ran as it was drawn. */
export function explain(
  journey: Journey,
  events: readonly JourneyEvent[],
  flow: CompiledFlow | undefined,
  clock: (iso: string) => string,
): Why | undefined {
  const facts = { journey, events, flow, clock };
  switch (journey.status) {
    case "running":
    case "completed":
      return quiet(facts);
    case "paused":
      return told("dim", [...chain(facts), ...paused(facts)]);
    case "held":
      return told("warn", [...chain(facts), ...held(facts)]);
    case "rolling_back":
      return told("undo", [...chain(facts), ...underWay(facts)]);
    case "rollback_failed":
      return told("bad", [...chain(facts), ...stuck(facts), ...byHand(facts)]);
    case "rolled_back":
      return told("undo", [...chain(facts), ...undone(facts), ...byHand(facts)]);
    case "terminated":
      return told("dim", [...chain(facts), ...terminated(facts)]);
    default:
      return journey.status satisfies never;
  }
}

/** The text without its links, for screen readers and tests. */
export function plainText(why: Why): string {
  return why.pieces.map(({ text }) => text).join("");
}

// ---- building sentences ----

type Words = (string | Piece)[];

function told(tone: Tone, sentences: Words[]): Why | undefined {
  const pieces = sentences.flatMap((sentence, index): Piece[] => [
    ...(index === 0 ? [] : [{ text: " " }]),
    ...sentence.map((word) => (typeof word === "string" ? { text: word } : word)),
  ]);
  return pieces.length === 0 ? undefined : { tone, pieces };
}

function name(journey: Journey, id: string): Piece {
  const step = journey.steps[id];
  return { text: stepName(id, step), step: id };
}

/** `a, b and c`, or `12 steps` where they are many. */
function names(journey: Journey, ids: readonly string[]): Words {
  if (ids.length > MOST_NAMES) return [`${ids.length} steps`];
  return joinWords(ids.map((id) => name(journey, id)));
}

/** ` (seat already released, 409)`; empty where the error says nothing. */
function because(error: StepError | undefined): string {
  if (error === undefined) return "";
  const message =
    error.message.length > LONGEST_MESSAGE_CHARS
      ? `${error.message.slice(0, LONGEST_MESSAGE_CHARS)}…`
      : error.message;
  const named = tellingCode(error);
  const code = named !== undefined && !message.includes(named) ? named : undefined;
  const said = [message, code].filter((part) => part !== undefined && part !== "").join(", ");
  return said === "" ? "" : ` (${said})`;
}

function quoted(reason: string | undefined): string {
  return reason === undefined || reason === "" ? "" : ` (“${reason}”)`;
}

const times = (count: number): string => (count === 2 ? "twice" : `${count} times`);

// ---- what began it ----

/** From the first failure or word of an operator to the rollback it led to, and what joined it. */
function chain(facts: Facts): Words[] {
  const { events, journey } = facts;
  const began = events.findLast(({ type }) => type === "rollback.started");
  if (began === undefined || journey.rollback === undefined) return [];
  const after = events.filter(({ seq }) => seq > began.seq);
  const causes = [began, ...after.filter(({ type }) => type === "rollback.joined")];
  const sentences: Words[] = [[...cause(facts, began), ...consequence(facts, journey.rollback, began)]];
  for (const joined of causes.slice(1)) sentences.push([...cause(facts, joined), ": that joined the rollback."]);
  for (const reopened of after.filter(({ type }) => type === "journey.reopened")) {
    sentences.push([
      name(journey, reopened.step ?? ""),
      " succeeded late, after the rollback had ended, so the journey was opened again to undo it.",
    ]);
  }
  return sentences;
}

function cause(facts: Facts, event: JourneyEvent): Words {
  const actor = event.actor ?? "somebody";
  switch (event.detail?.trigger as Rollback["trigger"] | undefined) {
    case "deadline":
      return ["The journey's deadline passed", deadlineSpan(facts.journey, event)];
    case "cancel":
      return [{ text: `${actor} cancelled it`, strong: true }, quoted(event.reason)];
    case "rollback":
      return [{ text: `${actor} rolled it back`, strong: true }, quoted(event.reason)];
    case "rerun":
      return [{ text: `${actor} had it run again`, strong: true }, quoted(event.reason)];
    default:
      return failure(facts, event.step, event.seq);
  }
}

function deadlineSpan(journey: Journey, event: JourneyEvent): string {
  return ` ${duration(Date.parse(event.at) - journey.startedAt)} after its start`;
}

/** `license.add_license failed 3 times (no seats)`. `before`: the seq of what it led to. */
function failure({ events, journey }: Facts, id: string | undefined, before: number): Words {
  if (id === undefined) return ["A step failed"];
  const last = events.findLast(
    ({ seq, step, type }) => seq < before && step === id && (type === "step.failed" || type === "step.timed_out"),
  );
  const step = name(journey, id);
  if (last === undefined) return [step, " failed"];
  if (last.attempt === undefined) return [step, " couldn't be called", because(last.error)];
  const tries = events.filter(
    ({ seq, step, type }) => seq <= last.seq && step === id && (type === "step.failed" || type === "step.timed_out"),
  ).length;
  if (last.type === "step.timed_out") {
    const silent = silence(events, last);
    if (tries > 1) return [step, ` gave no answer ${times(tries)}`];
    return [step, silent === undefined ? " gave no answer" : ` gave no answer for ${silent}`];
  }
  return [step, tries > 1 ? ` failed ${times(tries)}` : " failed", because(last.error)];
}

/** From the last sign of life, or the dispatch, to the timeout. */
function silence(events: readonly JourneyEvent[], timeout: JourneyEvent): string | undefined {
  const sign = events.findLast(
    ({ seq, step, type }) =>
      seq < timeout.seq && step === timeout.step && (type === "step.dispatched" || type === "step.progressed"),
  );
  return sign === undefined ? undefined : duration(Date.parse(timeout.at) - Date.parse(sign.at));
}

function consequence({ journey }: Facts, rollback: Rollback, began: JourneyEvent): Words {
  const going = rollback.endedAt === undefined && journey.status === "rolling_back";
  const byOperator = began.actor !== undefined;
  const verb = going ? "is being undone" : "was undone";
  switch (rollback.scope) {
    case "journey":
      return byOperator ? ["."] : [`, so the journey ${verb}.`];
    case "path":
      return byOperator ? [": the path to the step was chosen."] : [`, so the path that led to it ${verb}.`];
    case "branch":
      return byOperator
        ? [": its branch was chosen."]
        : [`, so its branch ${verb}; the rest of the flow ${journey.endedAt === undefined ? "goes" : "went"} on.`];
    case "to": {
      const from = rollback.rerun?.step;
      if (from !== undefined) return [" from ", name(journey, from), "."];
      return [
        ` to an earlier step: ${rollback.set.length === 1 ? "one step" : `${rollback.set.length} steps`} back.`,
      ];
    }
    default:
      return rollback.scope satisfies never;
  }
}

// ---- where it stands ----

const stepsWhere = (journey: Journey, is: (step: Step, id: string) => boolean): string[] =>
  Object.entries(journey.steps).flatMap(([id, step]) => (is(step, id) ? [id] : []));

/** In the order in which their undo was sent. */
function inUndoOrder({ events }: Facts, ids: readonly string[]): string[] {
  const sent = new Map<string, number>();
  for (const event of events) {
    if (event.type === "undo.dispatched" && event.step !== undefined && !sent.has(event.step)) {
      sent.set(event.step, event.seq);
    }
  }
  return [...ids].sort((a, b) => (sent.get(a) ?? 0) - (sent.get(b) ?? 0));
}

function hasNegations({ flow }: Facts, id: string, step: Step): boolean {
  const drawn = flow?.steps[id];
  if (drawn?.settings.irreversible) return false;
  return (step.negations ?? drawn?.negations ?? Object.keys(step.undo ?? {})).length > 0;
}

/** Effects of the set that are still to be undone, though nothing is sent for them yet. */
function stillStanding(facts: Facts): string[] {
  const { journey } = facts;
  return stepsWhere(
    journey,
    (step, id) =>
      (step.status === "succeeded" || (step.tookEffect === true && step.undo === undefined)) &&
      journey.rollback?.set.includes(id) === true &&
      hasNegations(facts, id, step),
  );
}

function underWay(facts: Facts): Words[] {
  const { journey } = facts;
  const now = stepsWhere(journey, ({ status }) => status === "undoing");
  const live = stepsWhere(journey, ({ status }) => status === "dispatched" || status === "inprogress");
  const sentences: Words[] = [];
  if (live.length > 0) {
    const answer =
      live.length === 1 ? " is still under way: its answer is" : " are still under way: their answers are";
    sentences.push([...names(journey, live), `${answer} waited for.`]);
  }
  if (now.length > 0) sentences.push(["Being undone now: ", ...names(journey, now), "."]);
  return [...sentences, ...next(facts, now.length + live.length > 0)];
}

function next(facts: Facts, waits: boolean): Words[] {
  const standing = stillStanding(facts);
  if (standing.length === 0) return [];
  const verb = standing.length === 1 ? " still stands" : " still stand";
  const wait = waits ? (standing.length === 1 ? " and waits its turn." : " and wait their turn.") : ".";
  return [[...names(facts.journey, standing), verb, wait]];
}

function stuck(facts: Facts): Words[] {
  const { journey } = facts;
  const failed = stepsWhere(journey, ({ status }) => status === "undo_failed");
  // The same negation that failed in the same way is said once, whatever steps it was for.
  const alike = Map.groupBy(failed, (id) => words(failuresOf(journey, id)));
  const sentences = [...alike.values()].map((ids): Words => {
    const said = failuresOf(journey, ids[0] ?? "");
    return ["Undoing ", ...names(journey, ids), " stopped: ", ...joinWords(said).flat(), "."];
  });
  const standing = stillStanding(facts);
  if (standing.length > 0) {
    const one = standing.length === 1;
    sentences.push([
      ...names(journey, standing),
      one ? " still stands" : " still stand",
      one ? " and waits for it." : " and wait for it.",
    ]);
  }
  return sentences;
}

/** Of the step's negations: what failed, how often, and why. */
function failuresOf(journey: Journey, id: string): Words[] {
  return Object.entries(journey.steps[id]?.undo ?? {})
    .filter(([, { status }]) => status === "failed" || status === "timed_out")
    .map(([negation, { attempts, error, status }]) => {
      const how = status === "timed_out" ? "gave no answer" : "failed";
      const often = attempts > 1 ? `${how} ${times(attempts)}` : how;
      return [{ text: `${negation} ${often}`, strong: true }, because(error)];
    });
}

const words = (said: readonly Words[]): string => JSON.stringify(said);

function undone(facts: Facts): Words[] {
  const { journey } = facts;
  const done = inUndoOrder(
    facts,
    stepsWhere(journey, ({ status }) => status === "undone"),
  );
  const stays = stepsWhere(journey, ({ status }) => status === "succeeded");
  const sentences: Words[] = [];
  if (done.length === 0) sentences.push(["Nothing had to be undone."]);
  else if (done.length > MOST_NAMES) sentences.push([`All ${done.length} effects were undone.`]);
  else
    sentences.push([
      ...joinWords(done.map((id) => name(journey, id))),
      done.length > 1 ? " were undone, in this order." : " was undone.",
    ]);
  if (stays.length > 0) sentences.push([...names(journey, stays), stays.length === 1 ? " stays." : " stay."]);
  return sentences;
}

function byHand({ events, journey }: Facts): Words[] {
  return events
    .filter(({ type, actor }) => type === "undo.settled_by_hand" && actor !== undefined)
    .map(({ actor, function: negation, step, reason }) => [
      `${actor} marked ${negation} of `,
      name(journey, step ?? ""),
      ` as done by hand${quoted(reason)}.`,
    ]);
}

function held({ journey, events }: Facts): Words[] {
  const { held: hold } = journey;
  if (hold === undefined) return [];
  const event = events.findLast(({ type }) => type === "journey.held");
  const waiting = names(journey, hold.steps);
  switch (hold.kind) {
    case "approval":
      return [["It waits for a person to approve ", ...waiting, "."]];
    case "rolled_back_to":
      return [["It is held there: resume it to go on, or roll back the rest."]];
    case "deadline":
      return [["The deadline passed after the point of no return, so nothing is undone: somebody has to decide."]];
    case "unknown":
      return [[...waiting, " gave no answer: whether it worked is not known, and somebody has to find out."]];
    case "failure":
      return [
        [
          ...waiting,
          hold.steps.length === 1 ? " failed" : " failed",
          because(event?.error),
          " after the point of no return, so nothing is undone: somebody has to decide.",
        ],
      ];
    default:
      return hold.kind satisfies never;
  }
}

function paused({ journey, events }: Facts): Words[] {
  const event = events.findLast(({ type }) => type === "journey.paused");
  const live = stepsWhere(journey, ({ status }) => status === "dispatched" || status === "inprogress");
  const first: Words = [
    { text: `${event?.actor ?? "Somebody"} paused it`, strong: true },
    `${quoted(event?.reason)}: nothing is sent and no clock runs.`,
  ];
  if (live.length === 0) return [first];
  return [
    first,
    [
      ...names(journey, live),
      live.length === 1 ? " was under way; its answer is recorded." : " were under way; their answers are recorded.",
    ],
  ];
}

function terminated(facts: Facts): Words[] {
  const { journey, events } = facts;
  const event = events.findLast(({ type }) => type === "journey.terminated");
  const stands = stepsWhere(journey, (step) => step.status === "succeeded" || step.tookEffect === true);
  const first: Words = [
    { text: `${event?.actor ?? "Somebody"} terminated it`, strong: true },
    `${quoted(event?.reason)}.`,
  ];
  if (stands.length === 0) return [first, ["Nothing of it stands."]];
  return [
    first,
    [...names(journey, stands), stands.length === 1 ? " took effect and stands." : " took effect and stand."],
  ];
}

/** Running or completed: only what didn't go as drawn is told. */
function quiet(facts: Facts): Why | undefined {
  const { journey, flow, clock } = facts;
  const sentences: Words[] = journey.rollback === undefined ? [] : chain(facts);
  let waits = false;
  for (const [id, step] of Object.entries(journey.steps)) {
    if (step.retryAt === undefined) continue;
    waits = true;
    const due = clock(new Date(step.retryAt).toISOString());
    if (step.waitingFor === "service") {
      sentences.push([name(journey, id), ` waits until ${step.service} is up, until ${due} at most.`]);
      continue;
    }
    const most = flow?.steps[id]?.settings.retry.maximumAttempts;
    const of = most === undefined || step.tries > most ? "" : ` of ${most}`;
    const how = step.open.some(({ gaveUp }) => gaveUp) ? "gave no answer" : "failed";
    sentences.push([
      name(journey, id),
      ` ${how} in attempt ${step.attempts}${of}`,
      because(step.error),
      `; the next goes out at ${due}.`,
    ]);
  }
  return told(waits ? "warn" : "undo", sentences);
}
