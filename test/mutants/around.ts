/** Breakages around the engine: the audit cache, what services do with commands that come twice, and what waits on a disk. */
import type { Mutant } from "./mutant.ts";

const OUTBOX = "engine/api/outbox.ts";
const OUTBOX_SPECS = "test/unit/api/outbox.test.ts";

export const around: Mutant[] = [
  {
    name: "the audit cache counts an event twice",
    breaks: "promise 6",
    file: "engine/audit/ingest.ts",
    text: `if (this.#parts.log.has(state.id, parsed.event.seq)) {`,
    instead: `if (this.#parts.log.has(state.id, -parsed.event.seq)) {`,
    noticedBy: ["test/unit/audit/ingest.test.ts"],
  },
  {
    name: "the audit cache forgets where it was",
    breaks: "promise 6",
    file: "engine/audit/ingest.ts",
    text: `this.#parts.log.advance(records);`,
    instead: ``,
    noticedBy: ["test/unit/audit/ingest.test.ts"],
  },
  {
    name: "a service does a command again that it has done",
    breaks: "promise 3",
    file: "engine/service/intake.ts",
    text: `const known = ledger.find(command.id);`,
    instead: `const known = ledger.find("");`,
    noticedBy: ["test/unit/service/run.test.ts"],
  },
  {
    name: "starts and actions of one journey overtake each other while the bus is away",
    breaks: "promise 8",
    file: OUTBOX,
    text: `lane.entries.push(entry);`,
    instead: `lane.entries.unshift(entry);`,
    noticedBy: [OUTBOX_SPECS],
  },
  {
    name: "what is said to be kept is not on the disk",
    breaks: "promise 8",
    file: OUTBOX,
    text: `this.file.write({ added, removed });`,
    instead: `this.file.write({ added: [], removed });`,
    noticedBy: [OUTBOX_SPECS],
  },
  {
    name: "what a former life kept is never sent",
    breaks: "promise 8",
    file: OUTBOX,
    text: `for (const row of this.file.waiting()) {`,
    instead: `for (const row of this.file.waiting().slice(0, 0)) {`,
    noticedBy: [OUTBOX_SPECS],
  },
  {
    name: "what was sent is sent again by the next life",
    breaks: "promise 8",
    file: OUTBOX,
    text: `this.sent.push(entry.seq);`,
    instead: ``,
    noticedBy: [OUTBOX_SPECS],
  },
  {
    name: "the caller isn't told that his action only waits on the disk",
    breaks: "promise 8",
    file: OUTBOX,
    text: `entry.answer?.resolve({ queued: true });`,
    instead: `entry.answer?.resolve({ queued: false });`,
    noticedBy: [OUTBOX_SPECS],
  },
  {
    name: "a service forgets the replies that were not accepted",
    breaks: "promise 8",
    file: "engine/service/store.ts",
    text: `unsent: (limit) => unsent.all(limit).map(toEntry),`,
    instead: `unsent: () => [],`,
    noticedBy: ["test/unit/service/store.test.ts"],
  },
  {
    name: "a service does its work and forgets that it did",
    breaks: "promise 3",
    file: "engine/service/store.ts",
    text: `insert.run(settlement.id, JSON.stringify(reply), settlement.at);`,
    instead: ``,
    noticedBy: ["test/unit/service/store.test.ts"],
  },
];
