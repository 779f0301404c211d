/** One action on many journeys: each has its own outcome, and what can be sent goes out in one append. */
import type { z } from "@hono/zod-openapi";
import { AntigraphError } from "../core/errors.ts";
import {
  type AskedAction,
  actionName,
  assertNotRefused,
  isUndecided,
  type PreparedAction,
  prepareAction,
  previewAction,
  rememberReplay,
} from "./actions.ts";
import type { ApiHost } from "./host.ts";
import type { BulkOutcomes, bulkActionRequestSchema } from "./schemas/action.ts";

/** Journeys looked at side by side. */
const CONCURRENCY = 16;

type Outcome = BulkOutcomes["outcomes"][number];

/** @throws AntigraphError unknown_action, bus_unavailable: then nothing was sent for any journey */
export async function bulkAction(
  host: ApiHost,
  request: z.output<typeof bulkActionRequestSchema>,
  options: { traceparent: string | undefined; signal: AbortSignal },
): Promise<Outcome[]> {
  const { uuids, plans, dry_run, ...shared } = request;
  actionName(shared.action);
  // One id for all, so that a repeat of the call changes nothing: ids count per journey.
  const action: AskedAction = { ...shared, id: shared.id ?? host.newUuid() };
  const journeys = [...new Set(uuids.map((uuid) => uuid.toLowerCase()))];
  const asked = (uuid: string): AskedAction => ({ ...action, ...(plans?.[uuid] ?? plans?.[uuid.toUpperCase()]) });

  if (dry_run) {
    return mapBounded(journeys, (uuid) =>
      orOutcome<Outcome>(uuid, async () => {
        const preview = await previewAction(host, uuid, asked(uuid), options.signal);
        return { uuid, outcome: "previewed", preview };
      }),
    );
  }
  const prepared = await mapBounded(journeys, (uuid) =>
    orOutcome(uuid, () => prepareAction(host, uuid, asked(uuid), options)),
  );
  const toSend = prepared.flatMap((each) => ("record" in each && !each.seen ? [each] : []));
  const sent = toSend.length > 0 ? await host.outgoing.send(toSend.map(({ record }) => record)) : [];
  const queued = new Set(toSend.filter((_, index) => sent[index]?.queued));
  for (const each of prepared) if ("record" in each && !queued.has(each)) rememberReplay(host, each);
  return mapBounded(prepared, (each) => {
    if (!("record" in each)) return Promise.resolve(each);
    if (queued.has(each)) return Promise.resolve<Outcome>({ ...accepted(each), queued: true });
    return orOutcome(each.uuid, async () => {
      if (isUndecided(each)) await assertNotRefused(host, each, options.signal);
      return accepted(each);
    });
  });
}

function accepted({ uuid, id, replayUuid }: PreparedAction): Outcome {
  return { uuid, outcome: "accepted", id, ...(replayUuid && { replay_uuid: replayUuid }) };
}

/** What `run` gives, or the refusal it throws as an outcome. */
async function orOutcome<T>(uuid: string, run: () => Promise<T>): Promise<T | Outcome> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof AntigraphError)) throw error;
    return { uuid, outcome: "refused", error: { code: error.code, message: error.message } };
  }
}

/** Maps in order, `CONCURRENCY` at a time. */
async function mapBounded<T, R>(items: T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await map(item);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker));
  return results;
}
