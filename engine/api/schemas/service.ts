/** Services and how they do. */
import { z } from "@hono/zod-openapi";
import type { FunctionStats } from "../../audit/store.ts";
import { count, milliseconds, time } from "./values.ts";

const bucket = z.object({ at: time, calls: count, failed: count, p95_ms: milliseconds.optional() });
const percentiles = {
  p50_ms: milliseconds.optional(),
  p95_ms: milliseconds.optional(),
  p99_ms: milliseconds.optional(),
};

const serviceSchema = z
  .object({
    service: z.string(),
    status: z.enum(["up", "down", "unknown"]),
    why: z.string(),
    instances: z.array(
      z.object({
        instance: z.string(),
        at: time,
        version: z.string().optional(),
        functions: z.array(z.string()),
        holding: z.boolean(),
      }),
    ),
    functions: z.array(
      z.object({
        function: z.string(),
        undo: z.boolean().openapi({ description: "Called as a negation in the asked time" }),
        calls: count,
        failed: count,
        in_flight: count,
        ...percentiles,
      }),
    ),
    calls: count,
    rate_per_s: z.number().nonnegative(),
    error_rate: z.number().min(0).max(1).openapi({ description: "Share of the calls that failed or timed out" }),
    in_flight: count,
    lag: count.optional().openapi({ description: "Records of fromanager its consumer group has not read yet" }),
    ...percentiles,
    buckets: z.array(bucket),
  })
  .openapi("Service");
export type Service = z.infer<typeof serviceSchema>;

export const serviceListSchema = z
  .object({ from: time, to: time, services: z.array(serviceSchema) })
  .openapi("ServiceList");
export type ServiceList = z.infer<typeof serviceListSchema>;

const functionStatsSchema = z
  .object({
    service: z.string(),
    function: z.string(),
    undo: z.boolean(),
    calls: count,
    succeeded: count,
    failed: count,
    timed_out: count,
    in_flight: count,
    ...percentiles,
    buckets: z.array(bucket),
  })
  .openapi("FunctionStats") satisfies z.ZodType<FunctionStats>;

export const serviceStatsSchema = z
  .object({ service: z.string(), from: time, to: time, functions: z.array(functionStatsSchema) })
  .openapi("ServiceStats");
export type ServiceStats = z.infer<typeof serviceStatsSchema>;
