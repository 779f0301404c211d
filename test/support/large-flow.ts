/** A flow of 200 steps over the sample services, as large ones are: branches that fork and join again. */
import type { FlowRecord } from "../../engine/core/protocol.ts";
import negations from "../../examples/negations.json" with { type: "json" };
import { type Edge, flumeExport } from "./flume-export.ts";

export const LARGE_STEPS = 200;
/** Where all branches join. It takes no members for the group `closed`, and is the only step that can fail. */
export const LARGE_JOIN = "enrol";

const BRANCHES = 8;
const BLOCKS = 4;
/** Of one branch. */
const BRANCH_STEPS = 24;
const CALLS = ["license.add_license", "ticket.create_ticket", "order.create_order", "card.authorize_card"];

export function largeFlow(): FlowRecord {
  const types: Record<string, string> = { start: "start" };
  const edges: Edge[] = [];
  // What a join gets holds all that came before it: each begins anew with the journey's input.
  const steps: Record<string, { input: string; when?: string }> = {};
  const add = (id: string, type: string, ...before: string[]): string => {
    types[id] = type;
    edges.push(...before.map((from): Edge => [from, id]));
    if (before.length > 1) steps[id] = { input: "input" };
    return id;
  };
  const user = add("user", "user.create_user", "start");
  const ends: string[] = [];
  for (let branch = 1; branch <= BRANCHES; branch += 1) {
    const call = (index: number): string => CALLS[(branch + index) % CALLS.length] as string;
    let last = user;
    for (let block = 1; block <= BLOCKS; block += 1) {
      const id = (part: string): string => `b${branch}_${block}_${part}`;
      const fork = add(id("fork"), call(block), last);
      const ways = ["left", "middle", "right"].map((way, index) => add(id(way), call(block + index + 1), fork));
      if (block === 2) steps[id("left")] = { input: "input", when: "input.group != 'nobody' && input.name != ''" };
      last = add(id("join"), call(block + 2), ...ways);
    }
    for (let index = BLOCKS * 5 + 1; index <= BRANCH_STEPS; index += 1) {
      last = add(`b${branch}_last_${index}`, call(index), last);
    }
    ends.push(last);
  }
  let last = add(LARGE_JOIN, "membership.add_membership", ...ends);
  while (Object.keys(types).length - 1 < LARGE_STEPS) {
    last = add(`after_${Object.keys(types).length}`, "ticket.create_ticket", last);
  }
  return {
    name: "large",
    version: "1",
    schema_version: "1",
    workflow: { nodes: flumeExport(types, edges), negations, steps },
  };
}
