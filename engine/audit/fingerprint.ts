/**
 * Fingerprints of failures: the same cause in the same place gets the same one, whichever order, customer or amount it
 * was about. Ids, numbers, times and quoted values are taken out of the message; what is left is its pattern.
 */
import { createHash } from "node:crypto";

export interface Failure {
  service: string;
  function: string;
  code?: string;
  message: string;
}

const MAX_MESSAGE_CHARS = 1_000;
const MAX_PATTERN_CHARS = 300;

/** In this order: what an earlier one has taken out is out of the way of the later ones. */
const REPLACEMENTS: readonly [RegExp, string][] = [
  [/"[^"]{0,500}"|`[^`]{0,500}`|“[^”]{0,500}”|«[^»]{0,500}»/g, "<value>"],
  // Not the apostrophes of "can't" and "users'".
  [/(?<!\w)'[^']{0,500}'(?!\w)/g, "<value>"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<id>"],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, "<time>"],
  [/\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b/g, "<email>"],
  [/\b0x[0-9a-f]+\b/gi, "<id>"],
  // Digits and letters mixed more than once: "7f3a9c01", "x7Gh29Kq".
  [/\b(?=[a-z\d]{6,}\b)[a-z]*\d+[a-z]+\d[a-z\d]*\b/gi, "<id>"],
  [/\b\d+[a-f][\da-f]{6,}\b/gi, "<id>"],
  [/\d+(?:[.,:]\d+)*/g, "<n>"],
  [/\s+/g, " "],
];

/** The message with ids, numbers, times and quoted values taken out; 300 characters at most. */
export function messagePattern(message: string): string {
  let pattern = message.slice(0, MAX_MESSAGE_CHARS);
  for (const [found, replacement] of REPLACEMENTS) pattern = pattern.replace(found, replacement);
  return pattern.trim().slice(0, MAX_PATTERN_CHARS);
}

/** 16 hex digits: of the flow's name (not its version), service, function, code and the message's pattern. */
export function fingerprint(flowName: string, failure: Failure): string {
  const parts = [flowName, failure.service, failure.function, failure.code ?? "", messagePattern(failure.message)];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}
