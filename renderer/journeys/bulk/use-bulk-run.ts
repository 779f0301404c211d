/** The course of one bulk action: dry run, then sending, with each journey's outcome. */
import { useEffect, useMemo, useRef, useState } from "react";
import { api } from "../../api.ts";
import type { BulkAction } from "./bulk-actions.ts";
import { actAll, type BulkCalls, dryRunAll, type Outcome } from "./bulk-run.ts";
import { type ActionEvent, useActionEvents } from "./use-action-events.ts";

const calls: BulkCalls = {
  bulk: api.bulk,
  journey: (uuid, signal) => api.journey(uuid, undefined, signal),
};

export type RowState = Outcome | { kind: "waiting" } | { kind: "done"; replay?: string };

export interface BulkRun {
  phase: "dry run" | "ready" | "sending" | "sent";
  /** By uuid. */
  rows: ReadonlyMap<string, RowState>;
  /** How many have an outcome in this phase. */
  settled: number;
  send: (reason: string) => void;
  /** Stops between two batches; what is sent stays sent. */
  stop: () => void;
}

export function useBulkRun(action: BulkAction, uuids: readonly string[]): BulkRun {
  const [phase, setPhase] = useState<BulkRun["phase"]>("dry run");
  const [dry, setDry] = useState<ReadonlyMap<string, Outcome>>(new Map());
  const [sent, setSent] = useState<ReadonlyMap<string, Outcome>>(new Map());
  const running = useRef<AbortController>(undefined);

  useEffect(() => {
    const controller = new AbortController();
    running.current = controller;
    setDry(new Map());
    setPhase("dry run");
    const onOutcome = (uuid: string, outcome: Outcome) => {
      if (!controller.signal.aborted) setDry((before) => new Map(before).set(uuid, outcome));
    };
    dryRunAll({ action, calls, signal: controller.signal, onOutcome }, uuids).then(
      () => {
        if (!controller.signal.aborted) setPhase("ready");
      },
      () => {},
    );
    return () => controller.abort();
  }, [action, uuids]);

  const actionIds = useMemo(() => {
    const ids = new Map<string, string>();
    for (const [uuid, outcome] of sent) if (outcome.kind === "accepted") ids.set(uuid, outcome.id);
    return ids;
  }, [sent]);
  const events = useActionEvents(actionIds);

  const send = (reason: string) => {
    const previews = new Map<string, Extract<Outcome, { kind: "previewed" }>>();
    for (const [uuid, outcome] of dry) if (outcome.kind === "previewed") previews.set(uuid, outcome);
    const controller = new AbortController();
    running.current = controller;
    setPhase("sending");
    const onOutcome = (uuid: string, outcome: Outcome) => setSent((before) => new Map(before).set(uuid, outcome));
    const run = { action, calls, signal: controller.signal, onOutcome };
    actAll(run, previews, { id: crypto.randomUUID(), reason }).then(
      () => setPhase("sent"),
      () => setPhase("sent"),
    );
  };

  const rows = useMemo(() => {
    const states = new Map<string, RowState>();
    for (const uuid of uuids) states.set(uuid, rowState(dry.get(uuid), sent.get(uuid), events.get(uuid)));
    return states;
  }, [uuids, dry, sent, events]);

  const settled = phase === "dry run" ? dry.size : sent.size;
  return { phase, rows, settled, send, stop: () => running.current?.abort() };
}

function rowState(dry: Outcome | undefined, sent: Outcome | undefined, event: ActionEvent | undefined): RowState {
  if (event?.kind === "refused") return { kind: "refused", code: "refused", message: event.message };
  if (event?.kind === "done") return { kind: "done", replay: sent?.kind === "accepted" ? sent.replay : undefined };
  return sent ?? dry ?? { kind: "waiting" };
}
