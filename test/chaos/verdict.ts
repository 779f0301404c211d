/** What must hold after every fault, whatever it was: promises 1, 2, 3, 5 and 6, read from outside of the engine. */
import type { BusRecord } from "../../engine/bus/bus.ts";
import type { JourneyEvent } from "../../engine/core/events.ts";

/** A row of a sample service's `effects`: what it really did. */
export interface Effect {
  at: string;
  function: string;
  journey: string;
  /** The command's id. */
  command: string;
}

export interface Evidence {
  accepted: readonly string[];
  events: readonly JourneyEvent[];
  commands: readonly BusRecord[];
  deadLetters: readonly BusRecord[];
  effects: readonly Effect[];
}

/** Effect -> what takes it back, in the sample flow `onboarding`. */
const NEGATIONS: Record<string, string> = {
  create_user: "delete_user",
  add_license: "remove_license",
  add_membership: "remove_membership",
};
/** A step's effects are gone before those of the steps that it came after. */
const UNDONE_BEFORE: [string, string][] = [
  ["remove_membership", "remove_license"],
  ["remove_membership", "delete_user"],
  ["remove_license", "delete_user"],
];

export function violations({ accepted, events, commands, deadLetters, effects }: Evidence): string[] {
  const found: string[] = [];
  const eventsOf = Map.groupBy(events, ({ uuid }) => uuid);
  const effectsOf = Map.groupBy(effects, ({ journey }) => journey);
  for (const uuid of accepted) {
    const history = eventsOf.get(uuid) ?? [];
    if (history.length === 0) found.push(`lost: ${uuid} was accepted and has no history`);
    for (const [index, { seq, type }] of history.entries()) {
      if (seq !== index + 1) found.push(`audit: event ${index + 1} of ${uuid} has seq ${seq} (${type})`);
    }
    const end = history.findLast(({ type }) => type === "journey.completed" || type === "rollback.completed");
    if (end === undefined) found.push(`lost: ${uuid} has not ended: ${history.at(-1)?.type}`);
    else found.push(...effectViolations(uuid, end.type === "journey.completed", effectsOf.get(uuid) ?? []));
  }
  found.push(
    ...repeated(
      effects.map(({ command, function: name }) => `${command} ${name}`),
      "doubled effect",
    ),
  );
  found.push(
    ...repeated(
      commands.map(({ headers }) => headers.id ?? "none"),
      "doubled command",
    ),
  );
  for (const { value, headers } of deadLetters) found.push(`dead letter ${headers.reason}: ${value}`);
  return found;
}

function effectViolations(uuid: string, completed: boolean, effects: readonly Effect[]): string[] {
  const found: string[] = [];
  const count = (name: string) => effects.filter((effect) => effect.function === name).length;
  for (const [done, undone] of Object.entries(NEGATIONS)) {
    const standing = count(done) - count(undone);
    if (completed && standing !== 1)
      found.push(`${standing > 1 ? "doubled" : "lost"}: ${uuid} completed, ${done} stands ${standing} times`);
    if (!completed && standing !== 0)
      found.push(`${standing < 0 ? "doubled" : "lost"}: ${uuid} rolled back, ${done} stands ${standing} times`);
  }
  for (const [first, second] of UNDONE_BEFORE) {
    const last = timeOf(effects.findLast(({ function: name }) => name === first));
    const next = timeOf(effects.find(({ function: name }) => name === second));
    if (last > next) found.push(`order: ${uuid}: ${first} came after ${second}`);
  }
  return found;
}

/** No effect: never in the wrong order. */
const timeOf = (effect: Effect | undefined): number => (effect === undefined ? Number.NaN : Date.parse(effect.at));

function repeated(ids: readonly string[], what: string): string[] {
  const seen = new Set<string>();
  return ids.flatMap((id) => {
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    return [`${what}: ${id}`];
  });
}
