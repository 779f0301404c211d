import { beforeEach, describe, expect, it } from "vitest";
import type { BusRecord } from "../../../../engine/bus/bus.ts";
import { Quarantine } from "../../../../engine/bus/kafka/quarantine.ts";

const recordAt = (offset: number): BusRecord => ({
  ...{ topic: "tomanager", partition: 1, offset, timestamp: 0, key: "k", value: "v", headers: {} },
});
const part = (partition: number, ...offsets: number[]) => ({ partition, records: offsets.map(recordAt) });
const refused = Object.assign(new Error("too large"), { type: "MESSAGE_TOO_LARGE" });
const lost = new Error("connection lost");

let quarantine: Quarantine;
beforeEach(() => {
  quarantine = new Quarantine();
});

it("has everybody who took part in a failed transaction work alone, at once", () => {
  quarantine.failed([part(1, 5), part(2, 9)], lost, 100);
  for (const partition of [1, 2]) {
    expect(quarantine.isIsolated(partition)).toBe(true);
    expect(quarantine.blockedUntil(partition)).toBeLessThanOrEqual(100);
  }
  expect(quarantine.isIsolated(3)).toBe(false);
  quarantine.succeeded(1, 6);
  expect(quarantine.isIsolated(1)).toBe(false);
});

it("leaves one that fails alone in peace for longer each time, a minute at most", () => {
  const waits = Array.from({ length: 9 }, () => {
    quarantine.failed([part(1, 5)], lost, 0);
    return quarantine.blockedUntil(1);
  });
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

describe("content that the cluster refuses", () => {
  it("is narrowed down to the one record, which is condemned", () => {
    quarantine.failed([part(1, 5, 6, 7, 8)], refused, 0);
    expect(quarantine.suspicionOf(1)).toMatchObject({ suspectUntil: 9 });
    // Halved by the partition: 5 and 6 are fine.
    quarantine.succeeded(1, 7);
    expect(quarantine.isIsolated(1)).toBe(true);
    quarantine.failed([part(1, 7)], refused, 0);
    expect(quarantine.suspicionOf(1)).toMatchObject({ condemned: { offset: 7, withoutValue: false } });
    quarantine.succeeded(1, 9);
    expect(quarantine.isIsolated(1)).toBe(false);
  });

  it("goes to the dead letters without its value when they don't take it either, and waits when even that fails", () => {
    quarantine.failed([part(1, 7)], refused, 0);
    const buried = { partition: 1, records: [], buried: recordAt(7) };
    quarantine.failed([buried], refused, 0);
    expect(quarantine.suspicionOf(1)).toMatchObject({ condemned: { offset: 7, withoutValue: true } });
    quarantine.failed([buried], refused, 0);
    expect(quarantine.blockedUntil(1)).toBeGreaterThan(0);
  });

  it("of a call without records puts that call off, and lets records go on", () => {
    quarantine.failed([part(1)], refused, 500);
    expect(quarantine.suspicionOf(1)?.callAt).toBeGreaterThan(500);
    expect(quarantine.blockedUntil(1)).toBeLessThanOrEqual(500);
  });

  it("is nothing that a client without rights could be blamed for", () => {
    const error = Object.assign(new Error("not allowed"), { type: "TOPIC_AUTHORIZATION_FAILED" });
    quarantine.failed([part(1, 7)], error, 0);
    expect(quarantine.suspicionOf(1)?.condemned).toBeUndefined();
    expect(quarantine.blockedUntil(1)).toBeGreaterThan(0);
  });
});
