/** Records of a topic, read and written by hand. */
import { z } from "@hono/zod-openapi";
import { anyJson, count, position, time } from "./values.ts";

/** How many records one read answers, and how many one call may produce. */
export const MAXIMUM_RECORDS = 1000;

const topicRecordSchema = z
  .object({
    partition: count,
    offset: count,
    timestamp: time,
    key: z.string().nullable(),
    headers: z.record(z.string(), z.string()),
    value: z.string().nullable().openapi({ description: "The text as it stands in the topic; null is a tombstone" }),
    schema_id: count.optional().openapi({
      description: "Stood before the value in Confluent's wire format; `value` is what came after it",
    }),
    encoding: z
      .object({ key: z.literal("base64").optional(), value: z.literal("base64").optional() })
      .optional()
      .openapi({ description: "Bytes that are no UTF-8 text are shown so" }),
  })
  .openapi("TopicRecord");
export type TopicRecord = z.infer<typeof topicRecordSchema>;

export const recordPageSchema = z
  .object({
    records: z.array(topicRecordSchema),
    next: z.string().openapi({
      description: "Give it back as `offset` to read on: partition:offset pairs",
      example: "0:17,1:4",
    }),
    scanned: count.optional().openapi({ description: "With `key`: how many records were looked through for these" }),
    away: z
      .array(count)
      .optional()
      .openapi({ description: "Partitions that have no leader now: nothing of them is among the records" }),
    skipped: count
      .optional()
      .openapi({ description: "With `skip`: how many had left the topic before they were read" }),
  })
  .openapi("RecordPage");
export type RecordPage = z.infer<typeof recordPageSchema>;

const newRecordSchema = z.object({
  key: z.string().nullable().optional(),
  value: anyJson.openapi({
    description: "A string goes out as it is, any other JSON as its text, null as tombstone",
  }),
  headers: z.record(z.string(), z.string()).optional(),
  partition: count.optional(),
});

/** The body of `POST /topics/{topic}/records`: one record, or several in `records`, all of them written or none. */
export const produceRequestSchema = newRecordSchema
  .partial()
  .extend({ records: z.array(newRecordSchema).min(1).max(MAXIMUM_RECORDS).optional() })
  .superRefine((body, ctx) => {
    const single = body.value !== undefined;
    if (single === (body.records !== undefined)) {
      ctx.addIssue({ code: "custom", path: ["value"], message: "give either `value` or `records`" });
    }
    for (const [index, record] of (body.records ?? []).entries()) {
      if (record.value === undefined) {
        ctx.addIssue({ code: "custom", path: ["records", index, "value"], message: "a record needs a value" });
      }
    }
  })
  .openapi("ProduceRequest", { description: "One record, or several in `records`: all of them are written or none" });
export type ProduceRequest = z.infer<typeof produceRequestSchema>;

export const producedSchema = z.object({ records: z.array(position) }).openapi("Produced");
export type Produced = z.infer<typeof producedSchema>;

/** How many dead letters one call sends again. */
const MAXIMUM_RESENT = 100;

/** The body of `POST /topics/{topic}/resend`. */
export const resendRequestSchema = z
  .object({
    records: z
      .array(z.object({ partition: count, offset: count }))
      .min(1)
      .max(MAXIMUM_RESENT),
    reason: z.string().max(2000).default(""),
  })
  .openapi("ResendRequest");

export const resentSchema = z
  .object({ records: z.array(z.object({ from: position, to: position })) })
  .openapi("Resent");
export type Resent = z.infer<typeof resentSchema>;
