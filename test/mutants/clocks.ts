/** Breakages of the clocks: timeouts, deadlines, pauses, and what stands still meanwhile. */
import type { Mutant } from "./mutant.ts";

const FILE = "engine/core/clocks.ts";
const CLOCKS = "test/unit/core/clocks.test.ts";
const ACTIONS = "test/unit/core/actions.test.ts";

export const clocks: Mutant[] = [
  {
    name: "progress moves no clock",
    breaks: "clocks",
    file: "engine/core/fold-calls.ts",
    text: `status: "inprogress", clockAt: at, dueAt: ms(detail.due) };`,
    instead: `status: "inprogress", clockAt: at };`,
    noticedBy: [CLOCKS],
  },
  {
    name: "progress moves the clock beyond the total timeout",
    breaks: "clocks",
    file: "engine/core/replies.ts",
    text: `return { due: iso(Math.min(due, state.totalDueAt ?? Number.POSITIVE_INFINITY)) };`,
    instead: `return { due: iso(due) };`,
    noticedBy: [CLOCKS],
  },
  {
    name: "attempts go on beyond the total timeout",
    breaks: "clocks",
    file: "engine/core/retries.ts",
    text: `if (state.totalDueAt !== undefined && due >= state.totalDueAt) return;`,
    instead: ``,
    noticedBy: [CLOCKS],
  },
  {
    name: "each attempt begins a total timeout of its own",
    breaks: "clocks",
    file: "engine/core/forward.ts",
    text: `const total = state.totalDueAt ?? (`,
    instead: `const total = (`,
    noticedBy: [CLOCKS],
  },
  {
    name: "the deadline is never met",
    breaks: "clocks",
    file: FILE,
    text: `if (deadline !== undefined && deadline <= now`,
    instead: `if (deadline !== undefined && deadline <= 0`,
    noticedBy: [CLOCKS],
  },
  {
    name: "a negation that is silent is waited for, for ever",
    breaks: "negation that fails",
    file: FILE,
    text: `if (isOut(negation)) consider(negation.dueAt);`,
    instead: ``,
    noticedBy: ["test/unit/core/negations.test.ts", CLOCKS, "test/unit/core/promises.property.test.ts"],
  },
  {
    name: "a wait ends as a timeout",
    breaks: "built-in steps",
    file: FILE,
    text: `if (isWait(step)) {`,
    instead: `if (isWait(step) && state.attempts > 1) {`,
    noticedBy: ["test/unit/core/builtin.test.ts"],
  },
  {
    name: "the clocks of a paused journey run out",
    breaks: "clocks",
    file: FILE,
    text: `if (turn.journey.paused || turn.journey.status === "terminated") return;`,
    instead: `if (turn.journey.status === "terminated") return;`,
    noticedBy: [ACTIONS, CLOCKS],
  },
  {
    name: "a pause takes its time from the clocks",
    breaks: "clocks",
    file: "engine/core/evolve.ts",
    text: `paused: undefined }, at - since);`,
    instead: `paused: undefined }, 0);`,
    noticedBy: [ACTIONS, CLOCKS],
  },
  {
    name: "a paused journey sends on",
    breaks: "actions",
    file: "engine/core/settle.ts",
    text: `if (status === "paused" || status === "terminated") return;`,
    instead: `if (status === "terminated") return;`,
    noticedBy: [ACTIONS],
  },
  {
    name: "the clocks of a service that holds its records run out",
    breaks: "clocks",
    file: FILE,
    text: `return isPast(call, now) && !(id !== undefined && frozen.calls.includes(id));`,
    instead: `return isPast(call, now);`,
    noticedBy: [CLOCKS, "test/unit/core/health.test.ts"],
  },
];
