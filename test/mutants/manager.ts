/** Breakages of the manager: from a record to a batch that is committed, and back from the changelog after a restart. */
import type { Mutant } from "./mutant.ts";

const FILE = "engine/manager/partition.ts";
const CODEC = "engine/manager/state-codec.ts";
const MANAGER = "test/integration/manager.test.ts";
const PARTITION = "test/unit/manager/partition.test.ts";
const FLOWS = "test/unit/manager/flows.test.ts";
const SIMULATOR = { seeds: 30 };

export const manager: Mutant[] = [
  {
    name: "timers are forgotten on a restart",
    breaks: "promise 2",
    file: FILE,
    text: `this.keep(journey);
      this.journeys.forget(journey.uuid);`,
    instead: `this.journeys.set(journey.uuid, journey);
      this.journeys.forget(journey.uuid);`,
    noticedBy: [PARTITION],
  },
  {
    name: "timers fire before the input that is there has been read",
    breaks: "clocks",
    file: FILE,
    text: `let taken = 0;`,
    instead: `this.fireTimers(now, batch);
    let taken = 0;`,
    noticedBy: [PARTITION],
  },
  {
    name: "a start that comes twice starts the journey again",
    breaks: "promise 2",
    file: FILE,
    text: `if (journey) return;`,
    instead: ``,
    noticedBy: [PARTITION],
  },
  {
    name: "records away from their journey's home are worked on where they are",
    breaks: "records",
    file: FILE,
    text: `if (home !== this.partition)`,
    instead: `if (home < 0)`,
    noticedBy: [PARTITION],
  },
  {
    name: "a record that can't be used is dropped",
    breaks: "promise 1",
    file: FILE,
    text: `this.bury(record, reason, error.message, batch);`,
    instead: ``,
    noticedBy: [MANAGER],
  },
  {
    name: "dead letters lose the original bytes",
    breaks: "records",
    file: FILE,
    text: `      key: record.key,
      value: record.value,`,
    instead: `      key: record.key,
      value: message,`,
    noticedBy: [MANAGER],
  },
  {
    name: "what a timer did is not in the audit",
    breaks: "promise 6",
    file: FILE,
    text: `    for (const event of turn.events) {
      batch.records.push({`,
    instead: `    for (const event of turn.events) {
      if (input.kind !== "timer") batch.records.push({`,
    noticedBy: SIMULATOR,
  },
  {
    name: "the audit tells less than the engine has used",
    breaks: "promise 7",
    file: FILE,
    text: `value: JSON.stringify(event),`,
    instead: `value: JSON.stringify({ ...event, detail: undefined }),`,
    noticedBy: SIMULATOR,
  },
  {
    name: "the fold knows something that is in no event",
    breaks: "promise 7",
    file: "engine/core/turn.ts",
    text: `turn.journey = evolve(turn.journey, event);`,
    instead: `turn.journey = { ...evolve(turn.journey, event), deadlineAt: ctx.now };`,
    noticedBy: ["test/unit/core/journey.test.ts"],
  },
  {
    name: "a journey's state is written and its outputs are not",
    breaks: "promise 2",
    file: CODEC,
    text: `    changes.push({ key: \`\${after.uuid}/\${name}\`, value: JSON.stringify(value ?? null) });`,
    instead: `    if (name === "") changes.push({ key: \`\${after.uuid}/\${name}\`, value: JSON.stringify(value ?? null) });`,
    noticedBy: SIMULATOR,
  },
  {
    name: "only the first change of a journey is written",
    breaks: "promise 2",
    file: CODEC,
    text: `changes.push({ key: after.uuid, value: writeRecord(after, isSmall) });`,
    instead: `if (!known) changes.push({ key: after.uuid, value: writeRecord(after, isSmall) });`,
    noticedBy: SIMULATOR,
  },
  {
    name: "the times of a journey's record begin at its start, and are read as if they didn't",
    breaks: "promise 2",
    file: "engine/manager/journey-record.ts",
    text: `step.dueAt = start + dueAt`,
    instead: `step.dueAt = dueAt`,
    noticedBy: ["test/unit/manager/state-codec.test.ts"],
  },
  {
    name: "what few journeys have is left out of their records",
    breaks: "promise 2",
    file: "engine/manager/journey-record.ts",
    text: `if (rest !== undefined) row.push(rest);
  return JSON`,
    instead: `return JSON`,
    noticedBy: ["test/unit/manager/state-codec.test.ts"],
  },
  {
    name: "an ended journey leaves its parts behind",
    breaks: "records",
    file: CODEC,
    text: "for (const name of [...partsOf(before, isSmall).keys(), ...(strays.get(before) ?? [])]) {",
    instead: "for (const name of [] as string[]) {",
    noticedBy: ["test/unit/manager/state-codec.test.ts"],
  },
  {
    name: "an ended journey is not found again",
    breaks: "promise 1",
    file: FILE,
    text: `return record === undefined ? undefined : decodeEnded(uuid, record);`,
    instead: `return record === undefined ? undefined : undefined;`,
    noticedBy: [PARTITION],
  },
  {
    name: "a flow that was published a moment ago is not known",
    breaks: "records",
    file: FILE,
    text: `this.flowsReadFor = what;
    throw new FlowsNeeded();`,
    instead: `this.flowsReadFor = what;`,
    noticedBy: [PARTITION],
  },
  {
    name: "a version published again with other content is the one that counts",
    breaks: "records",
    file: "engine/manager/flows.ts",
    text: `      known.conflicts++;`,
    instead: `      known.conflicts++;
      known.flow = compileFlow(flow).flow;`,
    noticedBy: [FLOWS],
  },
  {
    name: "right after a takeover unread answers count as silence",
    breaks: "clocks",
    file: "engine/manager/standstill.ts",
    text: `startedAt < readSince ? readSince`,
    instead: `startedAt < 0 ? readSince`,
    noticedBy: [PARTITION],
  },
  {
    name: "a service that comes up wakes nobody",
    breaks: "health",
    file: FILE,
    text: `for (const uuid of uuids ?? []) this.timers.set(uuid, now);`,
    instead: ``,
    noticedBy: [PARTITION],
  },
  {
    name: "what a service holds is not looked at",
    breaks: "clocks",
    file: "engine/manager/standstill.ts",
    text: `const heldMs = health.heldMs(service, clockAt, now);`,
    instead: `const heldMs = 0 * health.heldMs(service, clockAt, now);`,
    noticedBy: [PARTITION],
  },
  {
    name: "a queue that moves isn't looked at",
    breaks: "clocks",
    file: "engine/manager/standstill.ts",
    text: `const at = Math.max(dueAt, queued?.at ?? dueAt) + heldMs;`,
    instead: `const at = dueAt + heldMs;`,
    noticedBy: ["test/unit/manager/standstill.test.ts"],
  },
  {
    name: "what holds a clock up is not bounded by the total timeout",
    breaks: "clocks",
    file: "engine/manager/standstill.ts",
    text: `: at, totalDueAt);`,
    instead: `: at, Number.POSITIVE_INFINITY);`,
    noticedBy: ["test/unit/manager/standstill.test.ts"],
  },
  {
    name: "a manager works on topics that don't fit together",
    breaks: "records",
    file: "engine/manager/manager.ts",
    text: `if (counts.some(({ count }) => count !== first)) {`,
    instead: `if (counts.every(({ count }) => count !== first)) {`,
    noticedBy: ["test/unit/manager/manager.test.ts"],
  },
  {
    name: "ended journeys stay in memory",
    breaks: "records",
    file: FILE,
    text: `this.journeys.delete(uuid);`,
    instead: `this.journeys.set(uuid, journey);`,
    noticedBy: [PARTITION],
  },
];
