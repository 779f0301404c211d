/** What operators do to journeys, one or many. */
import { z } from "@hono/zod-openapi";
import { ACTIONS } from "../../core/protocol.ts";
import type { PlannedCommand, Preview } from "../../core/view.ts";
import { anyJson, count, uuidSchema } from "./values.ts";

/** How many journeys one bulk action may name. */
export const MAXIMUM_BULK = 1000;

const actionFields = {
  action: z
    .string()
    .min(1)
    .openapi({ enum: [...ACTIONS] }),
  reason: z.string().max(2000).default(""),
  id: z.string().min(1).max(200).optional().openapi({ description: "Made by the client; a seen id changes nothing" }),
  dry_run: z.boolean().default(false),
  scope: z.enum(["journey", "path", "branch", "to"]).optional(),
  step: z.string().optional(),
  to: z.string().optional(),
  include: z.enum(["attempted"]).optional(),
  force: z.boolean().optional(),
  data: anyJson.optional(),
  output: anyJson.optional(),
  version: z.string().optional(),
  function: z.string().optional().openapi({ description: "With retry and skip of an undo: the negation meant" }),
  actor: anyJson.optional().openapi({ description: "Not heeded: the host says who acts" }),
};

/**
 * The body of `POST /journeys/{uuid}/actions`. `plan` and `seq` come from the dry run it stands on. A field that is none
 * is refused: a misspelt `dry_run` would do what should only be looked at.
 */
export const actionRequestSchema = z
  .strictObject({ ...actionFields, plan: z.string().optional(), seq: count.optional() })
  .openapi("ActionRequest");
export type ActionRequest = z.input<typeof actionRequestSchema>;

export const actionAcceptedSchema = z
  .object({
    uuid: uuidSchema,
    id: z.string(),
    queued: z.boolean(),
    replay_uuid: uuidSchema.optional().openapi({ description: "With replay: the uuid of the new journey" }),
  })
  .openapi("ActionAccepted");
export type ActionAccepted = z.infer<typeof actionAcceptedSchema>;

const plannedCommand = z
  .object({ step: z.string(), service: z.string(), function: z.string(), data: anyJson })
  .openapi("PlannedCommand") satisfies z.ZodType<PlannedCommand>;

/** A dry run. Levels go out one after the other, the commands of one level together. */
export const previewSchema = z
  .object({
    plan: z.string(),
    seq: count,
    levels: z.array(z.array(plannedCommand)),
    irreversible: z.array(z.string()),
    left_standing: z.array(z.string()),
    in_flight: z.array(
      z.object({ step: z.string(), service: z.string(), function: z.string(), adds: z.array(plannedCommand) }),
    ),
    refused: z
      .array(z.object({ step: z.string(), service: z.string(), function: z.string(), message: z.string() }))
      .optional()
      .openapi({
        description: "Commands that the registry's schemas refuse; what follows from them is in the levels",
      }),
  })
  .openapi("Preview") satisfies z.ZodType<Preview>;

/** The body of `POST /journeys/actions`: exactly these journeys, never a filter. */
export const bulkActionRequestSchema = z
  .strictObject({
    uuids: z.array(uuidSchema).min(1).max(MAXIMUM_BULK),
    ...actionFields,
    plans: z
      .record(z.string(), z.object({ plan: z.string(), seq: count }))
      .optional()
      .openapi({ description: "By uuid: the dry run each journey's action stands on" }),
  })
  .openapi("BulkActionRequest");
export type BulkActionRequest = z.input<typeof bulkActionRequestSchema>;

export const bulkOutcomesSchema = z
  .object({
    outcomes: z.array(
      z.object({
        uuid: uuidSchema,
        outcome: z.enum(["accepted", "previewed", "refused"]),
        id: z.string().optional(),
        queued: z.literal(true).optional().openapi({ description: "On this disk, sent when the bus is there" }),
        replay_uuid: uuidSchema.optional(),
        preview: previewSchema.optional(),
        error: z.object({ code: z.string(), message: z.string() }).optional(),
      }),
    ),
  })
  .openapi("BulkOutcomes");
export type BulkOutcomes = z.infer<typeof bulkOutcomesSchema>;
