/**
 * A worker small enough to be checked from outside: it counts the inputs of each key in its state and sends each count
 * on. Some values make it do more:
 *
 *   poison     `process` throws, after it has touched its memory
 *   forget     deletes the key's state
 *   close      closes the key's state: the memory forgets it, the next input of the key looks it up
 *   later      takes nothing from here on until `resume` is called, the first time it is seen
 *   again N    sends "again N-1" to its own topic, down to "again 0"
 *   timer MS   asks to be called MS later; the call sends "timer KEY"
 *   lost       sends a record to a topic that doesn't exist
 */
import type { BusRecord, NewRecord, Output, StateEntry, Worker } from "../../engine/bus/bus.ts";
import { Inbox } from "./bus-inbox.ts";

export interface CountState {
  count: number;
  dueAt?: number;
}

export class CountingWorker implements Worker {
  readonly topic: string;
  readonly group: string;
  /** What happened, in order. */
  readonly calls = new Inbox<{
    call: "restore" | "process" | "revoke" | "committed";
    partition: number;
    size: number;
  }>();
  /** Partition -> key -> state: the memory. */
  readonly memory = new Map<number, Map<string, CountState>>();
  /** Called at the beginning of each `process`. */
  onProcess: (partition: number, records: BusRecord[]) => void = () => {};
  /** Ends the wait that a `later` has begun. */
  resume: () => void = () => {};
  private readonly out: string;
  private readonly lookups = new Map<number, (key: string) => string | undefined>();
  private readonly waitedFor = new Set<string>();

  constructor(names: { topic: string; out: string; group: string }) {
    this.topic = names.topic;
    this.group = names.group;
    this.out = names.out;
  }

  restore(partition: number, state: Iterable<StateEntry>, lookup: (key: string) => string | undefined): void {
    this.lookups.set(partition, lookup);
    const entries = [...state].map(({ key, value }): [string, CountState] => [key, JSON.parse(value)]);
    this.memory.set(partition, new Map(entries));
    this.calls.add([{ call: "restore", partition, size: entries.length }]);
  }

  process(partition: number, records: BusRecord[], now: number): Output {
    this.onProcess(partition, records);
    const memory = this.memory.get(partition);
    if (memory === undefined) throw new Error(`partition ${partition} is not restored`);
    const output: Output = { records: [], state: [] };
    // A lookup sees what is stored, and not yet what this call closes: that is forgotten at the end of the call.
    if (records.length === 0) this.fireTimers(memory, now, output);
    for (const [index, record] of records.entries()) {
      const [word = "", argument = "0"] = (record.value ?? "").split(" ");
      if (word === "later" && !this.waitedFor.has(`${record.offset}`)) {
        this.waitedFor.add(`${record.offset}`);
        output.taken = index;
        output.resume = new Promise((resolve) => {
          this.resume = resolve;
        });
        break;
      }
      const key = record.key ?? "";
      const state = this.stateOf(partition, key);
      state.count++;
      if (word === "timer") state.dueAt = now + Number(argument);
      if (word === "forget") memory.delete(key);
      else memory.set(key, state);
      const value = word === "forget" ? null : JSON.stringify(state);
      output.state.push({ key, value, closed: word === "close" });
      output.records.push(...this.answers(record, state, word, Number(argument)));
    }
    const last = new Map(output.state.map((change) => [change.key, change]));
    for (const { key, closed } of last.values()) if (closed) memory.delete(key);
    this.calls.add([{ call: "process", partition, size: records.length }]);
    return output;
  }

  nextDue(partition: number): number | null {
    const dues = [...(this.memory.get(partition)?.values() ?? [])].flatMap(({ dueAt }) => dueAt ?? []);
    return dues.length === 0 ? null : Math.min(...dues);
  }

  revoke(partition: number): void {
    this.memory.delete(partition);
    this.calls.add([{ call: "revoke", partition, size: 0 }]);
  }

  committed(partition: number, output: Output): void {
    this.calls.add([{ call: "committed", partition, size: output.records.length }]);
  }

  /** The memory of all partitions, by key. */
  counts(): Record<string, number> {
    const entries = [...this.memory.values()].flatMap((memory) => [...memory]);
    return Object.fromEntries(entries.map(([key, { count }]) => [key, count]));
  }

  private stateOf(partition: number, key: string): CountState {
    const known = this.memory.get(partition)?.get(key);
    if (known !== undefined) return { ...known };
    const closed = this.lookups.get(partition)?.(key);
    return closed === undefined ? { count: 0 } : JSON.parse(closed);
  }

  private fireTimers(memory: Map<string, CountState>, now: number, output: Output): void {
    for (const [key, { count, dueAt }] of memory) {
      if (dueAt === undefined || dueAt > now) continue;
      memory.set(key, { count });
      output.state.push({ key, value: JSON.stringify({ count }) });
      output.records.push({ topic: this.out, key, value: `timer ${key}` });
    }
  }

  private answers(record: BusRecord, state: CountState, word: string, argument: number): NewRecord[] {
    const { key } = record;
    if (word === "poison") throw new Error("poison is not for me");
    if (word === "lost") return [{ topic: `${this.out}-nowhere`, key, value: null }];
    const answer = { topic: this.out, key, value: `${key} ${state.count}` };
    if (word !== "again" || argument === 0) return [answer];
    return [answer, { topic: this.topic, key, value: `again ${argument - 1}` }];
  }
}
