/** The shape of every answer that is an error. */
import { z } from "@hono/zod-openapi";
import { findingSchema } from "./flow.ts";

/** RFC 9457 problem details. `code` is stable and listed in docs/errors.md; `errors` names the fields at fault. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    retryable: z.boolean().openapi({ description: "The same call may succeed later, unchanged" }),
    fix: z.string().openapi({ description: "What the caller can do" }),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    findings: z.array(findingSchema).optional(),
  })
  .openapi("Problem");
export type Problem = z.infer<typeof problemSchema>;
