/** Breakages around the engine: the audit cache, and what a service does with commands that come twice. */
import type { Mutant } from "./mutant.ts";

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
    noticedBy: ["test/unit/audit", "test/integration/audit.test.ts"],
  },
  {
    name: "a service does a command again that it has done",
    breaks: "promise 3",
    file: "engine/service/run.ts",
    text: `const known = ledger.find(command.id);`,
    instead: `const known = ledger.find("");`,
    noticedBy: ["test/unit/service/run.test.ts"],
  },
];
