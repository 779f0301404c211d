import { describe, expect, test } from "vitest";
import {
  addressOf,
  healthInWords,
  healthOf,
  keptInWords,
  leadersByBroker,
  type Topic,
} from "../../../../renderer/cluster/cluster-health.ts";

const topic = (offsets: Partial<Topic["offsets"][number]>[], more: Partial<Topic> = {}): Topic => ({
  name: "tomanager",
  partitions: offsets.length,
  compacted: false,
  records: 0,
  offsets: offsets.map((each, partition) => ({ partition, start: 0, end: 0, ...each })),
  ...more,
});
const whole = { leader: 1, replicas: [1, 2, 3], in_sync: [1, 2, 3] };

describe("the health of a topic", () => {
  test("is that of its worst partition", () => {
    expect(healthInWords(healthOf(topic([whole, whole])))).toEqual({ tone: "ok", words: "in sync" });
    const late = topic([whole, { ...whole, in_sync: [1, 3] }]);
    expect(healthOf(late)).toEqual({ known: true, leaderless: [], behind: [1] });
    expect(healthInWords(healthOf(late))).toEqual({ tone: "warn", words: "copies behind in 1 partition" });
    const gone = topic([
      { replicas: [1], in_sync: [] },
      { ...whole, in_sync: [1] },
    ]);
    expect(healthOf(gone)).toEqual({ known: true, leaderless: [0], behind: [1] });
    expect(healthInWords(healthOf(gone)).words).toBe("1 partition without leader");
  });

  test("isn't known on the embedded bus, which has no copies", () => {
    expect(healthInWords(healthOf(topic([{}, {}])))).toEqual({ tone: "dim", words: "" });
  });
});

describe("what is said of a cluster", () => {
  test("how long a topic's records are kept", () => {
    expect(keptInWords(topic([], { retention_ms: 7 * 86_400_000 }))).toBe("7 days");
    expect(keptInWords(topic([], { retention_ms: 5_400_000 }))).toBe("1 h 30 m");
    expect(keptInWords(topic([], { retention_ms: -1 }))).toBe("for ever");
    expect(keptInWords(topic([], { compacted: true }))).toBe("newest of each key");
    expect(keptInWords(topic([]))).toBe("every record");
  });

  test("how many partitions a broker leads, and where it is", () => {
    expect([...leadersByBroker([topic([whole, { leader: 2 }, {}]), topic([whole])])]).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expect(addressOf({ id: 1, host: "b", port: 9092, controller: false })).toBe("b:9092");
    expect(addressOf({ id: 0, host: "this console", controller: true })).toBe("this console");
  });
});
