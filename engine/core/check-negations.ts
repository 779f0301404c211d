/** Reads a negation list and finds, for each step, the functions that undo it. */
import { isRecord, type Report, shown } from "./check-report.ts";
import type { FlowNode } from "./check-workflow.ts";
import type { NegationList } from "./flow.ts";
import { isReservedName } from "./names.ts";
import type { WrittenSettings } from "./settings.ts";

/**
 * The list of one flow: its own if it has one, which is checked whole; else the profile's, of which only what the flow
 * uses is read, so that somebody else's mistake there doesn't stop this flow.
 */
export function readNegations(
  own: unknown,
  profile: NegationList | undefined,
  nodes: Iterable<FlowNode>,
  report: Report,
): NegationList {
  const where = own === undefined ? "negations of the profile" : "workflow.negations";
  const list: unknown = own ?? profile ?? {};
  if (own === null || !isRecord(list)) {
    report.error("invalid_negation", `${where}: must be { service: { function: [functions that undo it] } }.`);
    return {};
  }
  return readAll(own === undefined ? usedNegations(list, nodes) : list, where, report);
}

/** The part of a negation list that a flow's steps use, as it was written. */
export function usedNegations(list: Record<string, unknown>, nodes: Iterable<FlowNode>): Record<string, unknown> {
  const used = new Map<string, unknown>();
  for (const { call } of nodes) {
    if (call.is !== "step" || call.kind !== "call" || !Object.hasOwn(list, call.service)) continue;
    const functions = list[call.service];
    const known = used.get(call.service);
    if (!isRecord(functions)) used.set(call.service, functions);
    else if (Object.hasOwn(functions, call.function)) {
      used.set(call.service, { ...(isRecord(known) ? known : {}), [call.function]: functions[call.function] });
    }
  }
  return Object.fromEntries(used);
}

/** The negations of one function; empty where it has none. */
export function negationsOf(list: NegationList, service: string, called: string): string[] {
  const functions = Object.hasOwn(list, service) ? list[service] : undefined;
  const found = functions && Object.hasOwn(functions, called) ? functions[called] : undefined;
  return found ?? [];
}

/** Warns of steps that others follow and that nothing undoes, unless they are marked as irreversible. */
export function reportMissingNegations(
  nodes: Iterable<FlowNode>,
  negations: NegationList,
  settings: ReadonlyMap<string, WrittenSettings>,
  report: Report,
): void {
  for (const node of nodes) {
    if (node.call.is !== "step" || node.call.kind !== "call" || node.to.length === 0) continue;
    const { service, function: called } = node.call;
    if (negationsOf(negations, service, called).length > 0 || settings.get(node.id)?.irreversible) continue;
    report.warning(
      "missing_negation",
      `Nothing undoes ${service}.${called} (${node.id}), though steps follow that can fail. ` +
        `Give it negations (negations.${service}.${called}), or mark it irreversible.`,
      node.id,
    );
  }
}

function readAll(list: Record<string, unknown>, where: string, report: Report): NegationList {
  const read: [string, Record<string, string[]>][] = [];
  for (const service of Object.keys(list).sort()) {
    const functions = list[service];
    if (!isRecord(functions)) {
      report.error(
        "invalid_negation",
        `${where}.${service}: must be { function: [functions that undo it] }, not ${shown(functions)}.`,
      );
      continue;
    }
    const names = Object.keys(functions).sort();
    read.push([
      service,
      Object.fromEntries(
        names.map((called) => [called, readFunctions(functions[called], `${where}.${service}.${called}`, report)]),
      ),
    ]);
  }
  return Object.fromEntries(read);
}

/** The functions that undo one function: of the same service, each once. */
function readFunctions(written: unknown, where: string, report: Report): string[] {
  if (!Array.isArray(written)) {
    report.error(
      "invalid_negation",
      `${where}: must be a list of functions like ["delete_user"], not ${shown(written)}.`,
    );
    return [];
  }
  const functions: string[] = [];
  for (const name of written as unknown[]) {
    if (typeof name !== "string" || !/^[^\s.]+$/.test(name)) {
      report.error(
        "invalid_negation",
        `${where}: ${shown(name)} must be the name of a function of the same service, without the service, dots or spaces.`,
      );
    } else if (isReservedName(name)) {
      report.error(
        "invalid_negation",
        `${where}: ${shown(name)} can't undo anything: every JavaScript object has a field of this name. Give it another one.`,
      );
    } else if (functions.includes(name)) {
      report.error("invalid_negation", `${where}: ${shown(name)} stands there twice. Remove one.`);
    } else {
      functions.push(name);
    }
  }
  return functions;
}
