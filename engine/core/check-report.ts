/** Collects what the checker finds. One report a compilation. */
import type { Finding, FindingCode } from "./flow.ts";

export class Report {
  readonly findings: Finding[] = [];

  error(code: FindingCode, message: string, node?: string): void {
    this.add("error", code, message, node);
  }

  warning(code: FindingCode, message: string, node?: string): void {
    this.add("warning", code, message, node);
  }

  get failed(): boolean {
    return this.findings.some((finding) => finding.severity === "error");
  }

  private add(severity: Finding["severity"], code: FindingCode, message: string, node: string | undefined): void {
    this.findings.push(node === undefined ? { code, severity, message } : { code, severity, node, message });
  }
}

/** At most this many names stand in one message. */
const NAMED_AT_MOST = 12;

/** `"a", "b" and "c"`; a long list is cut and says how many more there are. */
export function listed(names: readonly string[], quote = '"'): string {
  const quoted = names.map((name) => `${quote}${name}${quote}`);
  if (quoted.length > NAMED_AT_MOST) {
    return `${quoted.slice(0, NAMED_AT_MOST).join(", ")} and ${quoted.length - NAMED_AT_MOST} more`;
  }
  return quoted.length < 2 ? quoted.join() : `${quoted.slice(0, -1).join(", ")} and ${quoted.at(-1)}`;
}

/** Own and enumerable keys of JSON objects only: never a list, never null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A short form of any JSON value for messages. */
export function shown(value: unknown): string {
  const text = String(JSON.stringify(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
