/** Breakages of the embedded bus: one transaction for everything, and nobody but its owner on a partition. */
import type { Mutant } from "./mutant.ts";

const WORK = "engine/bus/embedded/work-partition.ts";
const COMMIT = "engine/bus/embedded/group-commit.ts";
const CONTRACT = "test/contract/bus-embedded.test.ts";
const SPECS = "test/unit/bus/embedded";

export const embeddedBus: Mutant[] = [
  {
    name: "the position is committed without the state",
    breaks: "promise 2",
    file: WORK,
    text: `storage.setState(this.id, key, value, closed ? transaction.now : undefined);`,
    instead: `if (closed) storage.setState(this.id, key, value, transaction.now);`,
    noticedBy: [CONTRACT],
  },
  {
    name: "the state is committed without the position",
    breaks: "promise 2",
    file: WORK,
    text: `if (this.position !== this.committedPosition) this.context.storage.setPosition(this.id, this.position);`,
    instead: ``,
    noticedBy: [CONTRACT],
  },
  {
    name: "the state is committed without the outputs",
    breaks: "promise 2",
    file: WORK,
    text: `for (const { log, record } of writes) transaction.write(log, record);`,
    instead: `for (const { log, record } of writes.slice(1)) transaction.write(log, record);`,
    noticedBy: [CONTRACT],
  },
  {
    name: "after a commit that failed the memory stays ahead of the file",
    breaks: "promise 2",
    file: WORK,
    text: `if (this.outputs.length > 0 && this.owner !== undefined) this.revoke(this.owner);`,
    instead: ``,
    noticedBy: [CONTRACT, SPECS],
  },
  {
    name: "after a commit that failed its input is not read again",
    breaks: "promise 1",
    file: WORK,
    text: `    this.position = this.committedPosition;
    if`,
    instead: `    if`,
    noticedBy: [CONTRACT, SPECS],
  },
  {
    name: "timers fire before everything that is there has been read",
    breaks: "clocks",
    file: WORK,
    text: `if (this.callAfter !== undefined && this.position >= this.callAfter) {`,
    instead: `if (this.callAfter !== undefined) {`,
    noticedBy: [CONTRACT, SPECS],
  },
  {
    name: "the dead letter of a record that nobody can process is lost",
    breaks: "promise 1",
    file: WORK,
    text: `transaction.write(deadLetters, deadLetter(first, error, deadLetters.topic));`,
    instead: ``,
    noticedBy: [CONTRACT],
  },
  {
    name: "a record that nobody can process blocks its partition",
    breaks: "records",
    file: WORK,
    text: `this.position = first.offset + 1;`,
    instead: `this.position = first.offset;`,
    noticedBy: [CONTRACT],
  },
  {
    name: "a batch with a bad record goes to the dead letters whole",
    breaks: "records",
    file: WORK,
    text: `} else if (second !== undefined) {`,
    instead: `} else if (second !== undefined && records.length < 0) {`,
    noticedBy: [CONTRACT],
  },
  {
    name: "who has lost a partition is not told",
    breaks: "promise 4",
    file: WORK,
    text: `if (this.owner !== undefined) this.revoke(this.owner);`,
    instead: ``,
    noticedBy: [CONTRACT],
  },
  {
    name: "who has lost a partition still wakes and reads it",
    breaks: "promise 4",
    file: "engine/bus/embedded/work.ts",
    text: `return found?.owner === worker ? found : undefined;`,
    instead: `return found;`,
    noticedBy: [CONTRACT],
  },
  {
    name: "two processes own the file at once",
    breaks: "promise 4",
    file: "engine/bus/embedded/open-database.ts",
    text: `database.pragma("locking_mode = EXCLUSIVE");`,
    instead: ``,
    noticedBy: [SPECS],
  },
  {
    name: "an append is accepted before it is stored",
    breaks: "promise 1",
    file: COMMIT,
    text: `    let more: boolean;
    try {`,
    instead: `    let more: boolean;
    for (const append of appends) append.resolve(append.placements);
    try {`,
    noticedBy: [CONTRACT, SPECS],
  },
  {
    name: "an append is accepted though the commit failed",
    breaks: "promise 1",
    file: COMMIT,
    text: `append.reject(
        new`,
    instead: `append.resolve(append.placements); append.reject(
        new`,
    noticedBy: [SPECS],
  },
  {
    name: "readers see what is not committed",
    breaks: "promise 6",
    file: "engine/bus/embedded/log.ts",
    text: `    this.storage.insertRecord(this.id, written);
    this.next++;`,
    instead: `    this.storage.insertRecord(this.id, written);
    this.next++;
    this.end = this.next;`,
    noticedBy: [CONTRACT, SPECS],
  },
];
