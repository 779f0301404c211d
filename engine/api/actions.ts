/**
 * Operators' actions. An action is a record of `tomanager` at the journey's home; the manager decides on it. What is
 * plainly wrong is refused here already. What only seems not to fit the journey's state is sent all the same, so that
 * the refusal stands in the journey's history. The call waits a moment for the manager's word: who acts twice in a row
 * is answered by what the first action made of the journey.
 */
import { AntigraphError, ERRORS, type ErrorCode } from "../core/errors.ts";
import type { Journey } from "../core/journey.ts";
import { replayUuid } from "../core/journey-ids.ts";
import { preview } from "../core/preview.ts";
import {
  ACTIONS,
  type ActionData,
  type ActionName,
  MANAGER,
  SCHEMA_VERSION,
  type ToManager,
} from "../core/protocol.ts";
import { DEFAULT_MAXIMUM_DATA_BYTES, NO_SCHEMAS } from "../core/turn.ts";
import type { Preview } from "../core/view.ts";
import type { ApiHost } from "./host.ts";
import { journeyWhen, readJourney, waitingStart } from "./journey-reader.ts";
import type { OutboxRecord } from "./outbox-file.ts";
import { assertRecordSize, recordText } from "./record-text.ts";

/** How long a call waits for the manager's word; a manager that runs gives it within milliseconds. */
const DECISION_WAIT_MS = 2_000;
/** How far a dry run waits for the cache: a plan over an old state would only be refused later. */
const CATCH_UP_WAIT_MS = 1_000;

/** Refusals that no change of the journey's state can turn into consent. */
const PLAINLY_WRONG: ReadonlySet<ErrorCode> = new Set([
  "invalid_request",
  "unknown_action",
  "unknown_step",
  "unknown_version",
  "not_supported",
  "flow_not_found",
]);

/** An action as it was asked for; `reason` is "" where none was given. */
export interface AskedAction extends Omit<ActionData, "id" | "actor"> {
  action: string;
  id?: string;
}

export interface AcceptedAction {
  uuid: string;
  id: string;
  /** With replay: the new journey. */
  replayUuid?: string;
}

/** An action that was sent. */
export interface SentAction extends AcceptedAction {
  /** It lies on this disk and is sent when the bus can be reached. */
  queued: boolean;
}

/** An action that may be sent. `doubtful`: as far as the cache knows, the manager will refuse it. */
export interface PreparedAction extends AcceptedAction {
  record: OutboxRecord;
  /** The journey's flow. */
  flow: { name: string; version: string };
  doubtful: boolean;
  /** This very action has been decided on already: nothing is sent again. */
  seen: boolean;
}

/**
 * What the action would send, over the journey's newest state.
 * @throws AntigraphError with the code of the refusal
 */
export async function previewAction(
  host: ApiHost,
  uuid: string,
  asked: AskedAction,
  signal: AbortSignal,
): Promise<Preview> {
  const action = actionName(asked.action);
  await host.audit.caughtUp(CATCH_UP_WAIT_MS);
  const journey = await readJourney(host, uuid, signal);
  return previewOver(host, journey, { ...asked, ...stamp(host, asked), action });
}

/** Sends the action and answers once it is durable. @throws AntigraphError when it was refused, now or by the manager */
export async function takeAction(
  host: ApiHost,
  uuid: string,
  asked: AskedAction,
  options: { traceparent: string | undefined; signal: AbortSignal },
): Promise<SentAction> {
  const prepared = await prepareAction(host, uuid, asked, options);
  const [sent] = prepared.seen ? [] : await host.outgoing.send([prepared.record]);
  const queued = sent?.queued === true;
  if (!queued) {
    rememberReplay(host, prepared);
    if (isUndecided(prepared) || host.manager.status().running)
      await assertNotRefused(host, prepared, options.signal);
  }
  const { id, replayUuid } = prepared;
  return { uuid: prepared.uuid, id, queued, ...(replayUuid && { replayUuid }) };
}

/** Checks an action and makes its record. @throws AntigraphError when it is plainly wrong */
export async function prepareAction(
  host: ApiHost,
  uuid: string,
  asked: AskedAction,
  { traceparent, signal }: { traceparent: string | undefined; signal: AbortSignal },
): Promise<PreparedAction> {
  const action = actionName(asked.action);
  const { id, actor } = stamp(host, asked);
  const start = waitingStart(host, uuid);
  // Behind a start that waits in the outbox there is nothing yet to look at.
  const known = start ? undefined : await readJourney(host, uuid, signal);
  const journey = known ?? { uuid, name: "", version: "", ...start };
  const seen = known?.actions.includes(id) === true;
  const doubtful = known !== undefined && !seen && seemsToBeRefused(host, known, { ...asked, id, actor, action });
  const { action: _, ...fields } = asked;
  const message: ToManager = {
    uuid: journey.uuid,
    name: journey.name,
    version: journey.version,
    service: MANAGER,
    function: action,
    status: "success",
    schema_version: SCHEMA_VERSION,
    data: { ...fields, id, actor } satisfies ActionData,
  };
  const value = recordText(message);
  assertRecordSize(value);
  return {
    uuid: journey.uuid,
    id,
    ...(action === "replay" && { replayUuid: replayUuid(journey.uuid, id) }),
    record: {
      topic: host.topics.toManager,
      key: journey.uuid,
      value,
      headers: traceparent ? { traceparent } : {},
    },
    flow: { name: journey.name, version: journey.version },
    doubtful,
    seen,
  };
}

/** A replay starts a journey: who asks for it at once waits for its first event. */
export function rememberReplay(host: ApiHost, { replayUuid, flow, doubtful }: PreparedAction): void {
  if (replayUuid !== undefined && !doubtful)
    host.started.add(replayUuid, { ...flow, sent: Promise.resolve({ queued: false }) });
}

/** What the answer has to wait for, even where no manager runs here. */
export const isUndecided = ({ doubtful, seen }: PreparedAction): boolean => doubtful || seen;

/** Waits for the manager's word. @throws AntigraphError the refusal as it stands in the history */
export async function assertNotRefused(host: ApiHost, sent: PreparedAction, signal: AbortSignal): Promise<void> {
  await journeyWhen(host, sent.uuid, {
    is: (journey) => journey?.actions.includes(sent.id) ?? false,
    waitMs: DECISION_WAIT_MS,
    signal,
  });
  const events = await host.audit.events(sent.uuid);
  const refusal = events.find((event) => event.type === "action.refused" && event.id === sent.id);
  if (!refusal) return;
  const code = refusal.error?.code;
  throw new AntigraphError(
    isErrorCode(code) ? code : "action_not_allowed",
    refusal.error?.message || "The manager refused the action.",
  );
}

function seemsToBeRefused(host: ApiHost, journey: Journey, action: ActionData & { action: ActionName }): boolean {
  try {
    const { plan } = previewOver(host, journey, action);
    return action.plan !== undefined && action.plan !== plan;
  } catch (error) {
    if (!(error instanceof AntigraphError)) throw error;
    if (PLAINLY_WRONG.has(error.code)) throw error;
    return true;
  }
}

function previewOver(host: ApiHost, journey: Journey, action: ActionData & { action: ActionName }): Preview {
  const flow = host.flows.get(journey.name, journey.version)?.flow;
  if (!flow) {
    throw new AntigraphError("flow_not_found", `The flow ${journey.name} ${journey.version} is not known here.`);
  }
  return preview(journey, action, flow, {
    now: host.now(),
    random: 0,
    health: (service) => host.health.of(service),
    flowOf: (name, version) => (version ? host.flows.get(name, version) : host.flows.newest(name))?.flow,
    maximumDataBytes: DEFAULT_MAXIMUM_DATA_BYTES,
    schemas: host.schemas ?? NO_SCHEMAS,
  });
}

/** What the host says about an action, whatever the request says. */
function stamp(host: ApiHost, asked: AskedAction): { id: string; actor: string } {
  return { id: asked.id ?? host.newUuid(), actor: host.actor };
}

/** @throws AntigraphError unknown_action */
export function actionName(action: string): ActionName {
  const known = ACTIONS.find((name) => name === action);
  if (known) return known;
  throw new AntigraphError("unknown_action", `There is no action ${action}; there are ${ACTIONS.join(", ")}.`);
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(ERRORS, code);
}
