import fc from "fast-check";
import { expect, it } from "vitest";
import type { ClosedStore } from "../../../../engine/bus/kafka/closed-store.ts";
import { type Change, PartitionState } from "../../../../engine/bus/kafka/partition-state.ts";
import { TextMap } from "../../../../engine/bus/kafka/text-map.ts";

const KEYS = ["a", "b", "c"];
const OWN: [string, string][] = [
  ["claim", "{}"],
  ["position", "7"],
];

/** The two changelogs as a reader of committed records has them, and the state of a partition on top. */
class Fixture {
  readonly open = new TextMap(OWN);
  readonly closed = new Map<string, string>();
  readonly state = new PartitionState(0, this.open, {
    get: (_: number, key: string) => this.closed.get(key),
  } as unknown as ClosedStore);
  /** Under way, in their order. */
  readonly transactions: Change[][] = [];

  change(key: string, value: string | null, closed = false): void {
    const last = this.transactions.at(-1) ?? [];
    if (this.transactions.length === 0) this.transactions.push(last);
    this.state.change(last, key, value, closed);
  }

  commit(): void {
    const entries = this.transactions.shift() ?? [];
    this.state.committed(entries.filter(({ closing }) => closing === undefined));
    // The store reads it at once.
    for (const { key, value, closing } of entries) {
      if (closing === undefined) continue;
      closing.end = 1;
      if (value === null) this.closed.delete(key);
      else this.closed.set(key, value);
    }
    this.state.storeHasRead(1);
  }
}

const change = fc.record({
  kind: fc.constant("change" as const),
  key: fc.constantFrom(...KEYS),
  value: fc.option(fc.constantFrom("1", "2", "€")),
  closed: fc.boolean(),
});
const step = fc.oneof(
  { weight: 4, arbitrary: change },
  fc.record({ kind: fc.constant("begin" as const) }),
  fc.record({ kind: fc.constant("commit" as const) }),
);

it("says what was changed last, with transactions under way and when they are committed", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const fixture = new Fixture();
      const expected = new Map<string, { value: string; closed: boolean }>();
      const check = () => {
        for (const key of KEYS) expect(fixture.state.lookup(key)).toBe(expected.get(key)?.value);
        const open = [...expected].flatMap(([key, { value, closed }]) => (closed ? [] : [[key, value]]));
        const entries = [...fixture.state.entries()].map(({ key, value }) => [key, value]);
        expect(entries.sort()).toEqual(open.sort());
      };
      for (const it of steps) {
        if (it.kind === "begin") fixture.transactions.push([]);
        else if (it.kind === "commit") fixture.commit();
        else {
          const { key, value } = it;
          // As its worker does before it changes one: only so is it known to be closed.
          fixture.state.lookup(key);
          fixture.change(key, value, it.closed);
          if (value === null) expected.delete(key);
          else expected.set(key, { value, closed: it.closed });
        }
        check();
      }
      while (fixture.transactions.length > 0) fixture.commit();
      check();
      // Whoever restores it from the changelogs alone has the same.
      const written = [...fixture.open].filter(([key]) => KEYS.includes(key));
      const both = [...written, ...fixture.closed];
      expect(both.sort()).toEqual([...expected].map(([key, { value }]) => [key, value]).sort());
    }),
    { numRuns: 500 },
  );
});

it("keeps what is decided while an earlier change of the same key is committed", () => {
  const fixture = new Fixture();
  fixture.change("a", "1");
  fixture.transactions.push([]);
  fixture.change("a", "2");
  fixture.change("b", "1");
  fixture.change("b", null);
  fixture.commit();
  expect([fixture.open.get("a"), fixture.state.lookup("a"), fixture.state.lookup("b")]).toEqual([
    "1",
    "2",
    undefined,
  ]);
});

it("keeps up the changelog's own keys, as the checkpoint has them", () => {
  const fixture = new Fixture();
  fixture.state.committed([
    { key: "position", value: "8" },
    { key: "claim", value: null },
  ]);
  expect([...fixture.open]).toEqual([["position", "8"]]);
});

it("writes nothing where nothing is to be deleted", () => {
  const fixture = new Fixture();
  fixture.change("a", null);
  expect(fixture.transactions).toEqual([[]]);
});

it("has nothing of the changelog's own keys", () => {
  const fixture = new Fixture();
  fixture.change("a", "1");
  expect([...fixture.state.entries()]).toEqual([{ key: "a", value: "1" }]);
});
