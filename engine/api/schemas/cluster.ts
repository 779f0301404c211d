/** The cluster: brokers, topics, consumer groups. */
import { z } from "@hono/zod-openapi";
import { count } from "./values.ts";

export const clusterSchema = z
  .object({
    kind: z.enum(["embedded", "kafka"]),
    reachable: z.boolean(),
    brokers: z.array(z.object({ id: count, host: z.string(), port: count.optional(), controller: z.boolean() })),
    topics: count,
    partitions: count,
    audit_behind: count.openapi({ description: "Records of the audit topic that the cache hasn't ingested yet" }),
    dead_letters: count,
    storage: z
      .object({ path: z.string(), size_bytes: count })
      .optional()
      .openapi({ description: "Embedded only: the file that holds the topics" }),
  })
  .openapi("Cluster");
export type Cluster = z.infer<typeof clusterSchema>;

export const topicListSchema = z
  .object({
    topics: z.array(
      z.object({
        name: z.string(),
        partitions: count,
        compacted: z.boolean(),
        records: count.openapi({ description: "Offsets between start and end; compaction and markers leave gaps" }),
        offsets: z.array(z.object({ partition: count, start: count, end: count })),
      }),
    ),
  })
  .openapi("TopicList");
export type TopicList = z.infer<typeof topicListSchema>;

export const groupListSchema = z
  .object({
    groups: z.array(
      z.object({
        group: z.string(),
        members: count,
        lag: count,
        topics: z.array(
          z.object({ topic: z.string(), partition: count, committed: z.number().int(), end: count, lag: count }),
        ),
      }),
    ),
  })
  .openapi("GroupList");
export type GroupList = z.infer<typeof groupListSchema>;
