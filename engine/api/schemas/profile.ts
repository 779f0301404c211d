/** Profiles: the connections a console knows. */
import { z } from "@hono/zod-openapi";

export const profileSchema = z
  .object({
    name: z.string(),
    kind: z.enum(["embedded", "kafka"]),
    environment: z.enum(["dev", "staging", "prod"]),
    read_only: z.boolean(),
  })
  .openapi("Profile");
export type Profile = z.infer<typeof profileSchema>;

export const profileListSchema = z
  .object({ current: z.string(), profiles: z.array(profileSchema) })
  .openapi("ProfileList");
