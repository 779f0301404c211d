/**
 * The process of the sample services, made by `startSamples`. It gets its orders as a message, so that the token stands
 * in no argument list, and ends with its parent: the channel to the parent and standard input close even when the
 * parent is killed.
 */
import { z } from "zod";
import { TransportError } from "../../engine/service/transport.ts";
import { type RunningSamples, runSamples } from "./samples.ts";

/** Exit code for what a restart can't mend. */
export const EXIT_DENIED = 3;

/** However the services take the end, the process is gone by then. */
const LONGEST_STOP_MS = 4_000;

const orderSchema = z.object({
  url: z.string(),
  token: z.string(),
  dataDir: z.string(),
  only: z.array(z.string()).optional(),
  faults: z
    .array(
      z.object({
        service: z.string(),
        function: z.string(),
        rate: z.number(),
        delay_ms: z.number(),
        message: z.string().optional(),
      }),
    )
    .optional(),
});
export type SamplesOrder = z.infer<typeof orderSchema>;

/** What the parent tells the process. */
export type SamplesMessage = { type: "start"; order: SamplesOrder } | { type: "stop" };

/** What the process tells its parent. */
export type SamplesNews =
  | { type: "ready" }
  | { type: "log"; level: "info" | "warn" | "error"; message: string }
  | { type: "failed"; message: string };

let running: RunningSamples | undefined;
let ending = false;

process.on("message", (message: SamplesMessage) => void (message.type === "start" ? begin(message.order) : end(0)));
process.on("disconnect", () => void end(0));
process.stdin
  .on("end", () => void end(0))
  .on("error", () => void end(0))
  .resume();
process.on("SIGTERM", () => void end(0));
// Ctrl-C reaches the whole group of processes; the parent decides when we end.
process.on("SIGINT", () => {});
// With the parent gone there is nobody left to write to.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

async function begin(order: unknown): Promise<void> {
  try {
    running = await runSamples({
      ...orderSchema.parse(order),
      log: (level, message) => tell({ type: "log", level, message }),
    });
    running.ended.then(
      () => end(0),
      (error) => fail(error),
    );
    await running.ready;
    tell({ type: "ready" });
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  tell({ type: "failed", message: error instanceof Error ? error.message : String(error) });
  void end(error instanceof TransportError && error.kind === "denied" ? EXIT_DENIED : 1);
}

async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  setTimeout(() => process.exit(code), LONGEST_STOP_MS).unref();
  await running?.stop().catch(() => {});
  process.exit(code);
}

function tell(news: SamplesNews): void {
  if (process.connected) process.send?.(news, undefined, undefined, () => {});
}
