import type { FlowStep, RetryPolicy, StepSettings } from "../../engine/core/flow.ts";
import { MANAGER } from "../../engine/core/manager-service.ts";
import { duration, percent } from "../parts/format.ts";
import classes from "./details.module.css";

/** A step's settings as they apply, defaults included. */
export function SettingsList({ step }: { step: FlowStep }) {
  const facts = step.service === MANAGER ? builtIn(step.settings) : called(step);
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value]) => (
        <Fact key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function Fact({ name, value }: { name: string; value: string | { code: string } }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{typeof value === "string" ? value : <code className="ag-mono">{value.code}</code>}</dd>
    </>
  );
}

type Facts = [name: string, value: string | { code: string }][];

function called({ negations, predecessors, settings }: FlowStep): Facts {
  return [
    ["after", predecessors.length === 0 ? "the start" : predecessors.join(", ")],
    ["undone by", settings.irreversible ? "nothing: irreversible" : negations.join(" + ") || "nothing"],
    ["retry", retryInWords(settings.retry)],
    ["timeout", `${duration(settings.timeoutMs)} to the first reply`],
    ["silence", `${duration(settings.inprogressTimeoutMs)} between signs of life`],
    ...optional("in all", settings.totalTimeoutMs === undefined ? undefined : duration(settings.totalTimeoutMs)),
    ["no answer", NO_ANSWER[settings.onTimeout]],
    ["service down", SERVICE_DOWN[settings.onServiceDown]],
    ["undo retry", retryInWords(settings.negationRetry)],
    ["undo timeout", duration(settings.negationTimeoutMs)],
    ...optional("pivot", settings.pivot ? "the point of no return" : undefined),
    ...mapping(settings),
  ];
}

function builtIn(settings: StepSettings): Facts {
  return [
    ...optional("for", settings.for === undefined ? undefined : duration(settings.for)),
    ...code("until", settings.until),
    ...optional("flow", settings.flow),
    ...optional("version", settings.version),
    ...code("items", settings.items),
    ...optional("at once", settings.concurrency === undefined ? undefined : String(settings.concurrency)),
    ...mapping(settings),
  ];
}

function mapping({ input, when }: StepSettings): Facts {
  if (typeof when === "object") {
    return [
      ...code("input", input),
      ...Object.entries(when).flatMap(([from, expression]) => code(`when from ${from}`, expression)),
    ];
  }
  return [...code("input", input), ...code("when", when)];
}

const NO_ANSWER: Record<StepSettings["onTimeout"], string> = {
  undo: "counts as done, so it is undone",
  ignore: "counts as not done",
  hold: "waits for an operator",
};

const SERVICE_DOWN: Record<StepSettings["onServiceDown"], string> = {
  fail: "fails without calling",
  wait: "waits until it is up",
  ignore: "calls all the same",
};

function retryInWords({ maximumAttempts, initialIntervalMs, ...rest }: RetryPolicy): string {
  if (maximumAttempts <= 1) return "none: one attempt";
  const { backoffCoefficient, maximumIntervalMs, jitter } = rest;
  const growth =
    backoffCoefficient === 1 ? "" : `, times ${backoffCoefficient} each, ${duration(maximumIntervalMs)} at most`;
  return `${maximumAttempts} attempts, ${duration(initialIntervalMs)} apart${growth}, ${percent(jitter)} random`;
}

function optional(name: string, value: string | undefined): Facts {
  return value === undefined ? [] : [[name, value]];
}

function code(name: string, expression: string | undefined): Facts {
  return expression === undefined ? [] : [[name, { code: expression }]];
}
