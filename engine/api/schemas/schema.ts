/** Schemas of events, as a registry keeps them. */
import { z } from "@hono/zod-openapi";
import { anyJson, count } from "./values.ts";

const subjectSchema = z
  .object({
    subject: z.string(),
    kind: z.enum(["topic", "function"]).openapi({
      description: "Of a topic's whole records, or of the `data` of a function's commands or replies",
    }),
    topic: z.string(),
    service: z.string().optional(),
    function: z.string().optional(),
    direction: z.enum(["command", "reply"]).optional(),
    version: count.optional().openapi({ description: "The newest in the registry; missing: nothing is registered" }),
    id: count.optional(),
    schema: anyJson.optional().openapi({ description: "The JSON Schema of that version" }),
    in_force: count.optional().openapi({
      description: "The version that is checked by, where that isn't the newest; 0: none can be used, nothing flows",
    }),
    error: z.string().optional().openapi({ description: "Why the newest version can't be used" }),
  })
  .openapi("SchemaSubject");
export type SchemaSubject = z.infer<typeof subjectSchema>;

export const schemaListSchema = z
  .object({
    registry: z
      .object({
        url: z.string(),
        reachable: z.boolean().openapi({ description: "As of the last look, some seconds ago at most" }),
        error: z.string().optional().openapi({ description: "Why not; what was known stays in force" }),
        known: z.boolean().openapi({ description: "All that is needed is known; else managers wait" }),
        wire_format: z.enum(["json", "confluent"]),
        validate: z.boolean(),
      })
      .nullable()
      .openapi({ description: "Null: the profile has no registry" }),
    subjects: z.array(subjectSchema),
  })
  .openapi("SchemaList");
export type SchemaList = z.infer<typeof schemaListSchema>;

/** The body of `PUT /schemas/{subject}`. */
export const schemaRequestSchema = z
  .object({
    schema: z
      .union([z.record(z.string(), z.unknown()), z.boolean()])
      .openapi({ description: "A JSON Schema: draft-07, 2019-09 or 2020-12, named by `$schema`; else draft-07" }),
  })
  .openapi("SchemaRequest");

export const registeredSchemaSchema = subjectSchema.openapi("RegisteredSchema");
