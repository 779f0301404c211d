/** Topics with names of their own, in the API and in `profiles.json` alike. */
import { z } from "@hono/zod-openapi";
import { TOPIC_SETTINGS, topicProblem } from "../../core/topic-names.ts";

export const topicSettingsSchema = z.record(z.string(), z.string()).openapi("TopicSettings", {
  description: `Topics that have names of their own, without the prefix: any of ${TOPIC_SETTINGS.join(", ")}`,
  example: { tomanager: "orders.to-manager" },
});

/** For the object that holds prefix and topics: unknown topics, names that Kafka doesn't take, and doubled ones. */
export function refineTopics(
  { prefix, topics }: { prefix: string; topics?: Record<string, string> | undefined },
  context: z.RefinementCtx,
): void {
  const problem = topics && topicProblem(prefix, topics);
  if (problem !== undefined) {
    context.addIssue({ code: "custom", path: ["topics", problem.setting], message: problem.message });
  }
}
