/** Checks the CEL in a step's settings as far as that goes without data. */
import { listed, type Report, shown } from "./check-report.ts";
import { parseMoment } from "./duration.ts";
import { checkExpression, type Expected, stepsNamedIn } from "./expressions.ts";
import type { CompiledFlow, FlowStep } from "./flow.ts";
import { ancestors, comesFirst, START_EDGE } from "./graph.ts";

/** `ordered`: the graph has no cycles, so that it is known what comes before a step. */
export function reportExpressions(flow: CompiledFlow, ordered: boolean, report: Report): void {
  for (const step of Object.values(flow.steps)) {
    const { input, when, items, until } = step.settings;
    const check = (name: string, cel: string | undefined, expected: Expected) => {
      if (cel !== undefined) reportExpression(flow, step, ordered, name, cel, expected, report);
    };
    check("input", input, "any");
    check("items", items, "list");
    check("until", until === undefined || parseMoment(until) !== undefined ? undefined : until, "any");
    if (typeof when === "string") check("when", when, "bool");
    else for (const [predecessor, cel] of Object.entries(when ?? {})) check(`when.${predecessor}`, cel, "bool");
    reportPredecessors(step, report);
  }
}

function reportExpression(
  flow: CompiledFlow,
  step: FlowStep,
  ordered: boolean,
  name: string,
  cel: string,
  expected: Expected,
  report: Report,
): void {
  const where = `steps.${step.id}.${name}`;
  const problem = checkExpression(cel, expected);
  if (problem !== undefined) {
    report.error("invalid_expression", `${where}: ${shown(cel)} is no usable CEL: ${problem}. Correct it.`, step.id);
    return;
  }
  for (const named of stepsNamedIn(cel)) {
    if (!Object.hasOwn(flow.steps, named)) {
      report.error(
        "invalid_expression",
        `${where}: ${shown(cel)} reads the output of step ${shown(named)}, which isn't there. Name a step before this one.`,
        step.id,
      );
    } else if (ordered && !ancestors(flow, step.id).has(named)) {
      report.warning(
        "invalid_expression",
        `${where}: ${shown(cel)} reads the output of step ${shown(named)}, which needn't be settled by then. ` +
          "Draw a path from that step to this one, or guard the access with has().",
        step.id,
      );
    }
  }
}

/** The keys of `when` name edges into the step. */
function reportPredecessors(step: FlowStep, report: Report): void {
  const { when } = step.settings;
  if (typeof when !== "object") return;
  const edges = comesFirst(step) ? [START_EDGE, ...step.predecessors] : step.predecessors;
  for (const key of Object.keys(when)) {
    if (edges.includes(key)) continue;
    report.error(
      "invalid_setting",
      `steps.${step.id}.when.${key}: no connection leads from ${shown(key)} to this step. ` +
        `Name one of its predecessors (${listed(edges, "")}), or give one expression for all of them.`,
      step.id,
    );
  }
}
