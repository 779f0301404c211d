/** Breakages of the way forward: what is dispatched when, with which data. engine/core/forward.ts and its like. */
import type { Mutant } from "./mutant.ts";

const FILE = "engine/core/forward.ts";
const FORWARD = "test/unit/core/forward.test.ts";
const CONDITIONS = "test/unit/core/conditions.test.ts";

export const forward: Mutant[] = [
  {
    name: "a join doesn't wait for all steps before it",
    breaks: "forward",
    file: FILE,
    text: `if (state === "open") return`,
    instead: `if (state === undefined) return`,
    noticedBy: [FORWARD],
  },
  {
    name: "what comes after a skipped step runs all the same",
    breaks: "forward",
    file: FILE,
    text: `return state.status === "skipped" ? "dead" : "open";`,
    instead: `return state.status === "skipped" ? "taken" : "open";`,
    noticedBy: [CONDITIONS],
  },
  {
    name: "conditions on edges are not looked at",
    breaks: "forward",
    file: FILE,
    text: `if (!taken.value) edges[index] = "dead";`,
    instead: ``,
    noticedBy: [CONDITIONS],
  },
  {
    name: "a join is skipped when one of its edges is not taken",
    breaks: "forward",
    file: FILE,
    text: `if (edges.includes("taken"))`,
    instead: `if (!edges.includes("dead"))`,
    noticedBy: [CONDITIONS],
  },
  {
    name: "a join gets the output of its first predecessor alone",
    breaks: "forward",
    file: FILE,
    text: `if (more.length === 0) {`,
    instead: `if (more.length >= 0) {`,
    noticedBy: [FORWARD],
  },
  {
    name: "an entry gets nothing instead of the journey's input",
    breaks: "forward",
    file: FILE,
    text: `if (first === undefined) return journey.input;`,
    instead: `if (first === undefined) return null;`,
    noticedBy: [FORWARD],
  },
  {
    name: "a command that breaks its schema is sent",
    breaks: "forward",
    file: FILE,
    text: `if (unfit) {
    failUnsent(turn, step, unfit);
    return;
  }`,
    instead: ``,
    noticedBy: ["test/unit/core/schemas.test.ts"],
  },
  {
    name: "data may be of any size",
    breaks: "forward",
    file: "engine/core/data-size.ts",
    text: `if (bytes <= maximumBytes) return undefined;`,
    instead: `if (bytes > 0) return undefined;`,
    noticedBy: ["test/unit/core/error-codes.test.ts"],
  },
  {
    name: "a journey with several last steps answers with the first one's output",
    breaks: "forward",
    file: "engine/core/closing.ts",
    text: `if (last.length === 1) return`,
    instead: `if (last.length >= 1) return`,
    noticedBy: [FORWARD],
  },
  {
    name: "a journey completes while a branch is in flight",
    breaks: "forward",
    file: "engine/core/closing.ts",
    text: `else if (isLive(state) || state.retryAt !== undefined) return;`,
    instead: `else if (state.retryAt !== undefined) return;`,
    noticedBy: [FORWARD],
  },
  {
    name: "new steps go out while the journey rolls back",
    breaks: "rollback",
    file: FILE,
    text: `rollback.scope !== "branch" || rollback.reset.length > 0`,
    instead: `rollback.scope === "branch" || rollback.reset.length > 0`,
    noticedBy: ["test/unit/core/rollback-scopes.test.ts"],
  },
  {
    name: "new steps go out beside a branch although the journey will be held behind it",
    breaks: "rollback",
    file: FILE,
    text: ` || rollback.reset.length > 0)`,
    instead: `)`,
    noticedBy: ["test/unit/core/rollback-scopes.test.ts"],
  },
  {
    name: "a held journey dispatches new steps",
    breaks: "pivot",
    file: FILE,
    text: `const onlyRetries = status === "held";`,
    instead: `const onlyRetries = false;`,
    noticedBy: ["test/unit/core/pivot.test.ts", "test/unit/core/unknown-outcome.test.ts"],
  },
  {
    name: "a service that is down is called all the same",
    breaks: "health",
    file: FILE,
    text: `if (onServiceDown !== "ignore" && step.service`,
    instead: `if (onServiceDown === "wait" && step.service`,
    noticedBy: ["test/unit/core/health.test.ts"],
  },
  {
    name: "what waits for a service is not sent when it comes up",
    breaks: "health",
    file: FILE,
    text: `? isUp : isDue`,
    instead: `? isUp && isDue : isDue`,
    noticedBy: ["test/unit/core/health.test.ts"],
  },
  {
    name: "the command's id changes each time it is decided",
    breaks: "promise 3",
    file: FILE,
    text: `{id}/`,
    instead: `{turn.ctx.random}/`,
    noticedBy: [FORWARD, "test/unit/core/retries.test.ts"],
  },
];
