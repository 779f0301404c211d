/** Flows: the settings an operator can give, and the compiled form that the engine walks. */

export interface RetryPolicy {
  /** How often in all; 1 is fail fast. */
  maximumAttempts: number;
  initialIntervalMs: number;
  backoffCoefficient: number;
  maximumIntervalMs: number;
  /** Share of the interval that is random, 0 to 1. */
  jitter: number;
}

/** A step's settings with every default filled in. Milliseconds. */
export interface StepSettings {
  timeoutMs: number;
  inprogressTimeoutMs: number;
  totalTimeoutMs?: number;
  queueTimeoutMs: number;
  retry: RetryPolicy;
  negationRetry: RetryPolicy;
  negationTimeoutMs: number;
  onTimeout: "undo" | "ignore" | "hold";
  onServiceDown: "fail" | "wait" | "ignore";
  pivot: boolean;
  irreversible: boolean;
  /** CEL for the step's data, over `input` and `steps`. */
  input?: string;
  /** CEL on all incoming edges, or per predecessor id; the edge from the start goes by `start`. */
  when?: string | Record<string, string>;
  /** Built-in steps. */
  for?: number;
  until?: string;
  flow?: string;
  version?: string;
  items?: string;
  concurrency?: number;
}

export interface FlowStep {
  id: string;
  service: string;
  function: string;
  /** Ids of steps (the start is not one), sorted by `compareIds`. */
  predecessors: string[];
  successors: string[];
  /**
   * An edge leads from the start into this step although it has predecessors too: that edge is always taken. Absent
   * otherwise; entries need no mark.
   */
  fromStart?: true;
  /** Functions of the same service that undo this one, called in parallel. */
  negations: string[];
  settings: StepSettings;
}

export interface CompiledFlow {
  name: string;
  version: string;
  /** Without a prototype, so that a step named by a record ("constructor") is found only if it exists. */
  steps: Record<string, FlowStep>;
  /** Step ids, each after its predecessors: by depth, then by `compareIds`. */
  order: string[];
  /** The steps without predecessors. */
  entries: string[];
  /** The id of the start's node, where it is not a step. */
  start?: string;
  policy: {
    scope: "journey" | "path" | "branch";
    include?: "attempted";
    deadlineMs?: number;
  };
}

/** Service -> function -> the functions that undo it. */
export type NegationList = Record<string, Record<string, string[]>>;

export interface Finding {
  /** Stable; the list stands in docs/protocol.md. */
  code: FindingCode;
  severity: "error" | "warning";
  /** The node the finding is about. */
  node?: string;
  message: string;
}

export const FINDING_CODES = [
  "invalid_flow",
  "empty_flow",
  "no_start",
  "several_starts",
  "cycle",
  "unreachable_step",
  "unknown_type",
  "dangling_connection",
  "one_sided_connection",
  "join_port_shared",
  "missing_negation",
  "invalid_negation",
  "ambiguous_replies",
  "retry_without_echo",
  "unknown_setting",
  "invalid_setting",
  "invalid_expression",
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

/** `flow` is present exactly when no finding is an error. */
export interface CompileResult {
  flow?: CompiledFlow;
  findings: Finding[];
}
