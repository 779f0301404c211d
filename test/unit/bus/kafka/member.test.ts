import kafkajs from "kafkajs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { encodeAssignment } from "../../../../engine/bus/kafka/assignment.ts";
import type { KafkaBroker } from "../../../../engine/bus/kafka/broker.ts";
import type { Connection } from "../../../../engine/bus/kafka/client.ts";
import { GroupMembership } from "../../../../engine/bus/kafka/member.ts";

const { AssignerProtocol: codec } = kafkajs;
const SESSION_MS = 8_000;

/** What the coordinator says to every request; "away": nobody answers. */
let mood: "well" | "away" | "REBALANCE_IN_PROGRESS" | "UNKNOWN_MEMBER_ID";
let dieAtJoin = false;
let given: number[];
const joinedAs: string[] = [];
const told: string[] = [];
let member: GroupMembership;

function answer<T>(value: T): T {
  if (mood === "away") throw new Error("connection refused");
  if (mood !== "well") throw Object.assign(new Error(mood), { type: mood });
  return value;
}

const coordinator: Partial<KafkaBroker> = {
  async joinGroup({ memberId }) {
    if (dieAtJoin) mood = "away";
    dieAtJoin = false;
    if (mood === "away") answer(null);
    joinedAs.push(memberId);
    mood = "well";
    return {
      generationId: joinedAs.length,
      leaderId: "leader",
      memberId: memberId || `m${joinedAs.length}`,
      members: [],
    };
  },
  syncGroup: async () => answer({ memberAssignment: encodeAssignment(codec, "input", given) }),
  heartbeat: async () => answer({}),
  leaveGroup: async () => answer({}),
};
const connection = {
  know: async () => {},
  partitionsOf: () => 4,
  refresh: async () => {},
  async groupCoordinator() {
    if (mood === "away") answer(null);
    return coordinator as KafkaBroker;
  },
};

beforeEach(async () => {
  vi.useFakeTimers();
  mood = "well";
  dieAtJoin = false;
  given = [0, 1];
  joinedAs.length = 0;
  told.length = 0;
  member = new GroupMembership({
    connection: connection as Partial<Connection> as Connection,
    codec,
    group: "managers",
    topic: "input",
    onRebalance: async () => void told.push("rebalance"),
    onAssigned: (partitions) => told.push(`assigned ${partitions}`),
    onLost: () => told.push("lost"),
    onSilence: () => told.push("silence"),
    logger: { warn: () => {}, error: () => {} },
  });
  await member.joined;
});
afterEach(async () => {
  void member.leave();
  await vi.advanceTimersByTimeAsync(2_000);
  vi.useRealTimers();
});

const away = async (ms: number) => {
  mood = "away";
  await vi.advanceTimersByTimeAsync(ms);
  mood = "well";
  await vi.advanceTimersByTimeAsync(1_000);
};

describe("a coordinator that can't be reached", () => {
  it("changes nothing when it is back within a session", async () => {
    await away(SESSION_MS / 2);
    expect([told, joinedAs]).toEqual([["assigned 0,1"], [""]]);
  });

  it("is silence after a session: what the member has it has again when it is answered, without joining anew", async () => {
    mood = "away";
    await vi.advanceTimersByTimeAsync(SESSION_MS * 6);
    expect(told).toEqual(["assigned 0,1", "silence"]);
    expect(member.owns(0)).toBe(false);
    await away(0);
    expect([told, joinedAs]).toEqual([["assigned 0,1", "silence", "assigned 0,1"], [""]]);
    expect(member.owns(0)).toBe(true);
  });

  it("is silence in the midst of a rebalance too", async () => {
    mood = "REBALANCE_IN_PROGRESS";
    dieAtJoin = true;
    await vi.advanceTimersByTimeAsync(SESSION_MS * 2);
    expect(told).toEqual(["assigned 0,1", "rebalance", "silence"]);
    await away(0);
    expect([told.at(-1), joinedAs]).toEqual(["assigned 0,1", ["", "m1"]]);
  });

  it("lets nobody claim anything by what was so a session ago, until it has answered", async () => {
    const { signal } = new AbortController();
    await expect(member.confirmed(signal)).resolves.toBeUndefined();
    mood = "away";
    await vi.advanceTimersByTimeAsync(SESSION_MS + 1_000);
    let confirmed = false;
    void member.confirmed(signal).then(() => {
      confirmed = true;
    });
    await vi.advanceTimersByTimeAsync(SESSION_MS);
    expect(confirmed).toBe(false);
    await away(0);
    expect(confirmed).toBe(true);
  });
});

describe("a process that stood still for longer than a session", () => {
  it("owns nothing from the moment it wakes, before anybody has told it", async () => {
    vi.setSystemTime(Date.now() + SESSION_MS * 6);
    mood = "UNKNOWN_MEMBER_ID";
    await vi.advanceTimersByTimeAsync(300);
    expect(told.slice(0, 3)).toEqual(["assigned 0,1", "silence", "lost"]);
  });
});

it("joins as somebody else when the group has gone on without it, and has only what it is given then", async () => {
  given = [3];
  mood = "UNKNOWN_MEMBER_ID";
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual(["assigned 0,1", "lost", "assigned 3"]);
  expect(joinedAs).toEqual(["", ""]);
});

it("joins as itself when others have come or gone", async () => {
  given = [1];
  mood = "REBALANCE_IN_PROGRESS";
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual(["assigned 0,1", "rebalance", "assigned 1"]);
  expect(joinedAs).toEqual(["", "m1"]);
});
