/** Breakages of what the Kafka bus has in memory of a partition: state under way, what is committed, its checkpoint. */
import type { Mutant } from "./mutant.ts";

const TEXTS = "engine/bus/kafka/text-map.ts";
const STATE = "engine/bus/kafka/partition-state.ts";
const CHECKPOINT = "engine/bus/kafka/checkpoint.ts";
const OF_TEXTS = ["test/unit/bus/kafka/text-map.test.ts"];
const OF_STATE = ["test/unit/bus/kafka/partition-state.test.ts"];
const OF_CHECKPOINT = ["test/unit/bus/kafka/checkpoint.test.ts"];

export const kafkaState: Mutant[] = [
  {
    name: "a text of another length is written over the next one",
    breaks: "promise 2",
    file: TEXTS,
    text: `if (typeof known === "number" && unitsFor(this.bytesAt(known)) === units) place = known;`,
    instead: `if (typeof known === "number") place = known;`,
    noticedBy: OF_TEXTS,
  },
  {
    name: "a text that grows too large for a block is found as it was before",
    breaks: "promise 2",
    file: TEXTS,
    text: `return typeof place === "number" ? this.textAt(place) : place;`,
    instead: `return typeof place === "number" ? this.textAt(place) : undefined;`,
    noticedBy: OF_TEXTS,
  },
  {
    name: "room that was freed is never used again",
    breaks: "records",
    file: TEXTS,
    text: `const known = this.freed[units]?.pop();`,
    instead: `const known = undefined;`,
    noticedBy: OF_TEXTS,
  },
  {
    name: "freed blocks of lengths that nobody needs pile up",
    breaks: "records",
    file: TEXTS,
    text: `this.usedUnits * 2 < this.end`,
    instead: `this.usedUnits < 0`,
    noticedBy: OF_TEXTS,
  },
  {
    name: "what is moved together is looked for where it was",
    breaks: "promise 2",
    file: TEXTS,
    text: `this.places.set(key, moved);`,
    instead: ``,
    noticedBy: OF_TEXTS,
  },
  {
    name: "the commit of an earlier change takes a later one back",
    breaks: "promise 2",
    file: STATE,
    text: `--pending.changes === 0`,
    instead: `--pending.changes >= 0`,
    noticedBy: OF_STATE,
  },
  {
    name: "what was changed and isn't committed yet can't be seen",
    breaks: "promise 2",
    file: STATE,
    text: `return pending === undefined ? this.written.get(key) : (pending.value ?? undefined);`,
    instead: `return this.written.get(key);`,
    noticedBy: OF_STATE,
  },
  {
    name: "what is deleted and isn't committed yet is still there",
    breaks: "promise 2",
    file: STATE,
    text: `if (key !== CLAIM_KEY && key !== POSITION_KEY && !this.pending.has(key))`,
    instead: `if (key !== CLAIM_KEY && key !== POSITION_KEY && this.pending.get(key)?.value == null)`,
    noticedBy: OF_STATE,
  },
  {
    name: "what is committed isn't found any more",
    breaks: "promise 2",
    file: STATE,
    text: `if (typeof value === "string") this.written.set(key, value);`,
    instead: `if (typeof value !== "string") this.written.delete(key);`,
    noticedBy: OF_STATE,
  },
  {
    name: "whoever lets go of a partition late has it kept up no more for its next owner",
    breaks: "promise 2",
    file: CHECKPOINT,
    text: `if (known?.entries === entries) known.left = true;`,
    instead: `if (known !== undefined) known.left = true;`,
    noticedBy: OF_CHECKPOINT,
  },
  {
    name: "what a former owner has committed moves the offset of the next one",
    breaks: "promise 2",
    file: CHECKPOINT,
    text: `known.entries !== entries || known.left`,
    instead: `known.left`,
    noticedBy: OF_CHECKPOINT,
  },
];
