/** The checker's view of a draft, made anew with each change. */
import { compileFlow } from "../../engine/core/compile.ts";
import type { Finding, NegationList } from "../../engine/core/flow.ts";
import type { Checked } from "./designer-context.ts";
import { type FlowDocument, toRecord } from "./document.ts";

/** A draft need not have a name and version yet; publishing asks for them. */
const UNNAMED = "unnamed";

export function checkDocument(document: FlowDocument, negations: NegationList | undefined): Checked {
  const record = toRecord({ ...document, name: document.name.trim() || UNNAMED }, UNNAMED);
  const { flow, findings } = compileFlow(record, { negations });
  const byNode = new Map<string, Finding[]>();
  for (const finding of findings) {
    if (finding.node === undefined) continue;
    byNode.set(finding.node, [...(byNode.get(finding.node) ?? []), finding]);
  }
  const errors = findings.filter(({ severity }) => severity === "error").length;
  return { findings, byNode, errors, warnings: findings.length - errors, flow };
}
