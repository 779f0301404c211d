/** Breakages of the way in: to which attempt a reply belongs, what it settles, and whether there is another attempt. */
import type { Mutant } from "./mutant.ts";

const FILE = "engine/core/replies.ts";
const REPLIES = "test/unit/core/replies.test.ts";
const RETRIES = "test/unit/core/retries.test.ts";
const UNKNOWN = "test/unit/core/unknown-outcome.test.ts";
const PROPERTIES = "test/unit/core/promises.property.test.ts";

export const replies: Mutant[] = [
  {
    name: "an action seen before is carried out again",
    breaks: "promise 2",
    file: "engine/core/preview.ts",
    text: `if (turn.journey.actions.includes(data.id)) return;`,
    instead: ``,
    noticedBy: ["test/unit/core/actions.test.ts"],
  },
  {
    name: "a reply delivered again is an answer again",
    breaks: "promise 2",
    file: "engine/core/fold-calls.ts",
    text: `status: "succeeded", open: [], error: undefined };`,
    instead: `status: "succeeded", error: undefined };`,
    noticedBy: [PROPERTIES],
  },
  {
    name: "a repeated reply leaves no trace",
    breaks: "promise 1",
    file: FILE,
    text: `turn.emit("step.duplicate", { ...body, ...payload(reply), detail: { status: reply.status } });`,
    instead: ``,
    noticedBy: [PROPERTIES],
  },
  {
    name: "a reply that belongs to nothing is swallowed",
    breaks: "promise 1",
    file: FILE,
    text: `if (!first) throw`,
    instead: `if (!first) return candidates[0] as Target;
  if (!first) throw`,
    noticedBy: [REPLIES],
  },
  {
    name: "the attempt that a reply names is not looked at",
    breaks: "replies",
    file: FILE,
    text: `.filter(({ attempt }) => number == null || attempt.attempt === number)`,
    instead: ``,
    noticedBy: [REPLIES],
  },
  {
    name: "the step that a reply names is not looked at",
    breaks: "replies",
    file: FILE,
    text: `|| (reply.step != null && reply.step !== step.id)) continue;`,
    instead: `) continue;`,
    noticedBy: [REPLIES],
  },
  {
    name: "a reply without an attempt is taken for the youngest",
    breaks: "replies",
    file: FILE,
    text: `ageOf(a.attempt) - ageOf(b.attempt)`,
    instead: `ageOf(b.attempt) - ageOf(a.attempt)`,
    noticedBy: [REPLIES],
  },
  {
    name: "the failure of an attempt given up on ends the one that is open",
    breaks: "replies",
    file: FILE,
    text: `else if (attempt.gaveUp || !isLive(state))`,
    instead: `else if (!isLive(state))`,
    noticedBy: [REPLIES, UNKNOWN],
  },
  {
    name: "a success of an earlier attempt between two attempts doesn't count",
    breaks: "replies",
    file: FILE,
    text: `(isLive(state) || state.status === "waiting" || waitsForWord)`,
    instead: `(isLive(state) || waitsForWord)`,
    noticedBy: [REPLIES, UNKNOWN],
  },
  {
    name: "a late success is dropped",
    breaks: "unknown outcome",
    file: FILE,
    text: `effect: turn.journey.status !== "terminated" };`,
    instead: `effect: false };`,
    noticedBy: [UNKNOWN],
  },
  {
    name: "a late success is undone though the journey was terminated",
    breaks: "actions",
    file: FILE,
    text: `effect: turn.journey.status !== "terminated" };`,
    instead: `effect: true };`,
    noticedBy: [UNKNOWN, "test/unit/core/actions.test.ts"],
  },
  {
    name: "a success of a run before the step was set back answers the new run",
    breaks: "replies",
    file: FILE,
    text: `if (!attempt.former && (isLive`,
    instead: `if ((isLive`,
    noticedBy: [UNKNOWN, "test/unit/core/rollback-scopes.test.ts", "test/unit/core/actions.test.ts"],
  },
  {
    name: 'a service\'s "not retryable" is not heard',
    breaks: "failure",
    file: "engine/core/retries.ts",
    text: ` && call.error?.retryable !== false;`,
    instead: `;`,
    noticedBy: [RETRIES],
  },
  {
    name: "one attempt more than the policy grants",
    breaks: "failure",
    file: "engine/core/retries.ts",
    text: `call.tries < policy.maximumAttempts`,
    instead: `call.tries <= policy.maximumAttempts`,
    noticedBy: [RETRIES],
  },
  {
    name: "retries don't back off",
    breaks: "failure",
    file: "engine/core/retries.ts",
    text: `policy.backoffCoefficient ** (tries - 1)`,
    instead: `policy.backoffCoefficient ** 0`,
    noticedBy: [RETRIES],
  },
  {
    name: "retries back off without a bound",
    breaks: "failure",
    file: "engine/core/retries.ts",
    text: `Math.min(exponential, policy.maximumIntervalMs)`,
    instead: `exponential`,
    noticedBy: [RETRIES],
  },
  {
    name: "attempts that a rollback wants undone are retried",
    breaks: "rollback",
    file: "engine/core/retries.ts",
    text: `if (undoing || turn.journey.status`,
    instead: `if (turn.journey.status`,
    noticedBy: [RETRIES, "test/unit/core/rollback-scopes.test.ts"],
  },
];
