/** Failures and delays injected on purpose, before the effect: a call that an injected failure hits has done nothing. */
import { z } from "zod";
import { backoffMs, type Clock, pause, systemClock } from "./clock.ts";
import { type ConsoleClient, ConsoleError } from "./console-client.ts";
import { type Call, ServiceFailure } from "./define.ts";

const WATCH_WAIT_MS = 20_000;
const WATCH_GRACE_MS = 10_000;

/** One rule. Every rule that fits a call counts: the longest delay, and each rate by itself. */
export interface FaultRule {
  service: string;
  /** A function, or `*` for all of the service. */
  function: string;
  /** Share of the calls that fail, 0 to 1. */
  rate: number;
  delay_ms: number;
  message?: string | undefined;
}

export interface FaultInjector {
  /**
   * Replaces the rules of one source (flags, console); sources don't disturb each other. Calls that wait wait by the
   * new rules.
   */
  set(source: string, rules: FaultRule[]): void;
  /** What runService takes as `before`. */
  inject(call: Call): Promise<void>;
}

/** `injected` is the code of the failures it makes; they may be retried. */
export function createFaultInjector(options: { clock?: Clock; random?: () => number } = {}): FaultInjector {
  const { clock = systemClock, random = Math.random } = options;
  const sources = new Map<string, FaultRule[]>();
  let changed = new AbortController();
  const rulesFor = (call: Call) =>
    [...sources.values()]
      .flat()
      .filter((rule) => rule.service === call.service && (rule.function === "*" || rule.function === call.function));
  return {
    set(source, rules) {
      sources.set(source, rules);
      changed.abort();
      changed = new AbortController();
    },
    async inject(call) {
      const began = clock.now();
      let rules = rulesFor(call);
      // A delay that is taken back lets the calls go on that wait for it.
      for (let waitMs = longestDelay(rules); waitMs > 0 && !call.signal.aborted; ) {
        const change = changed.signal;
        await pause(clock, waitMs, AbortSignal.any([call.signal, change]));
        if (!change.aborted) break;
        rules = rulesFor(call);
        waitMs = longestDelay(rules) - (clock.now() - began);
      }
      call.signal.throwIfAborted();
      const hit = rules.find(({ rate }) => rate > 0 && random() < rate);
      if (hit)
        throw new ServiceFailure("injected", hit.message || `injected failure of ${call.service}.${call.function}`);
    },
  };
}

function longestDelay(rules: FaultRule[]): number {
  return Math.max(0, ...rules.map(({ delay_ms }) => delay_ms));
}

const faultsSchema = z.object({
  revision: z.number(),
  faults: z.array(
    z.object({
      service: z.string(),
      function: z.string(),
      rate: z.number().default(0),
      delay_ms: z.number().default(0),
      message: z
        .string()
        .nullish()
        .transform((message) => message ?? undefined),
    }),
  ),
});

/** Follows the console's faults until `signal` is aborted, or at once no more where the profile has none. */
export async function watchFaults(options: {
  client: ConsoleClient;
  injector: FaultInjector;
  signal: AbortSignal;
  clock?: Clock;
  random?: () => number;
}): Promise<void> {
  const { client, injector, signal, clock = systemClock, random = Math.random } = options;
  let revision: number | undefined;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const waitMs = revision === undefined ? 0 : WATCH_WAIT_MS;
      const { body } = await client.call("/faults", {
        query: { revision, wait: waitMs },
        timeoutMs: waitMs + WATCH_GRACE_MS,
        signal,
      });
      const answer = faultsSchema.parse(body);
      // Answered early without news by some proxy: don't spin.
      if (answer.revision === revision) await pause(clock, backoffMs(1, random), signal);
      revision = answer.revision;
      injector.set("console", answer.faults);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ConsoleError && error.status < 500) {
        injector.set("console", []);
        return;
      }
      revision = undefined; // it may be another console by then, with a count of its own
      failures += 1;
      await pause(clock, backoffMs(failures, random), signal);
    }
  }
}
