/** What a stage found. */
import type { Address } from "./address.ts";

export interface Finding {
  status: "ok" | "failed" | "skipped" | "warning";
  /** In plain words. */
  message: string;
  /** What to do about it. */
  help?: string;
  /** Line by line: brokers, topics, commands. */
  details?: string[];
}

/** A finding, and what the next stage builds on. */
export interface Checked<T> {
  finding: Finding;
  value?: T;
}

/** What was found of one broker; a `fault` is a sentence. */
export type BrokerFinding = { address: Address; note: string } | { address: Address; fault: string; help: string };

/**
 * Puts brokers together: one that works is enough to go on with.
 * @param good how it is said when all of them work
 */
export function ofBrokers(found: readonly BrokerFinding[], good: string): Checked<Address[]> {
  const working = found.flatMap((each) => ("note" in each ? [each] : []));
  const faulty = found.flatMap((each) => ("fault" in each ? [each] : []));
  const details = found.map((each) => `${each.address.text}: ${"note" in each ? each.note : each.fault}`);
  const [first] = faulty;
  if (first === undefined) return { finding: { status: "ok", message: good, details }, value: found.map(addressIn) };
  const helps = [...new Set(faulty.map(({ help }) => help))].join(" ");
  if (working.length === 0) {
    const others = faulty.length > 1 ? ` (and ${faulty.length - 1} more of the list)` : "";
    const message = `${first.address.text}${others}: ${first.fault}`;
    return { finding: { status: "failed", message, help: helps, details } };
  }
  const message = `${working.length} of ${found.length} brokers work. ${first.address.text}: ${first.fault}`;
  return { finding: { status: "warning", message, help: helps, details }, value: working.map(addressIn) };
}

const addressIn = ({ address }: { address: Address }): Address => address;
