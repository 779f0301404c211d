import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Call, Journey, Step } from "../../../engine/core/journey.ts";
import { decodeClocks, decodeEnded, decodeOpen, encodeJourney } from "../../../engine/manager/state-codec.ts";

const UUID = "6f1c2d0e-0000-4000-8000-000000000001";
const begun = (input: unknown): Journey => ({
  uuid: UUID,
  name: "flow",
  version: "1",
  status: "running",
  seq: 1,
  input,
  startedAt: 1,
  steps: {},
  actions: [],
});
const stepWith = (more: Partial<Step>): Step => ({
  service: "svc",
  function: "called",
  status: "dispatched",
  attempts: 1,
  tries: 1,
  open: [],
  ...more,
});
const withStep = (journey: Journey, id: string, step: Step): Journey => ({
  ...journey,
  seq: journey.seq + 1,
  steps: { ...journey.steps, [id]: step },
});

/** What lies in the changelog, as it comes to be. */
class Store {
  readonly entries = new Map<string, string>();
  readonly written: string[] = [];
  private before: Journey | undefined;

  write(after: Journey): void {
    for (const { key, value } of encodeJourney(this.before, after)) {
      this.written.push(key.slice(UUID.length));
      if (value === null) this.entries.delete(key);
      else this.entries.set(key, value);
    }
    this.before = after;
  }

  read(): Journey {
    return decodeOpen(UUID, this.entries.get(UUID) ?? "", (name) => this.entries.get(`${UUID}/${name}`));
  }

  /** As after a restart: what comes next builds on what was read. */
  restart(): Journey {
    this.before = this.read();
    return this.before;
  }
}

const large = (text: string) => ({ text: text.padEnd(1_000, ".") });

describe("a journey in flight", () => {
  it("with small data is one entry, whatever happens to it", () => {
    const store = new Store();
    const input = { name: "Ada", seats: 5 };
    const output = { id: "u-1" };
    let journey = begun(input);
    store.write(journey);
    for (const id of ["a", "b"]) {
      journey = withStep(journey, id, stepWith({ input: id === "a" ? input : output }));
      store.write(journey);
      journey = withStep(journey, id, stepWith({ input: journey.steps[id]?.input, output, status: "succeeded" }));
      store.write(journey);
    }
    expect(new Set(store.written)).toEqual(new Set([""]));
    expect(store.read()).toEqual(journey);
  });

  it("writes what is large once, and says whose output an input is", () => {
    const store = new Store();
    const input = large("in");
    const output = large("out");
    let journey = begun(input);
    store.write(journey);
    journey = withStep(journey, "a", stepWith({ input, output, status: "succeeded" }));
    store.write(journey);
    journey = withStep(journey, "b", stepWith({ input: output }));
    store.write(journey);
    journey = withStep(journey, "c", stepWith({ input: large("of its own") }));
    store.write(journey);
    expect(store.written).toEqual(["/", "", "/o:a", "", "", "/i:c", ""]);
    const read = store.read();
    expect(read).toEqual(journey);
    // One value in memory, as before.
    expect(read.steps.a?.input).toBe(read.input);
    expect(read.steps.b?.input).toBe(read.steps.a?.output);
  });

  it("leaves no part behind that it has no more", () => {
    const store = new Store();
    let journey = begun(null);
    journey = withStep(journey, "a", stepWith({ output: large("of the service") }));
    store.write(journey);
    journey = withStep(journey, "a", stepWith({ output: "written by hand" }));
    store.write(journey);
    expect([...store.entries.keys()]).toEqual([UUID]);
    expect(store.read()).toEqual(journey);
  });

  it("is read as earlier releases wrote it, with everything apart", () => {
    const { input: _, ...record } = withStep(begun(undefined), "a", stepWith({ status: "succeeded" }));
    const stored = { ...record, steps: { a: { ...record.steps.a, o: 1, i: "" }, b: { ...stepWith({}), i: "o:a" } } };
    const parts: Record<string, string> = { "": '{"in":1}', "o:a": '{"out":1}' };
    const read = decodeOpen(UUID, JSON.stringify(stored), (name) => parts[name]);
    expect(read.input).toEqual({ in: 1 });
    expect(read.steps.a).toEqual(stepWith({ status: "succeeded", input: { in: 1 }, output: { out: 1 } }));
    expect(read.steps.b?.input).toEqual({ out: 1 });
    // What lay apart lies in the record now.
    const gone = (after: Journey) =>
      encodeJourney(read, after).flatMap(({ key, value }) => (value === null ? [key.slice(UUID.length)] : []));
    expect(gone({ ...read, seq: 9 })).toEqual(["/", "/o:a"]);
    expect(gone({ ...read, status: "completed" })).toEqual(["/", "/o:a"]);
    const [clocks] = decodeClocks([{ key: UUID, value: JSON.stringify(stored) }]);
    expect(clocks).toEqual({
      ...read,
      input: null,
      steps: { a: { ...read.steps.a, input: null, output: null }, b: { ...read.steps.b, input: null } },
    });
    const ended: Journey = { ...read, status: "completed", endedAt: 9 };
    expect(decodeEnded(UUID, JSON.stringify(ended))).toEqual(ended);
  });

  it("keeps every field, of calls whose outcome is unknown too", () => {
    const store = new Store();
    const open = [
      { attempt: 1, id: `${UUID}/a/1`, at: 5, gaveUp: true, former: true as const },
      { attempt: 2, id: "of another make", at: 1_764_530_000_000, gaveUp: false },
      { attempt: 3, id: `${UUID}/a/3`, at: 0, gaveUp: true },
    ];
    const call: Call = {
      status: "inprogress",
      attempts: 3,
      tries: 2,
      open,
      error: { code: "timeout", message: "too late" },
      startedAt: 0,
      endedAt: 1,
      clockAt: 1_764_530_000_000,
      dueAt: 3,
      fixed: true,
      totalDueAt: 4,
      retryAt: 5,
    };
    const step = stepWith({
      ...call,
      tookEffect: true,
      undo: { back: { ...call, data: null } },
      forcedInput: { data: 0 },
    });
    const journey: Journey = {
      ...withStep({ ...begun([]), startedAt: 1_000 }, "a", step),
      deadlineAt: 7,
      paused: { at: 6, from: "running" },
      parent: { uuid: UUID, step: "p", index: 0 },
      actions: ["one", "two"],
    };
    store.write(journey);
    expect(store.read()).toStrictEqual(journey);
    expect([...decodeClocks([{ key: UUID, value: store.entries.get(UUID) ?? "" }])]).toStrictEqual([journey]);
    const ended: Journey = { ...journey, status: "terminated", endedAt: 9 };
    store.write(ended);
    expect(decodeEnded(UUID, store.entries.get(UUID) ?? "")).toStrictEqual(ended);
  });

  /** Data of all sizes, many about as large as what still counts as small; undefined and NaN change as they become JSON. */
  const data = fc.oneof(
    fc.jsonValue(),
    fc.integer({ min: 200, max: 280 }).map((length) => ({ text: "t".repeat(length) })),
    fc.integer({ min: 25, max: 40 }).map((length) => Array.from({ length }, (_, index) => index)),
    fc
      .integer({ min: 230, max: 260 })
      .map((length) => ({ gone: undefined, none: Number.NaN, text: "t".repeat(length) })),
  );
  const change = fc.record({
    id: fc.constantFrom("a", "b", "c", "10", "2", "constructor"),
    source: fc.constantFrom("own", "journey", "a", "b", "none"),
    input: data,
    output: fc.option(data, { nil: undefined }),
    restart: fc.boolean(),
  });

  it("is the same after any change, with restarts in between; ended, nothing of it is left but its one record", () => {
    fc.assert(
      fc.property(data, fc.array(change, { maxLength: 12 }), (input, changes) => {
        const store = new Store();
        let journey = begun(input);
        store.write(journey);
        for (const { id, source, input: own, output, restart } of changes) {
          if (restart) journey = store.restart();
          const shared = source === "journey" ? journey.input : journey.steps[source]?.output;
          const given = source === "own" ? own : shared;
          journey = withStep(journey, id, stepWith({ input: given, output }));
          store.write(journey);
          expect(JSON.parse(JSON.stringify(store.read()))).toEqual(JSON.parse(JSON.stringify(journey)));
        }
        const ended: Journey = { ...journey, status: "completed", endedAt: 9 };
        store.write(ended);
        expect([...store.entries.keys()]).toEqual([UUID]);
        expect(decodeEnded(UUID, store.entries.get(UUID) ?? "")).toEqual(JSON.parse(JSON.stringify(ended)));
      }),
      { numRuns: 500 },
    );
  });
});
