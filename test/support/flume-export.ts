/** Flows as Flume exports them, from ids, types and edges; and random ones for property tests. */
import fc from "fast-check";
import { type CompileOptions, compileFlow } from "../../engine/core/compile.ts";
import type { CompiledFlow, Finding, FindingCode } from "../../engine/core/flow.ts";
import type { FlowRecord } from "../../engine/core/protocol.ts";

interface Link {
  nodeId: string;
  portName: string;
}

export interface ExportedNode {
  id: string;
  type: string;
  x: number;
  y: number;
  width: number;
  root?: boolean;
  inputData: Record<string, unknown>;
  connections: { inputs: Record<string, Link[]>; outputs: Record<string, Link[]> };
}

export type Edge = [from: string, to: string];

/** The map of nodes that Flume exports. A node with several predecessors gets an input port for each. */
export function flumeExport(
  types: Record<string, string>,
  edges: readonly Edge[] = [],
): Record<string, ExportedNode> {
  const nodes = new Map<string, ExportedNode>();
  for (const [id, type] of Object.entries(types)) {
    nodes.set(id, { id, type, x: 0, y: 0, width: 160, inputData: {}, connections: { inputs: {}, outputs: {} } });
  }
  for (const [from, to] of edges) {
    const outputs = nodes.get(from)!.connections.outputs;
    const inputs = nodes.get(to)!.connections.inputs;
    outputs.next = [...(outputs.next ?? []), { nodeId: to, portName: `after ${from}` }];
    inputs[`after ${from}`] = [{ nodeId: from, portName: "next" }];
  }
  return Object.fromEntries(nodes);
}

export function flowRecord(workflow: unknown): FlowRecord {
  return { name: "flow", version: "1", schema_version: "1", workflow: workflow as FlowRecord["workflow"] };
}

/** The compiled flow of a workflow without errors. */
export function compileOrThrow(workflow: unknown, options?: CompileOptions): CompiledFlow {
  const { flow, findings } = compileFlow(flowRecord(workflow), options);
  if (!flow) throw new Error(findings.map((finding) => finding.message).join("\n"));
  return flow;
}

/** The findings of one code. */
export function findingsOf(code: FindingCode, workflow: unknown, options?: CompileOptions): Finding[] {
  return compileFlow(flowRecord(workflow), options).findings.filter((finding) => finding.code === code);
}

/** A random DAG: for each step, by index, the indexes of its predecessors, which are lower than its own. */
export function arbitraryDag(maximumSteps: number): fc.Arbitrary<number[][]> {
  return fc
    .array(fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 4 }), {
      minLength: 1,
      maxLength: maximumSteps,
    })
    .map((steps) =>
      steps.map((shares, index) =>
        index === 0 ? [] : [...new Set(shares.map((share) => Math.floor(share * index)))].sort((a, b) => a - b),
      ),
    );
}

/** The DAG's Flume form: step 3 is node `n3` of type `svc.do_3`; its entries hang on a start node if `start`. */
export function exportOfDag(dag: readonly number[][], start: boolean): Record<string, ExportedNode> {
  const types = Object.fromEntries(dag.map((_, index) => [`n${index}`, `svc.do_${index}`]));
  const edges = dag.flatMap((predecessors, index): Edge[] => {
    if (predecessors.length === 0) return start ? [["begin", `n${index}`]] : [];
    return predecessors.map((predecessor) => [`n${predecessor}`, `n${index}`]);
  });
  return flumeExport(start ? { begin: "start", ...types } : types, edges);
}
