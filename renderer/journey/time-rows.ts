/** The rows of the time line: every step in the flow's order, each negation below its step, with bars for attempts. */
import type { JourneyEvent } from "../../engine/core/events.ts";
import type { CompiledFlow } from "../../engine/core/flow.ts";
import type { Journey } from "../../engine/core/journey.ts";
import { type Call, callKey, collectCalls, type Outcome } from "./calls.ts";
import { type OperatorAction, operatorActions } from "./operators.ts";
import { isUnderWay } from "./step-look.ts";
import { stepName } from "./step-name.ts";
import { type TimeScale, timeScale } from "./time-scale.ts";

export interface Bar {
  attempt: number;
  from: number;
  to: number;
  outcome: Outcome;
}

export interface TimeRow {
  key: string;
  step: string;
  /** The negation; undefined for the step itself. */
  negation?: string;
  label: string;
  bars: Bar[];
  waits: { from: number; to: number }[];
}

export interface TimeLineData {
  rows: TimeRow[];
  scale: TimeScale;
  /** Of operators, without the start. */
  marks: OperatorAction[];
  /** When it was being rolled back. */
  rollbacks: { from: number; to: number }[];
  /** The sum of what is drawn shorter. */
  idleMs: number;
}

/** @param now the end of what is still under way, milliseconds since 1970 */
export function timeLine(
  journey: Journey,
  events: readonly JourneyEvent[],
  flow: CompiledFlow | undefined,
  now: number,
): TimeLineData {
  const calls = collectCalls(events);
  const lastAt = Date.parse(events.at(-1)?.at ?? "") || journey.startedAt;
  const end = isUnderWay(journey) ? Math.max(now, lastAt) : lastAt;
  const barsOf = (call: Call): Bar[] =>
    call.attempts.map(({ number, sentAt, endedAt, outcome }) => ({
      attempt: number,
      from: sentAt,
      to: endedAt ?? end,
      outcome,
    }));
  const rows = rowsOf(calls, flow).map(({ call, ...row }) => ({
    ...row,
    bars: call === undefined ? [] : barsOf(call),
    waits: (call?.waits ?? []).map(({ from, to }) => ({ from, to: Math.min(to, end) })),
  }));
  const busy = rows.flatMap(({ bars }) => bars);
  const scale = timeScale([...events.map(({ at }) => Date.parse(at)), end], busy);
  return {
    rows,
    scale,
    marks: operatorActions(events).filter(({ seq }) => seq > 1),
    rollbacks: rollbackSpans(events, end),
    idleMs: scale.breaks.reduce((sum, { from, to, idle }) => sum + (idle ? to - from : 0), 0),
  };
}

type BareRow = Omit<TimeRow, "bars" | "waits"> & { call: Call | undefined };

function rowsOf(calls: ReadonlyMap<string, Call>, flow: CompiledFlow | undefined): BareRow[] {
  const negations = Map.groupBy(
    [...calls.values()].filter(({ undo }) => undo),
    ({ step }) => step,
  );
  const began = [...calls.values()].filter(({ undo }) => !undo).map(({ step }) => step);
  // Steps of an earlier version that are gone from the flow stand behind it.
  const ids = new Set([...(flow?.order ?? []), ...began]);
  const nameOf = (step: string): string => stepName(step, flow?.steps[step] ?? calls.get(callKey(step)));
  const often = Map.groupBy(ids, nameOf);
  return [...ids].flatMap((step): BareRow[] => {
    const call = calls.get(callKey(step));
    const name = nameOf(step);
    // Several steps call the same function: only the id tells one from the other.
    const label = (often.get(name)?.length ?? 0) > 1 ? `${step} · ${name}` : name;
    return [
      { key: callKey(step), step, label, call },
      ...(negations.get(step) ?? []).map((undo) => ({
        key: undo.key,
        step,
        negation: undo.function,
        label: undo.function,
        call: undo,
      })),
    ];
  });
}

function rollbackSpans(events: readonly JourneyEvent[], end: number): { from: number; to: number }[] {
  const spans: { from: number; to: number }[] = [];
  let from: number | undefined;
  for (const { type, at } of events) {
    if (type === "rollback.started" || type === "journey.reopened") from ??= Date.parse(at);
    if ((type === "rollback.completed" || type === "journey.terminated") && from !== undefined) {
      spans.push({ from, to: Date.parse(at) });
      from = undefined;
    }
  }
  if (from !== undefined) spans.push({ from, to: end });
  return spans;
}
