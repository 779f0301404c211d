/** Reading journeys out of the audit cache, with the waiting that an eventually caught-up cache asks for. */
import type { JourneyChange } from "../audit/store.ts";
import { AntigraphError } from "../core/errors.ts";
import type { Journey } from "../core/journey.ts";
import type { ToManager } from "../core/protocol.ts";
import { toView } from "../core/to-view.ts";
import type { JourneyStatus, JourneyView } from "../core/view.ts";
import type { ApiHost } from "./host.ts";

/** How long a reader waits for the first event of a journey that was just started here. */
const FIRST_EVENT_WAIT_MS = 2_000;
/** How long a reader waits for the cache to catch up before a journey counts as unknown. */
const CATCH_UP_WAIT_MS = 1_000;

const ENDED: ReadonlySet<JourneyStatus> = new Set(["completed", "rolled_back", "terminated"]);

export function hasEnded(journey: Pick<Journey, "status"> | undefined): boolean {
  return journey !== undefined && ENDED.has(journey.status);
}

/**
 * The journey as it is now.
 * @throws AntigraphError journey_not_found
 */
export async function readJourney(host: ApiHost, uuid: string, signal: AbortSignal): Promise<Journey> {
  const known = await host.audit.journey(uuid);
  if (known) return known;
  if (waitingStart(host, uuid)) {
    throw new AntigraphError(
      "journey_not_found",
      `The start of journey ${uuid} waits on this disk until the bus can be reached.`,
    );
  }
  const startedHere = host.started.get(uuid) !== undefined;
  if (!startedHere) await host.audit.caughtUp(CATCH_UP_WAIT_MS);
  const journey = await journeyWhen(host, uuid, {
    is: (found) => found !== undefined,
    waitMs: startedHere ? FIRST_EVENT_WAIT_MS : 0,
    signal,
  });
  if (journey) return journey;
  throw new AntigraphError(
    "journey_not_found",
    startedHere
      ? `The start of journey ${uuid} is on the bus, but no manager has read it yet.`
      : `There is no journey ${uuid}.`,
  );
}

/** The flow of a journey whose start waits in the outbox. */
export function waitingStart(host: ApiHost, uuid: string): { name: string; version: string } | undefined {
  const [first] = host.outgoing.waitingOf(uuid);
  if (first === undefined) return undefined;
  const record: ToManager = JSON.parse(first.value);
  return record.function === "start" ? { name: record.name, version: record.version ?? "" } : undefined;
}

/**
 * Reads the journey again at each change until `is` holds, `waitMs` are over or `signal` aborts; then as it is.
 * `wakes` saves reading at changes that can't matter.
 */
export async function journeyWhen(
  host: ApiHost,
  uuid: string,
  options: {
    is(journey: Journey | undefined): boolean;
    wakes?(change: JourneyChange): boolean;
    waitMs: number;
    signal: AbortSignal;
  },
): Promise<Journey | undefined> {
  const { is, wakes = () => true, waitMs, signal } = options;
  let changed = false;
  let wake = () => {};
  // Subscribed before the first look, so that no change falls between looking and waiting.
  const unsubscribe = host.audit.onChange((changes) => {
    if (!changes.some((change) => change.uuid === uuid && wakes(change))) return;
    changed = true;
    wake();
  });
  let over = waitMs <= 0 || signal.aborted;
  const end = () => {
    over = true;
    wake();
  };
  const timer = setTimeout(end, waitMs);
  signal.addEventListener("abort", end, { once: true });
  try {
    while (true) {
      changed = false;
      const journey = await host.audit.journey(uuid);
      if (is(journey) || over) return journey;
      if (changed) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (changed || over) resolve();
      });
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    unsubscribe();
  }
}

/** The journey in the API's form, with all steps of its flow where the flow is known. */
export function viewOf(host: ApiHost, journey: Journey): JourneyView {
  return toView(journey, host.flows.get(journey.name, journey.version)?.flow);
}
