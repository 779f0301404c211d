/** The checker's findings, errors first; each selects its node and offers what mends it. */
import { Button } from "@mantine/core";
import type { Finding, FindingCode } from "../../engine/core/flow.ts";
import { IconAlertTriangle, IconCheck, IconX } from "../parts/icons.ts";
import classes from "./designer.module.css";
import { useChecked, useDesignerScope } from "./designer-context.ts";
import { mendLinks } from "./links.ts";

const MENDED_BY_LINKS: readonly FindingCode[] = ["one_sided_connection", "dangling_connection", "join_port_shared"];

export function FindingsList() {
  const { designer, openMapping } = useDesignerScope();
  const checked = useChecked((now) => now);
  if (checked.findings.length === 0) {
    return (
      <p className={classes.dockNote}>
        <IconCheck size={16} className={classes.good} aria-hidden /> The checker finds nothing.
      </p>
    );
  }
  const sorted = [...checked.findings].sort((a, b) => a.severity.localeCompare(b.severity));
  return (
    <ul className={classes.findings} aria-label="Findings">
      {sorted.map((finding) => (
        <li key={`${finding.code} ${finding.node} ${finding.message}`} className={classes.finding}>
          <SeverityMark severity={finding.severity} />
          <div className={classes.findingText}>
            {finding.node === undefined ? (
              <FindingText finding={finding} />
            ) : (
              <button
                type="button"
                className={classes.findingButton}
                onClick={() => designer.show(finding.node ?? "")}
                title={`Show ${finding.node}`}
              >
                <FindingText finding={finding} />
              </button>
            )}
          </div>
          {MENDED_BY_LINKS.includes(finding.code) && (
            <Button onClick={() => designer.change(mendLinks)}>Mend the connections</Button>
          )}
          {finding.code === "unknown_type" && <Button onClick={openMapping}>Say what it means…</Button>}
        </li>
      ))}
    </ul>
  );
}

export function SeverityMark({ severity }: { severity: Finding["severity"] }) {
  const Icon = severity === "error" ? IconX : IconAlertTriangle;
  return (
    <span className={classes.severity} data-severity={severity}>
      <Icon size={15} aria-hidden /> {severity}
    </span>
  );
}

export function FindingText({ finding }: { finding: Finding }) {
  return (
    <span>
      {finding.message} <span className={`${classes.code} ag-mono`}>{finding.code}</span>
    </span>
  );
}
