/**
 * What every setting is called, takes and means: the designer's side panel and the docs are made from this, and the
 * checker reads from it which kinds of steps take which setting.
 */
import { formatDuration } from "./duration.ts";
import {
  BOUNDS,
  DEFAULTS,
  ON_SERVICE_DOWN,
  ON_TIMEOUT,
  POLICY_SCOPES,
  STEP_KINDS,
  type StepKind,
  type WrittenPolicy,
  type WrittenRetry,
  type WrittenSettings,
} from "./settings.ts";

/**
 * - `duration`: text like "30s", or a number of milliseconds
 * - `expression`: CEL over `input` and `steps`; `conditions`: one, or an object of one per predecessor's id
 * - `moment`: ISO 8601 with a zone, or CEL that gives one
 * - `retry`: an object of `fields`
 */
export type SettingKind =
  | "duration"
  | "integer"
  | "number"
  | "boolean"
  | "choice"
  | "text"
  | "expression"
  | "conditions"
  | "moment"
  | "retry";

interface FieldDoc {
  kind: SettingKind;
  /** As one would write it; absent where nothing is the default. */
  default?: string | number | boolean;
  /** How its values are written, or what they count. */
  unit?: string;
  choices?: readonly string[];
  /** Both inclusive. */
  minimum?: number;
  maximum?: number;
  /** One sentence. */
  doc: string;
}

export interface RetryFieldDoc extends FieldDoc {
  name: keyof WrittenRetry;
}

export interface SettingDoc extends FieldDoc {
  name: keyof WrittenSettings | keyof WrittenPolicy;
  /** `step`: at `steps[id]`; `policy`: flow-wide; both: the policy's is the default for the steps. */
  places: readonly ("step" | "policy")[];
  /** The kinds of steps that take it; empty for what is flow-wide only. */
  steps: readonly StepKind[];
  fields?: readonly RetryFieldDoc[];
}

const BOTH = ["step", "policy"] as const;
const STEP = ["step"] as const;
const POLICY = ["policy"] as const;
const CALL = ["call"] as const;
const UNDOABLE = ["call", "journey", "each"] as const;
const DURATION = { kind: "duration", unit: "like 500ms, 30s, 5m, 2h, 1d, or milliseconds" } as const;
const CEL = { kind: "expression", unit: "CEL over input and steps" } as const;

function bounded([minimum, maximum]: readonly [number, number]): { minimum: number; maximum: number } {
  return { minimum, maximum };
}

function retryFields(attempts: number): readonly RetryFieldDoc[] {
  const { retry } = DEFAULTS;
  return [
    {
      name: "maximumAttempts",
      kind: "integer",
      unit: "attempts",
      default: attempts,
      ...bounded(BOUNDS.maximumAttempts),
      doc: "How many attempts are made in all; 1 fails fast.",
    },
    {
      name: "initialInterval",
      ...DURATION,
      default: formatDuration(retry.initialIntervalMs),
      doc: "How long to wait before the second attempt.",
    },
    {
      name: "backoffCoefficient",
      kind: "number",
      default: retry.backoffCoefficient,
      ...bounded(BOUNDS.backoffCoefficient),
      doc: "By how much each wait is longer than the one before.",
    },
    {
      name: "maximumInterval",
      ...DURATION,
      default: formatDuration(retry.maximumIntervalMs),
      doc: "The longest wait between two attempts.",
    },
    {
      name: "jitter",
      kind: "number",
      unit: "share of the wait",
      default: retry.jitter,
      ...bounded(BOUNDS.jitter),
      doc: "How much of each wait is random, so that many journeys don't retry at the same moment.",
    },
  ];
}

/** Every setting, in the order in which a panel shows them. */
export const SETTING_DOCS: readonly SettingDoc[] = [
  {
    name: "for",
    ...DURATION,
    places: STEP,
    steps: ["wait"],
    doc: "How long this step waits; either this or until.",
  },
  {
    name: "until",
    kind: "moment",
    unit: "like 2027-01-31T08:00:00Z, or CEL that gives such a text or milliseconds since 1970",
    places: STEP,
    steps: ["wait"],
    doc: "The moment this step waits for; either this or for.",
  },
  { name: "items", ...CEL, places: STEP, steps: ["each"], doc: "The list; one journey is run for each element." },
  {
    name: "flow",
    kind: "text",
    places: STEP,
    steps: ["journey", "each"],
    doc: "The name of the flow that this step runs.",
  },
  {
    name: "version",
    kind: "text",
    places: STEP,
    steps: ["journey", "each"],
    doc: "The version of that flow; the newest if left out.",
  },
  {
    name: "concurrency",
    kind: "integer",
    unit: "journeys",
    default: DEFAULTS.concurrency,
    ...bounded(BOUNDS.concurrency),
    places: STEP,
    steps: ["each"],
    doc: "How many of the elements' journeys run at the same time.",
  },
  {
    name: "when",
    kind: "conditions",
    unit: "CEL that is true or false, or one per predecessor",
    places: STEP,
    steps: STEP_KINDS,
    doc: "Whether the edges into this step are taken; a step with none taken is skipped.",
  },
  {
    name: "input",
    ...CEL,
    places: STEP,
    steps: STEP_KINDS,
    doc: "The data this step gets, in place of its predecessors' outputs.",
  },
  {
    name: "timeout",
    ...DURATION,
    default: formatDuration(DEFAULTS.timeoutMs),
    places: BOTH,
    steps: CALL,
    doc: "How long an attempt may take to its first reply.",
  },
  {
    name: "inprogressTimeout",
    ...DURATION,
    places: BOTH,
    steps: CALL,
    doc: "How long the service may be silent after an inprogress reply; the timeout if left out.",
  },
  {
    name: "totalTimeout",
    ...DURATION,
    places: BOTH,
    steps: ["call", "approve", "journey", "each"],
    doc: "How long all attempts of the step may take together; without a bound if left out.",
  },
  {
    name: "queueTimeout",
    ...DURATION,
    default: formatDuration(DEFAULTS.queueTimeoutMs),
    places: BOTH,
    steps: CALL,
    doc: "How long a command may wait in the service's queue, or for a service that is down.",
  },
  {
    name: "retry",
    kind: "retry",
    fields: retryFields(DEFAULTS.retry.maximumAttempts),
    places: BOTH,
    steps: UNDOABLE,
    doc: "Whether and when an attempt that failed or timed out is made again.",
  },
  {
    name: "onTimeout",
    kind: "choice",
    choices: ON_TIMEOUT,
    default: DEFAULTS.onTimeout,
    places: BOTH,
    steps: ["call", "approve", "journey", "each"],
    doc: "Whether a step that timed out is undone as if it had worked, taken as not done, or held for an operator.",
  },
  {
    name: "onServiceDown",
    kind: "choice",
    choices: ON_SERVICE_DOWN,
    default: DEFAULTS.onServiceDown,
    places: BOTH,
    steps: CALL,
    doc: "Whether a step fails at once while its service is down, waits until it is up, or is sent nevertheless.",
  },
  {
    name: "pivot",
    kind: "boolean",
    default: false,
    places: STEP,
    steps: ["call", "approve", "journey", "each"],
    doc: "The point of no return: once it has succeeded, nothing is rolled back by itself any more.",
  },
  {
    name: "irreversible",
    kind: "boolean",
    default: false,
    places: STEP,
    steps: UNDOABLE,
    doc: "Marks a step that truly can't be undone; previews of a rollback flag it.",
  },
  {
    name: "negationRetry",
    kind: "retry",
    fields: retryFields(DEFAULTS.negationAttempts),
    places: BOTH,
    steps: UNDOABLE,
    doc: "Whether and when a negation that failed or timed out is called again.",
  },
  {
    name: "negationTimeout",
    ...DURATION,
    default: formatDuration(DEFAULTS.negationTimeoutMs),
    places: BOTH,
    steps: UNDOABLE,
    doc: "How long a negation may take to its first reply.",
  },
  {
    name: "scope",
    kind: "choice",
    choices: POLICY_SCOPES,
    default: DEFAULTS.scope,
    places: POLICY,
    steps: [],
    doc: "What a failure undoes: the whole journey, the path to the failed step, or its branch since the nearest fork.",
  },
  {
    name: "include",
    kind: "choice",
    choices: ["attempted"],
    places: POLICY,
    steps: [],
    doc: "With attempted, the failed step is undone too.",
  },
  {
    name: "deadline",
    ...DURATION,
    places: POLICY,
    steps: [],
    doc: "How long the whole journey may take; without a bound if left out.",
  },
];
