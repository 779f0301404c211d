/** The cluster: brokers, topics, consumer groups. */
import { z } from "@hono/zod-openapi";
import { TOPIC_SETTINGS } from "../../core/topic-names.ts";
import { count } from "./values.ts";

export const clusterSchema = z
  .object({
    kind: z.enum(["embedded", "kafka"]),
    reachable: z.boolean().openapi({ description: "false: the rest is what is known without the cluster" }),
    cluster_id: z.string().optional(),
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
        role: z
          .enum(TOPIC_SETTINGS)
          .optional()
          .openapi({ description: "What the topic is to this profile; others are only shown" }),
        retention_ms: z
          .number()
          .int()
          .optional()
          .openapi({ description: "-1: for ever; left out where only the newest record of each key is kept" }),
        replication: count.optional().openapi({ description: "Kafka only: copies of the partition that has fewest" }),
        offsets: z.array(
          z.object({
            partition: count,
            start: count,
            end: count,
            leader: count.optional().openapi({ description: "Kafka only; left out while there is none" }),
            away: z.boolean().optional().openapi({
              description: "Kafka only: it has no leader, so that nobody can tell start and end; both are 0",
            }),
            replicas: z.array(count).optional(),
            in_sync: z.array(count).optional(),
          }),
        ),
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
        state: z.string().optional().openapi({ description: "Kafka's word for it: Stable, Empty, …" }),
        clients: z
          .array(
            z.object({
              member: z.string(),
              client: z.string(),
              host: z.string(),
              partitions: z.array(z.object({ topic: z.string(), partition: count })),
            }),
          )
          .optional()
          .openapi({ description: "Kafka only" }),
        lag: count,
        topics: z.array(
          z.object({ topic: z.string(), partition: count, committed: z.number().int(), end: count, lag: count }),
        ),
      }),
    ),
  })
  .openapi("GroupList");
export type GroupList = z.infer<typeof groupListSchema>;

/** The body of `POST /topics`. */
export const provisionRequestSchema = z
  .object({
    partitions: z.number().int().min(1).max(10_000).optional().openapi({
      description: "Left out: as many as the topics have that are there, else 12",
    }),
    replication: z
      .number()
      .int()
      .min(1)
      .max(100)
      .optional()
      .openapi({ description: "Copies of each partition; left out: 3, or as many as there are brokers" }),
    retention_ms: z.number().int().min(3_600_000).optional().openapi({
      description: "How long inputs, commands, audit and ended journeys are kept; left out: 7 days",
    }),
  })
  .openapi("ProvisionRequest");

export const provisionedSchema = z
  .object({
    created: z.array(z.string()),
    differences: z.array(z.object({ topic: z.string(), what: z.string(), has: z.string(), wanted: z.string() })),
  })
  .openapi("Provisioned");
