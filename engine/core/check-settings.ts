/** Reads `steps` and `policy` of a flow: unknown names and values that don't fit are errors that say how to mend them. */
import { z } from "zod";
import { isRecord, listed, type Report, shown } from "./check-report.ts";
import { formatDuration, LONGEST_MS, parseDuration } from "./duration.ts";
import { SETTING_DOCS } from "./setting-docs.ts";
import {
  BOUNDS,
  ON_SERVICE_DOWN,
  ON_TIMEOUT,
  POLICY_SCOPES,
  type StepKind,
  type WrittenPolicy,
  type WrittenRetry,
  type WrittenSettings,
} from "./settings.ts";

function duration(lowestMs: number) {
  return z.unknown().transform((value, context) => {
    const ms = parseDuration(value);
    if (ms !== undefined && ms >= lowestMs) return ms;
    const range = `from ${formatDuration(lowestMs)} to ${formatDuration(LONGEST_MS)}`;
    context.addIssue(
      `must be a duration ${range}, like "500ms", "30s", "5m", "2h", "1d" or a number of milliseconds`,
    );
    return z.NEVER;
  });
}

function number([lowest, highest]: readonly [number, number], whole: boolean) {
  const error = `must be a ${whole ? "whole " : ""}number from ${lowest} to ${highest}`;
  const schema = z.number({ error }).min(lowest, { error }).max(highest, { error });
  return (whole ? schema.int({ error }) : schema).optional();
}

const choice = <const T extends readonly [string, ...string[]]>(choices: T) =>
  z.enum(choices, { error: `must be one of ${listed(choices)}` }).optional();
const flag = z.boolean({ error: "must be true or false" }).optional();
const requiredText = (what: string) =>
  z.string({ error: `must be ${what}, as text` }).refine((text) => text.trim() !== "", `must be ${what}, not empty`);
const text = (what: string) => requiredText(what).optional();
const time = duration(1).optional();
const isObject = (what: string) => ({ error: `must be an object ${what}` });

const retry = z
  .strictObject(
    {
      maximumAttempts: number(BOUNDS.maximumAttempts, true),
      initialInterval: duration(0).optional(),
      backoffCoefficient: number(BOUNDS.backoffCoefficient, false),
      maximumInterval: duration(0).optional(),
      jitter: number(BOUNDS.jitter, false),
    },
    isObject('like { "maximumAttempts": 3, "initialInterval": "1s" }'),
  )
  .refine(intervalsFit, { path: ["maximumInterval"], message: "must not be shorter than initialInterval" })
  .optional();

const shared = {
  timeout: time,
  inprogressTimeout: time,
  totalTimeout: time,
  queueTimeout: time,
  retry,
  negationRetry: retry,
  negationTimeout: time,
  onTimeout: choice(ON_TIMEOUT),
  onServiceDown: choice(ON_SERVICE_DOWN),
};

const stepSchema = z.strictObject(
  {
    ...shared,
    pivot: flag,
    irreversible: flag,
    input: text("a CEL expression"),
    when: z.unknown().transform(readConditions).optional(),
    for: time,
    until: text('a moment like "2027-01-31T08:00:00Z" (with a zone), or CEL that gives one'),
    flow: text("the name of a flow"),
    version: text("a version of that flow"),
    items: text("a CEL expression that gives a list"),
    concurrency: number(BOUNDS.concurrency, true),
  },
  isObject("of settings"),
);

const policySchema = z.strictObject(
  { ...shared, scope: choice(POLICY_SCOPES), include: choice(["attempted"]), deadline: time },
  isObject("of settings"),
);

/** The settings that a kind of step takes. */
function applicable(kind: StepKind): readonly string[] {
  return SETTING_DOCS.filter((doc) => doc.steps.includes(kind)).map((doc) => doc.name);
}

/** Settings without which a built-in step can't run; of `wait` exactly one. */
const REQUIRED: Record<StepKind, readonly (keyof WrittenSettings)[]> = {
  call: [],
  wait: [],
  approve: [],
  journey: ["flow"],
  each: ["items", "flow"],
};

/** The settings at `steps[id]`. What doesn't fit is reported and left out. `kind` is undefined for unknown types. */
export function readStepSettings(
  written: unknown,
  id: string,
  kind: StepKind | undefined,
  report: Report,
): WrittenSettings {
  const path = `steps.${id}`;
  const settings = read(stepSchema, written ?? {}, path, STEP_NAMES, report, id) ?? {};
  if (kind === undefined) return settings;
  const known = applicable(kind);
  for (const name of Object.keys(settings)) {
    if (known.includes(name)) continue;
    report.error(
      "unknown_setting",
      `${path}.${name}: ${title(kind)} doesn't take this setting. Remove it; it takes ${listed(known, "")}.`,
      id,
    );
  }
  requireSettings(settings, id, kind, path, report);
  return settings;
}

/** The flow's `policy`. What doesn't fit is reported and left out. */
export function readPolicy(written: unknown, report: Report): WrittenPolicy {
  return read(policySchema, written ?? {}, "policy", POLICY_NAMES, report) ?? {};
}

const STEP_NAMES = Object.keys(stepSchema.shape);
const POLICY_NAMES = Object.keys(policySchema.shape);
const RETRY_NAMES = Object.keys(retry.unwrap().shape);

/** `written` as the schema reads it; when something doesn't fit, the top-level names that do. */
function read<T>(
  schema: z.ZodType<T>,
  written: unknown,
  path: string,
  names: readonly string[],
  report: Report,
  node?: string,
): T | undefined {
  const result = schema.safeParse(written, { reportInput: true });
  if (result.success) return result.data;
  const bad = new Set<PropertyKey>();
  for (const issue of result.error.issues) {
    const at = [path, ...issue.path].join(".");
    if (issue.code === "unrecognized_keys") {
      const known = issue.path.length === 0 ? names : RETRY_NAMES;
      for (const key of issue.keys) {
        bad.add(issue.path[0] ?? key);
        report.error("unknown_setting", unknownName(at, key, path, known), node);
      }
    } else {
      bad.add(issue.path[0] ?? "");
      report.error("invalid_setting", `${at}: ${shown(issue.input)} can't be used; it ${issue.message}.`, node);
    }
  }
  if (!isRecord(written)) return undefined;
  return schema.safeParse(Object.fromEntries(Object.entries(written).filter(([name]) => !bad.has(name)))).data;
}

function unknownName(at: string, key: string, path: string, known: readonly string[]): string {
  const elsewhere =
    path === "policy" && STEP_NAMES.includes(key)
      ? " It is a setting of single steps: move it to steps[id]."
      : path !== "policy" && POLICY_NAMES.includes(key) && known === STEP_NAMES
        ? " It is a setting of the whole flow: move it to policy."
        : "";
  return `${at}.${key}: there is no such setting.${elsewhere} Correct or remove it; known here are ${listed(known, "")}.`;
}

function requireSettings(settings: WrittenSettings, id: string, kind: StepKind, path: string, report: Report): void {
  for (const name of REQUIRED[kind]) {
    if (settings[name] === undefined) {
      report.error("invalid_setting", `${path}.${name} is missing: ${title(kind)} needs it. Set it.`, id);
    }
  }
  if (kind === "wait" && (settings.for === undefined) === (settings.until === undefined)) {
    const which = settings.for === undefined ? "neither is set" : "both are set";
    report.error("invalid_setting", `${path}: manager.wait needs either for or until, but ${which}. Set one.`, id);
  }
}

function title(kind: StepKind): string {
  return kind === "call" ? "a call of a service" : `manager.${kind}`;
}

function intervalsFit({ initialInterval, maximumInterval }: WrittenRetry): boolean {
  return initialInterval === undefined || maximumInterval === undefined || initialInterval <= maximumInterval;
}

/** One expression for all edges, or one per predecessor's id. */
function readConditions(
  value: unknown,
  context: { addIssue(message: string): void },
): string | Record<string, string> {
  const isText = (part: unknown): part is string => typeof part === "string" && part.trim() !== "";
  if (isText(value)) return value;
  if (isRecord(value)) {
    const entries = Object.entries(value).filter((entry): entry is [string, string] => isText(entry[1]));
    if (entries.length === Object.keys(value).length) return Object.fromEntries(entries);
  }
  context.addIssue("must be a CEL expression, or an object of one per predecessor's id");
  return z.NEVER;
}
