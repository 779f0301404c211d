/**
 * From a flow as it is drawn or filed (a `tomanageredits` value) to the DAG that the engine walks, and to the checker's
 * findings on the way. The anti-graph is the same DAG read by `predecessors`.
 *
 * Nothing depends on the order in which the nodes are stored. Never throws, whatever JSON it is given.
 */
import { reportExpressions } from "./check-expressions.ts";
import { type Beginning, findBeginning, reportCycles, reportUnreachable, topologicalOrder } from "./check-graph.ts";
import { negationsOf, readNegations, reportMissingNegations } from "./check-negations.ts";
import { reportAmbiguousReplies, reportRetriesWithoutEcho } from "./check-replies.ts";
import { isRecord, Report } from "./check-report.ts";
import { readPolicy, readStepSettings } from "./check-settings.ts";
import { type FlowNode, readWorkflow, reportUnknownTypes, type Workflow } from "./check-workflow.ts";
import type { CompiledFlow, CompileResult, FlowStep, NegationList } from "./flow.ts";
import { compareIds, START_EDGE } from "./graph.ts";
import { type FlowRecord, flowRecordSchema } from "./protocol.ts";
import { DEFAULTS, resolveSettings, type WrittenPolicy, type WrittenSettings } from "./settings.ts";

export interface CompileOptions {
  /** The profile's list, used where the flow brings none of its own. */
  negations?: NegationList;
  /** Types of nodes mapped to `service.function`; they win over the flow's own mappings. */
  types?: Record<string, string>;
}

/** Compiles and checks a flow. `flow` is present exactly when no finding is an error. */
export function compileFlow(record: FlowRecord, options: CompileOptions = {}): CompileResult {
  const report = new Report();
  const head = flowRecordSchema.safeParse(record);
  for (const issue of head.error?.issues ?? []) {
    const where = issue.path.join(".") || "The flow";
    report.error("invalid_flow", `${where}: ${issue.message}. A flow has a name, a version and a workflow.`);
  }
  const workflow: unknown = isRecord(record) ? record.workflow : undefined;
  if (!isRecord(workflow)) return { findings: report.findings };
  const { name = "", version = "" } = head.data ?? {};
  const flow = compileWorkflow(name, version, readWorkflow(workflow, options.types, report), options, report);
  return report.failed ? { findings: report.findings } : { flow, findings: report.findings };
}

function compileWorkflow(
  name: string,
  version: string,
  workflow: Workflow,
  options: CompileOptions,
  report: Report,
): CompiledFlow {
  const { nodes } = workflow;
  const beginning = findBeginning(nodes, report);
  const cyclic = reportCycles(nodes, report);
  reportUnreachable(nodes, beginning, report);
  const drawn = [...nodes.values()].filter((node) => node.call.is !== "start" && node !== beginning.marker);
  if (drawn.length === 0 && !report.failed) {
    report.error("empty_flow", "The flow has no steps. Draw at least one call of a service.");
  }
  reportUnknownTypes(
    drawn.filter((node) => node.call.is === "unknown"),
    workflow.types,
    report,
  );

  const policy = readPolicy(workflow.policy, report);
  const settings = readSettings(workflow.steps, nodes, drawn, report);
  const negations = readNegations(workflow.negations, options.negations, drawn, report);
  reportMissingNegations(drawn, negations, settings, report);

  const flow = assemble(name, version, { nodes, beginning, policy, settings, negations });
  reportExpressions(flow, !cyclic, report);
  if (!cyclic) reportAmbiguousReplies(flow, settings, policy, report);
  reportRetriesWithoutEcho(flow, settings, policy, report);
  return flow;
}

function readSettings(
  written: unknown,
  nodes: ReadonlyMap<string, FlowNode>,
  steps: readonly FlowNode[],
  report: Report,
): Map<string, WrittenSettings> {
  if (written !== undefined && !isRecord(written)) {
    report.error("invalid_setting", "steps: must be an object from step id to settings.");
  }
  const all = isRecord(written) ? written : {};
  for (const id of Object.keys(all).sort(compareIds)) {
    if (steps.some((step) => step.id === id)) continue;
    const why = nodes.has(id) ? "the start takes no settings" : "the flow has no such step";
    report.error(
      "unknown_setting",
      `steps.${id}: ${why}. Remove it, or correct the id.`,
      nodes.has(id) ? id : undefined,
    );
  }
  return new Map(
    steps.map(({ id, call }) => {
      const kind = call.is === "step" ? call.kind : undefined;
      return [id, readStepSettings(Object.hasOwn(all, id) ? all[id] : undefined, id, kind, report)];
    }),
  );
}

interface Parts {
  nodes: ReadonlyMap<string, FlowNode>;
  beginning: Beginning;
  policy: WrittenPolicy;
  settings: ReadonlyMap<string, WrittenSettings>;
  negations: NegationList;
}

function assemble(name: string, version: string, parts: Parts): CompiledFlow {
  const { beginning, policy } = parts;
  const steps: Record<string, FlowStep> = Object.create(null);
  const ordered = topologicalOrder(parts.nodes);
  // On a cycle nothing has an order; its steps are there all the same, to be checked.
  for (const node of new Set([...ordered, ...parts.nodes.values()])) {
    if (node.call.is !== "step") continue;
    const { kind, service, function: called } = node.call;
    const own: WrittenSettings = { ...parts.settings.get(node.id) };
    const predecessors = stepIds(node.from);
    const start = node.from.find((before) => before === beginning.marker);
    steps[node.id] = {
      id: node.id,
      service,
      function: called,
      predecessors,
      successors: stepIds(node.to),
      ...(start && predecessors.length > 0 ? { fromStart: true } : {}),
      negations: kind === "call" ? negationsOf(parts.negations, service, called) : [],
      settings: resolveSettings(kind, { ...own, when: renamed(own.when, start?.id) }, policy),
    };
  }
  const order = stepIds(ordered);
  return {
    name,
    version,
    steps,
    order,
    entries: order.filter((id) => steps[id]?.predecessors.length === 0),
    ...(beginning.marker ? { start: beginning.marker.id } : {}),
    policy: {
      scope: policy.scope ?? DEFAULTS.scope,
      ...(policy.include ? { include: policy.include } : {}),
      ...(policy.deadline === undefined ? {} : { deadlineMs: policy.deadline }),
    },
  };
}

function stepIds(nodes: readonly FlowNode[]): string[] {
  return nodes.filter((node) => node.call.is === "step").map((node) => node.id);
}

/** Conditions by the start's id, on the edge from the start, are kept under `start`, whatever the node is called. */
function renamed(when: WrittenSettings["when"], start: string | undefined): WrittenSettings["when"] {
  if (typeof when !== "object" || start === undefined) return when;
  return Object.fromEntries(Object.entries(when).map(([id, cel]) => [id === start ? START_EDGE : id, cel]));
}
