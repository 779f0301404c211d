/**
 * The settings of steps and flows: their defaults and bounds, and how a step's own settings and the flow's policy become
 * `StepSettings`. What is written is read and checked by check-settings.ts; what it means stands in setting-docs.ts.
 */
import type { RetryPolicy, StepSettings } from "./flow.ts";

/** A call of a service, or one of the built-in steps of service `manager`. */
export const STEP_KINDS = ["call", "wait", "approve", "journey", "each"] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** The functions of service `manager` that can be a step. */
export const BUILT_IN_STEPS = STEP_KINDS.filter((kind) => kind !== "call");

export const ON_TIMEOUT = ["undo", "ignore", "hold"] as const;
export const ON_SERVICE_DOWN = ["fail", "wait", "ignore"] as const;
export const POLICY_SCOPES = ["journey", "path", "branch"] as const;

/** Used where neither the step nor the policy says something. `inprogressTimeout` falls back to `timeout`. */
export const DEFAULTS = {
  timeoutMs: 30_000,
  queueTimeoutMs: 600_000,
  negationTimeoutMs: 30_000,
  onTimeout: "undo",
  onServiceDown: "fail",
  scope: "journey",
  concurrency: 10,
  retry: {
    maximumAttempts: 1,
    initialIntervalMs: 1_000,
    backoffCoefficient: 2,
    maximumIntervalMs: 60_000,
    jitter: 0.2,
  },
  negationAttempts: 3,
} as const;

/** The bounds of numbers, both inclusive. */
export const BOUNDS = {
  maximumAttempts: [1, 10_000],
  backoffCoefficient: [1, 100],
  jitter: [0, 1],
  concurrency: [1, 1_000],
} as const;

/** A retry policy as far as it was written; milliseconds. */
export interface WrittenRetry {
  maximumAttempts?: number;
  initialInterval?: number;
  backoffCoefficient?: number;
  maximumInterval?: number;
  jitter?: number;
}

/** What both a step and the policy may say; durations in milliseconds. */
export interface SharedSettings {
  timeout?: number;
  inprogressTimeout?: number;
  totalTimeout?: number;
  queueTimeout?: number;
  retry?: WrittenRetry;
  negationRetry?: WrittenRetry;
  negationTimeout?: number;
  onTimeout?: (typeof ON_TIMEOUT)[number];
  onServiceDown?: (typeof ON_SERVICE_DOWN)[number];
}

/** A step's settings as far as they were written. */
export interface WrittenSettings extends SharedSettings {
  pivot?: boolean;
  irreversible?: boolean;
  input?: string;
  when?: string | Record<string, string>;
  for?: number;
  until?: string;
  flow?: string;
  version?: string;
  items?: string;
  concurrency?: number;
}

/** A flow's policy as far as it was written. */
export interface WrittenPolicy extends SharedSettings {
  scope?: (typeof POLICY_SCOPES)[number];
  include?: "attempted";
  deadline?: number;
}

/** The step's own settings over the policy over the defaults. Built-in steps don't inherit the clocks of calls. */
export function resolveSettings(kind: StepKind, own: WrittenSettings, policy: WrittenPolicy): StepSettings {
  const shared: SharedSettings = kind === "call" ? policy : {};
  const timeoutMs = own.timeout ?? shared.timeout ?? DEFAULTS.timeoutMs;
  return defined({
    timeoutMs,
    inprogressTimeoutMs: own.inprogressTimeout ?? shared.inprogressTimeout ?? timeoutMs,
    totalTimeoutMs: own.totalTimeout ?? shared.totalTimeout,
    queueTimeoutMs: own.queueTimeout ?? shared.queueTimeout ?? DEFAULTS.queueTimeoutMs,
    retry: resolveRetry(DEFAULTS.retry.maximumAttempts, own.retry, shared.retry),
    negationRetry: resolveRetry(DEFAULTS.negationAttempts, own.negationRetry, shared.negationRetry),
    negationTimeoutMs: own.negationTimeout ?? shared.negationTimeout ?? DEFAULTS.negationTimeoutMs,
    onTimeout: own.onTimeout ?? shared.onTimeout ?? DEFAULTS.onTimeout,
    onServiceDown: own.onServiceDown ?? shared.onServiceDown ?? DEFAULTS.onServiceDown,
    pivot: own.pivot ?? false,
    irreversible: own.irreversible ?? false,
    input: own.input,
    when: own.when,
    for: own.for,
    until: own.until,
    flow: own.flow,
    version: own.version,
    items: own.items,
    concurrency: kind === "each" ? (own.concurrency ?? DEFAULTS.concurrency) : undefined,
  });
}

/** A first interval longer than the default maximum raises the maximum, unless that was written too. */
function resolveRetry(attempts: number, own: WrittenRetry = {}, policy: WrittenRetry = {}): RetryPolicy {
  const { retry } = DEFAULTS;
  const initialIntervalMs = own.initialInterval ?? policy.initialInterval ?? retry.initialIntervalMs;
  const maximumIntervalMs = own.maximumInterval ?? policy.maximumInterval ?? retry.maximumIntervalMs;
  return {
    maximumAttempts: own.maximumAttempts ?? policy.maximumAttempts ?? attempts,
    initialIntervalMs,
    backoffCoefficient: own.backoffCoefficient ?? policy.backoffCoefficient ?? retry.backoffCoefficient,
    maximumIntervalMs: Math.max(initialIntervalMs, maximumIntervalMs),
    jitter: own.jitter ?? policy.jitter ?? retry.jitter,
  };
}

/** Without the fields that are undefined, so that equal settings are equal data. */
function defined<T extends object>(settings: T): T {
  const entries = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as T;
}
