/** Breakages of operators' actions and of the built-in steps. */
import type { Mutant } from "./mutant.ts";

const FILE = "engine/core/actions.ts";
const ACTIONS = "test/unit/core/actions.test.ts";
const PREVIEW = "test/unit/core/preview.test.ts";
const MIGRATE = "test/unit/core/migrate.test.ts";
const EACH = "test/unit/core/builtin-each.test.ts";
const JOURNEY = "test/unit/core/builtin-journey.test.ts";

export const actions: Mutant[] = [
  {
    name: "a refused action is not audited",
    breaks: "actions",
    file: FILE,
    text: `turn.emit("action.refused", {`,
    instead: `if (code === "internal") turn.emit("action.refused", {`,
    noticedBy: [ACTIONS],
  },
  {
    name: "an action on a plan that is out of date is carried out",
    breaks: "actions",
    file: "engine/core/preview.ts",
    text: `if (data.plan !== undefined && planNow`,
    instead: `if (data.plan === "" && planNow`,
    noticedBy: [PREVIEW, ACTIONS],
  },
  {
    name: "a dry run shows the first level only",
    breaks: "actions",
    file: "engine/core/preview.ts",
    text: `    if (!undone) break;`,
    instead: `    if (undone || levels.length > 0) break;`,
    noticedBy: [PREVIEW],
  },
  {
    name: "a terminated journey is rolled back",
    breaks: "actions",
    file: FILE,
    text: `if (status === "terminated") notAllowed("the journey was`,
    instead: `if (status === "paused") notAllowed("the journey was`,
    noticedBy: [ACTIONS],
  },
  {
    name: "an ended journey is paused",
    breaks: "actions",
    file: FILE,
    text: `if (status === "paused") notAllowed("the journey is paused already");
  if (hasEnded(turn.journey))`,
    instead: `if (status === "paused")`,
    noticedBy: [ACTIONS],
  },
  {
    name: "edited data of a retry is lost",
    breaks: "actions",
    file: "engine/core/fold-steps.ts",
    text: `forcedInput: "data" in event ? { data: event.data } : step.forcedInput,`,
    instead: `forcedInput: step.forcedInput,`,
    noticedBy: ["test/unit/core/retries.test.ts"],
  },
  {
    name: "edited data of a negation's retry is lost",
    breaks: "negation that fails",
    file: "engine/core/fold-steps.ts",
    text: `&& "data" in event) return { ...negation, data: event.data };`,
    instead: `&& "data" in event) return negation;`,
    noticedBy: [ACTIONS, "test/unit/core/negations.test.ts"],
  },
  {
    name: "attempt numbers restart when a step is set back",
    breaks: "actions",
    file: "engine/core/fold-rollback.ts",
    text: `attempts: step.attempts,`,
    instead: `attempts: 0,`,
    noticedBy: [ACTIONS],
  },
  {
    name: "a step that was skipped by hand passes nothing on",
    breaks: "actions",
    file: FILE,
    text: `data: data.output ?? null });`,
    instead: `data: null });`,
    noticedBy: [ACTIONS],
  },
  {
    name: "a rerun starts with the data of before",
    breaks: "actions",
    file: FILE,
    text: `const input = data.data === undefined ? undefined : { value: data.data };`,
    instead: `const input = undefined;`,
    noticedBy: [ACTIONS],
  },
  {
    name: "a replay is not linked to the journey it replays",
    breaks: "actions",
    file: "engine/core/commands.ts",
    text: `{ replay_of: journey.uuid, ...by }`,
    instead: `by`,
    noticedBy: [ACTIONS],
  },
  {
    name: "a replay runs on the version of before",
    breaks: "actions",
    file: FILE,
    text: `const target = ctx.flowOf(journey.name, data.version);
  if (!target)
    throw new Refusal("unknown_version", \`version: \${journey.name} \${data.version ?? "itself"}`,
    instead: `const target = ctx.flowOf(journey.name, data.version ?? journey.version);
  if (!target)
    throw new Refusal("unknown_version", \`version: \${journey.name} \${data.version ?? "itself"}`,
    noticedBy: [ACTIONS],
  },
  {
    name: "a migration is not checked",
    breaks: "actions",
    file: FILE,
    text: `if (problem !== undefined) throw new Refusal("no_home_in_version", problem);`,
    instead: ``,
    noticedBy: [MIGRATE],
  },
  {
    name: "what has run is undone by the new version's negations",
    breaks: "actions",
    file: "engine/core/evolve.ts",
    text: `kept[id] ? [id, { ...step, negations: kept[id] }] : [id, step],`,
    instead: `[id, step],`,
    noticedBy: [MIGRATE],
  },
  {
    name: "an approval settles itself",
    breaks: "built-in steps",
    file: "engine/core/closing.ts",
    text: `if (isLive(state) && isApproval(step)) approvals.push(step.id);`,
    instead: `if (isLive(state) && isApproval(step)) continue;`,
    noticedBy: ["test/unit/core/builtin.test.ts"],
  },
  {
    name: "a sub-journey is not rolled back",
    breaks: "built-in steps",
    file: "engine/core/builtin.ts",
    text: `if (isSubJourney(step)) return ["rollback"];`,
    instead: `if (isSubJourney(step)) return [];`,
    noticedBy: [JOURNEY],
  },
  {
    name: "a sub-journey in flight runs on while its parent rolls back",
    breaks: "built-in steps",
    file: "engine/core/sub-journeys.ts",
    text: `else if (isSubJourney(step) && stop) tellToStop(turn, step, state);`,
    instead: ``,
    noticedBy: [JOURNEY],
  },
  {
    name: "a sub-journey's parent is not told its end",
    breaks: "built-in steps",
    file: "engine/core/commands.ts",
    text: `return tellParent(journey, event);`,
    instead: `return [];`,
    noticedBy: [JOURNEY],
  },
  {
    name: "all elements of an `each` run at once",
    breaks: "built-in steps",
    file: "engine/core/builtin.ts",
    text: `(step.settings.concurrency as number) - running`,
    instead: `elements.length`,
    noticedBy: [EACH],
  },
  {
    name: "elements that succeeded stay when an `each` fails",
    breaks: "built-in steps",
    file: "engine/core/builtin.ts",
    text: `status === "succeeded" || (isOver`,
    instead: `status === "undone" || (isOver`,
    noticedBy: [EACH],
  },
  {
    name: "an `each` fails before all its elements have ended",
    breaks: "built-in steps",
    file: "engine/core/sub-journeys.ts",
    text: `if (!running && (stop || !waiting)) endEach(`,
    instead: `if (elements.some((e) => e.status === "failed") || (!running && (stop || !waiting))) endEach(`,
    noticedBy: [EACH],
  },
  {
    name: "a terminated journey leaves those that it runs running",
    breaks: "built-in steps",
    file: "engine/core/commands.ts",
    text: `...terminateChildren(journey, event), `,
    instead: ``,
    noticedBy: [JOURNEY, EACH],
  },
  {
    name: "flows run within each other without a bound",
    breaks: "built-in steps",
    file: "engine/core/sub-journey-messages.ts",
    text: `const depth = (journey.parent?.depth ?? 0) + 1;`,
    instead: `const depth = 1;`,
    noticedBy: ["test/unit/core/error-codes.test.ts"],
  },
];
