/** What publishing writes: a flow that depends on nothing but itself, so that it means the same for ever. */
import { usedNegations } from "./check-negations.ts";
import { isRecord, Report } from "./check-report.ts";
import { isFullForm, readWorkflow } from "./check-workflow.ts";
import type { NegationList } from "./flow.ts";
import { type FlowRecord, SCHEMA_VERSION } from "./protocol.ts";

/**
 * The record in the full form, with the profile's negations of the functions it uses written down (unless it brings a
 * list of its own) and the mappings of the types it uses. Compiling it gives the same flow as compiling `record` with
 * these options, whatever the options then are. Normalising again changes nothing. What can't be read stays as it is,
 * for the checker to report.
 */
export function normaliseFlow(
  record: FlowRecord,
  negations: NegationList,
  types: Record<string, string> = {},
): FlowRecord {
  const workflow: unknown = isRecord(record) ? record.workflow : undefined;
  if (!isRecord(workflow)) return record;
  const { nodes } = readWorkflow(workflow, types, new Report());
  const full: Record<string, unknown> = isFullForm(workflow) ? { ...workflow } : { nodes: workflow };
  if (full.negations === undefined) full.negations = usedNegations(negations, nodes.values());
  const drawn = new Set([...nodes.values()].map((node) => node.type));
  const mappings = Object.entries(types).filter(([type]) => drawn.has(type));
  const own = full.types === undefined ? {} : full.types;
  if (mappings.length > 0 && isRecord(own)) full.types = { ...own, ...Object.fromEntries(mappings) };
  return { ...record, schema_version: record.schema_version ?? SCHEMA_VERSION, workflow: full };
}
