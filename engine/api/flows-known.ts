/** Waiting until every flow that was published so far is known here. */
import { AntigraphError } from "../core/errors.ts";
import type { ApiHost } from "./host.ts";

type Needs = Pick<ApiHost, "bus" | "connection" | "flows" | "topics">;

/** @throws AntigraphError bus_unavailable, topic_not_found: then it would wait for ever */
export async function allFlowsKnown(host: Needs): Promise<void> {
  const { state, message } = host.connection();
  if (state !== "connected") {
    throw new AntigraphError("bus_unavailable", `The bus can't be reached: ${message ?? "not yet"}.`);
  }
  try {
    await host.bus.offsets(host.topics.edits);
  } catch (error) {
    if (!(error instanceof AntigraphError) || error.code !== "topic_not_found") throw error;
    throw new AntigraphError(
      "topic_not_found",
      `The topics of this profile aren't there: create them with \`antigraph topics create\` or POST /api/v1/topics.`,
    );
  }
  await host.flows.upToDate();
}
