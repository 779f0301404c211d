/**
 * A worker small enough to be checked from outside: it counts the inputs of each key in its state and sends each count
 * on. Some values make it do more:
 *
 *   poison     `process` throws, after it has touched its memory
 *   forget     deletes the key's state
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
  private readonly out: string;

  constructor(names: { topic: string; out: string; group: string }) {
    this.topic = names.topic;
    this.group = names.group;
    this.out = names.out;
  }

  restore(partition: number, state: Iterable<StateEntry>): void {
    const entries = [...state].map(({ key, value }): [string, CountState] => [key, JSON.parse(value)]);
    this.memory.set(partition, new Map(entries));
    this.calls.add([{ call: "restore", partition, size: entries.length }]);
  }

  process(partition: number, records: BusRecord[], now: number): Output {
    this.onProcess(partition, records);
    const memory = this.memory.get(partition);
    if (memory === undefined) throw new Error(`partition ${partition} is not restored`);
    const output: Output = { records: [], state: [] };
    const put = (key: string, state: CountState | null) => {
      if (state === null) memory.delete(key);
      else memory.set(key, state);
      output.state.push({ key, value: state && JSON.stringify(state) });
    };
    for (const [key, state] of memory) {
      if (records.length > 0 || state.dueAt === undefined || state.dueAt > now) continue;
      output.records.push({ topic: this.out, key, value: `timer ${key}` });
      put(key, { count: state.count });
    }
    for (const record of records) {
      const key = record.key ?? "";
      const state = { ...(memory.get(key) ?? { count: 0 }) };
      state.count++;
      const [word, argument = "0"] = (record.value ?? "").split(" ");
      if (word === "timer") state.dueAt = now + Number(argument);
      put(key, word === "forget" ? null : state);
      output.records.push(...this.answers(record, state, word, Number(argument)));
    }
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

  private answers(record: BusRecord, state: CountState, word: string | undefined, argument: number): NewRecord[] {
    const { key } = record;
    if (word === "poison") throw new Error("poison is not for me");
    if (word === "lost") return [{ topic: `${this.out}-nowhere`, key, value: null }];
    const answer = { topic: this.out, key, value: `${key} ${state.count}` };
    if (word !== "again" || argument === 0) return [answer];
    return [answer, { topic: this.topic, key, value: `again ${argument - 1}` }];
  }
}
