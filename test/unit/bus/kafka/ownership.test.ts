import { beforeEach, expect, it, vi } from "vitest";
import type { Worker } from "../../../../engine/bus/bus.ts";
import type { ClaimOptions } from "../../../../engine/bus/kafka/claims.ts";
import { Ownership, type OwnershipOptions } from "../../../../engine/bus/kafka/ownership.ts";
import { Quarantine } from "../../../../engine/bus/kafka/quarantine.ts";
import { TextMap } from "../../../../engine/bus/kafka/text-map.ts";

/** Claims under way: a test lets each come to its end. */
const claims: { options: ClaimOptions; entries: TextMap; end(): void; lose(): void }[] = [];
vi.mock("../../../../engine/bus/kafka/claims.ts", () => ({
  claim: (options: ClaimOptions) =>
    new Promise((resolve) => {
      const entries = new TextMap();
      claims.push({
        options,
        entries,
        end() {
          options.onClaimed();
          resolve({ entries, position: 0 });
        },
        lose: () => resolve(undefined),
      });
    }),
}));

const PARTITION = 3;
let workId: string;
let left: { partition: number; entries: TextMap }[];
let released: { partitions: readonly number[]; done(): void }[];
let ownership: Ownership;
const turn = () => new Promise(setImmediate);

beforeEach(() => {
  claims.length = 0;
  released = [];
  left = [];
  workId = "work-1";
  const epochs = new Map<string, object>();
  const epoch = () => {
    const known = epochs.get(workId) ?? { workId, ready: Promise.resolve(0) };
    epochs.set(workId, known);
    return known;
  };
  const offsets = async (_topic: string, partitions: number[]) => new Map(partitions.map((it) => [it, 0]));
  const worker = { topic: "input", group: "group", restore() {}, nextDue: () => null } as Partial<Worker>;
  const known = {
    worker,
    topics: { state: "state", closed: "state.closed" },
    claiming: {},
    inspecting: { offsets },
    isMember: async () => false,
    confirmed: async () => {},
    closed: { upToDate: async () => {} },
    checkpoints: { leave: (partition: number, entries: TextMap) => left.push({ partition, entries }) },
    transactions: {
      get epoch() {
        return epoch();
      },
      settled: async () => {},
      hasAbandoned: () => false,
    },
    quarantine: new Quarantine(),
    idPrefix: "",
    deadLetters: "letters",
    clock: () => 0,
    logger: { info() {}, warn() {}, error() {} },
    signal: new AbortController().signal,
    onTaken() {},
    onDropped() {},
    release: (partitions: readonly number[]) =>
      new Promise<void>((done) => {
        released.push({ partitions, done });
      }),
  };
  ownership = new Ownership(known as unknown as OwnershipOptions);
});

const given = async (partitions: number[]) => {
  ownership.assign(partitions, "member");
  await turn();
};

it("gives back the claim of a partition that is another one's now", async () => {
  await given([PARTITION]);
  claims[0]?.end();
  await turn();
  expect([...ownership.working.keys()]).toEqual([PARTITION]);
  await given([]);
  expect(ownership.working.size).toBe(0);
  expect(released).toMatchObject([{ partitions: [PARTITION] }]);
});

it("gives it back too when the partition went to another one while it was being claimed", async () => {
  await given([PARTITION]);
  await given([]);
  expect(released.flatMap(({ partitions }) => partitions)).toEqual([]);
  claims[0]?.end();
  await turn();
  expect(ownership.working.size).toBe(0);
  expect(released.at(-1)).toMatchObject({ partitions: [PARTITION] });
});

it("has the checkpoint follow no partition that it could not take", async () => {
  await given([PARTITION]);
  await given([]);
  left = [];
  claims[0]?.end();
  await turn();
  expect(left).toEqual([{ partition: PARTITION, entries: claims[0]?.entries }]);
  expect(left[0]?.entries).toBe(claims[0]?.entries);
});

it("leaves the checkpoint alone where it has read nothing: another one may follow it by now", async () => {
  await given([PARTITION]);
  claims[0]?.lose();
  await given([]);
  ownership.dropAll();
  expect(left).toEqual([]);
});

it("claims a partition that it gives back itself only when what was under way is committed", async () => {
  await given([PARTITION]);
  claims[0]?.end();
  await turn();
  ownership.giveBack(PARTITION);
  await turn();
  expect([ownership.working.size, claims.length]).toEqual([0, 1]);
  expect(left[0]?.entries).toBe(claims[0]?.entries);
  released.at(-1)?.done();
  await turn();
  expect(claims).toHaveLength(2);
});

it("gives nothing back under another work id: the claim of the former one is no longer its own", async () => {
  await given([PARTITION]);
  await given([]);
  workId = "work-2";
  claims[0]?.end();
  await turn();
  expect(released.flatMap(({ partitions }) => partitions)).toEqual([]);
});

it("claims a partition that comes back only when its former claim is given back, lest the new one be gone", async () => {
  await given([PARTITION]);
  claims[0]?.end();
  await turn();
  await given([]);
  await given([PARTITION]);
  expect(claims).toHaveLength(1);
  released.at(-1)?.done();
  await turn();
  expect(claims).toHaveLength(2);
});
