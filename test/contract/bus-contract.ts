/**
 * What every adapter of the bus port promises, as tests against the port alone. An adapter runs it by
 * `busContract(NAME, createBus)`. Each test gets topics of its own.
 */
import { afterEach, beforeEach, describe } from "vitest";
import type { ObservableBus } from "../../engine/bus/bus.ts";
import { appendAndReadContract } from "./bus-contract-append.ts";
import { consumeContract } from "./bus-contract-consume.ts";
import { subscribeContract } from "./bus-contract-subscribe.ts";
import { workContract } from "./bus-contract-work.ts";

export interface BusUnderTest {
  bus: ObservableBus;
  /** Closes the bus and opens another one on the same data. */
  reopen(): Promise<ObservableBus>;
  /** Closes what is open and cleans up. */
  dispose(): Promise<void>;
  /** Where records go that a worker can't take. */
  deadLetters: string;
}

/** Makes a bus that has these topics, new and empty. */
export type CreateBus = (
  topics: { name: string; partitions: number; compacted?: boolean }[],
) => Promise<BusUnderTest>;

/** What a test works with. Topics: `input`, `output` with 4 partitions, `single` with one, `compacted` with one. */
export interface Fixture extends BusUnderTest {
  input: string;
  output: string;
  single: string;
  compacted: string;
  group: string;
}

export function busContract(name: string, createBus: CreateBus): void {
  describe(`the bus contract: ${name}`, () => {
    let fixture: Fixture;
    beforeEach(async () => {
      const id = crypto.randomUUID().slice(0, 8);
      const names = {
        input: `input-${id}`,
        output: `output-${id}`,
        single: `single-${id}`,
        compacted: `compacted-${id}`,
        group: `group-${id}`,
      };
      const created = await createBus([
        { name: names.input, partitions: 4 },
        { name: names.output, partitions: 4 },
        { name: names.single, partitions: 1 },
        { name: names.compacted, partitions: 1, compacted: true },
      ]);
      fixture = { ...created, ...names };
    });
    afterEach(() => fixture.dispose());

    const get = () => fixture;
    appendAndReadContract(get);
    subscribeContract(get);
    consumeContract(get);
    workContract(get);
  });
}
