/** Starting journeys: a start is a record of `tomanager` at the journey's home, nothing else. */
import { AntigraphError } from "../core/errors.ts";
import type { Journey } from "../core/journey.ts";
import { MANAGER, SCHEMA_VERSION, START_HEADERS, type ToManager } from "../core/protocol.ts";
import type { FlowEntry } from "../manager/flows.ts";
import type { ApiHost } from "./host.ts";
import { hasEnded, journeyWhen } from "./journey-reader.ts";
import { assertRecordSize, recordText } from "./record-text.ts";
import type { StartRequest } from "./schemas/journey.ts";

/** How long a repeated start waits for the cache to tell whether the uuid is taken. */
const CATCH_UP_WAIT_MS = 1_000;

export interface StartOutcome {
  uuid: string;
  /** Present when it ended within the wait, or when this uuid had been started before (as far as it is known yet). */
  journey?: Journey;
}

/** A journey in the audit cache, or a start sent lately. */
type Before = { name: string; version: string; sent?: Promise<void> };

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
  let before = request.uuid === undefined ? undefined : await startedBefore(host, uuid);
  if (!before) {
    const entry = await runnableFlow(host, request.name, version);
    // Looked up again without a pause in between: of two calls at the same time one sends, the other one waits for it.
    before = host.started.get(uuid);
    if (!before) await sendStart(host, uuid, request, entry, options.traceparent);
  }
  if (before && (before.name !== request.name || (version !== "" && before.version !== version))) {
    throw new AntigraphError("uuid_in_use", `Journey ${uuid} runs the flow ${before.name} ${before.version}.`);
  }
  await before?.sent;
  const journey = await journeyWhen(host, uuid, {
    is: hasEnded,
    wakes: hasEnded,
    waitMs: options.waitMs,
    signal: options.signal,
  });
  return before || hasEnded(journey) ? { uuid, journey } : { uuid };
}

/** What is known about a uuid that the client made up. Thorough, since a repeat must not become a second start. */
async function startedBefore(host: ApiHost, uuid: string): Promise<Before | undefined> {
  const known = (await host.audit.journey(uuid)) ?? host.started.get(uuid);
  if (known) return known;
  await host.audit.caughtUp(CATCH_UP_WAIT_MS);
  return (await host.audit.journey(uuid)) ?? host.started.get(uuid);
}

/** The flow version a start will run; reads the flows to their end before it calls one unknown. */
async function runnableFlow(host: ApiHost, name: string, version: string): Promise<FlowEntry> {
  const find = () => (version === "" ? host.flows.newest(name) : host.flows.get(name, version));
  let entry = find();
  if (!entry) {
    await host.flows.upToDate();
    entry = find();
  }
  if (!entry) {
    const wanted = version === "" ? name : `${name} ${version}`;
    throw new AntigraphError("flow_not_found", `There is no flow ${wanted}.`);
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
): Promise<void> {
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
  const sent = host.bus.append([{ topic: host.topics.toManager, key: uuid, value, headers }]).then(() => {});
  host.started.add(uuid, { name: request.name, version: entry.record.version, sent });
  return sent;
}
