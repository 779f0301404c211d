/** Starting journeys: a start is a record of `tomanager` at the journey's home, nothing else. */
import { sizeError } from "../core/data-size.ts";
import { AntigraphError } from "../core/errors.ts";
import type { Journey } from "../core/journey.ts";
import { MANAGER, SCHEMA_VERSION, START_HEADERS, type ToManager } from "../core/protocol.ts";
import { DEFAULT_MAXIMUM_DATA_BYTES } from "../core/turn.ts";
import type { FlowEntry } from "../manager/flows.ts";
import { allFlowsKnown } from "./flows-known.ts";
import type { ApiHost } from "./host.ts";
import { hasEnded, journeyWhen, waitingStart } from "./journey-reader.ts";
import { assertRecordSize, recordText } from "./record-text.ts";
import type { StartRequest } from "./schemas/journey.ts";

/** How long a repeated start waits for the cache to tell whether the uuid is taken. */
const CATCH_UP_WAIT_MS = 1_000;

export interface StartOutcome {
  uuid: string;
  /** The start lies on this disk and is sent when the bus can be reached. */
  queued: boolean;
  /** Present when it ended within the wait, or when this uuid had been started before (as far as it is known yet). */
  journey?: Journey;
}

/** A journey in the audit cache, or a start sent lately. */
type Before = { name: string; version: string; sent?: Promise<{ queued: boolean }> };

/**
 * Puts a start on the bus, once per uuid, and waits for the journey's end if asked to.
 * @throws AntigraphError flow_not_found, flow_invalid, uuid_in_use, payload_too_large, bus_unavailable
 */
export async function startJourney(
  host: ApiHost,
  request: StartRequest,
  options: { waitMs: number; traceparent: string | undefined; signal: AbortSignal },
): Promise<StartOutcome> {
  const uuid = (request.uuid ?? host.newUuid()).toLowerCase();
  const version = request.version ?? "";
  assertDataSize(request.data);
  let before = request.uuid === undefined ? undefined : await startedBefore(host, uuid);
  if (!before) {
    const entry = await runnableFlow(host, request.name, version);
    // Looked up again without a pause in between: of two calls at the same time one sends, the other one waits for it.
    before = host.started.get(uuid);
    if (!before) {
      const { queued } = await sendStart(host, uuid, request, entry, options.traceparent);
      // Nobody carries it out before the bus is there: there is nothing to wait for.
      if (queued) return { uuid, queued };
    }
  }
  if (before && (before.name !== request.name || differ(before.version, version))) {
    throw new AntigraphError("uuid_in_use", `Journey ${uuid} runs the flow ${before.name} ${before.version}.`);
  }
  const isQueued = (await before?.sent)?.queued === true && host.outgoing.waitingOf(uuid).length > 0;
  if (isQueued) return { uuid, queued: true };
  const journey = await journeyWhen(host, uuid, {
    is: hasEnded,
    wakes: hasEnded,
    waitMs: options.waitMs,
    signal: options.signal,
  });
  return before || hasEnded(journey) ? { uuid, queued: false, journey } : { uuid, queued: false };
}

/** A service is never sent more, so the first step would only fail. @throws AntigraphError payload_too_large */
function assertDataSize(data: unknown): void {
  const error = sizeError("data", data, DEFAULT_MAXIMUM_DATA_BYTES);
  if (error) throw new AntigraphError("payload_too_large", `${error.message}.`);
}

/** Of two versions that were asked for; the newest is any. */
const differ = (one: string, other: string): boolean => one !== "" && other !== "" && one !== other;

/** What is known about a uuid that the client made up. Thorough, since a repeat must not become a second start. */
async function startedBefore(host: ApiHost, uuid: string): Promise<Before | undefined> {
  const known = (await host.audit.journey(uuid)) ?? host.started.get(uuid);
  if (known) return known;
  const waiting = waitingStart(host, uuid);
  if (waiting) return { ...waiting, sent: Promise.resolve({ queued: true }) };
  await host.audit.caughtUp(CATCH_UP_WAIT_MS);
  return (await host.audit.journey(uuid)) ?? host.started.get(uuid);
}

/** The flow version a start will run; reads the flows to their end before it calls one unknown. */
async function runnableFlow(host: ApiHost, name: string, version: string): Promise<FlowEntry> {
  const find = () => (version === "" ? host.flows.newest(name) : host.flows.get(name, version));
  let entry = find();
  if (!entry && host.connection().state === "connected") {
    await allFlowsKnown(host);
    entry = find();
  }
  if (!entry) {
    const wanted = version === "" ? name : `${name} ${version}`;
    const { state } = host.connection();
    const hint = state === "connected" ? "" : " among those known here; the bus can't be reached to look for it";
    throw new AntigraphError("flow_not_found", `There is no flow ${wanted}${hint}.`);
  }
  if (!entry.flow) {
    throw new AntigraphError(
      "flow_invalid",
      `The flow ${name} ${entry.record.version} can't run: it was published with errors.`,
      { findings: entry.findings },
    );
  }
  return entry;
}

function sendStart(
  host: ApiHost,
  uuid: string,
  request: StartRequest,
  entry: FlowEntry,
  traceparent: string | undefined,
): Promise<{ queued: boolean }> {
  const record: ToManager = {
    uuid,
    name: request.name,
    // Empty stays empty: the newest version is the manager's to find, at the moment it reads the start.
    version: request.version ?? "",
    service: MANAGER,
    function: "start",
    status: "success",
    schema_version: SCHEMA_VERSION,
    data: request.data ?? null,
  };
  const value = recordText(record);
  assertRecordSize(value);
  const headers = {
    [START_HEADERS.actor]: host.actor,
    ...(request.reason && { [START_HEADERS.reason]: request.reason }),
    ...(traceparent && { traceparent }),
  };
  const sent = host.outgoing
    .send([{ topic: host.topics.toManager, key: uuid, value, headers }])
    .then(([outcome]) => ({ queued: outcome?.queued === true }));
  host.started.add(uuid, { name: request.name, version: entry.record.version, sent });
  return sent;
}
