import { describe, expect, it } from "vitest";
import { MANAGER, TOPICS } from "../../../engine/core/protocol.ts";
import { NO_SCHEMAS } from "../../../engine/core/turn.ts";
import { UUID } from "../../support/journey-spec.ts";
import { HOME, onPartition } from "./partition-fixture.ts";

const chain = { edges: { a: [], b: ["a"] } };
const SECOND_MS = 1_000;
/** Longer than what is granted after a takeover. */
const LONG_AFTER_MS = 3_600_000;

describe("a partition's input", () => {
  it("comes before its timers: a success that is there when the clock runs out is no timeout", () => {
    const desk = onPartition(chain);
    desk.work(desk.start());
    desk.now += LONG_AFTER_MS;
    desk.work(desk.success("a"));
    desk.work();
    expect(desk.types()).toEqual(["journey.started", "step.dispatched", "step.succeeded", "step.dispatched"]);
  });

  it("starts a journey once, however often the start comes", () => {
    const desk = onPartition(chain);
    desk.work(desk.start(), desk.start());
    desk.restart();
    desk.work(desk.start());
    expect(desk.types()).toEqual(["journey.started", "step.dispatched"]);
  });

  it("goes home with its origin when another client's hash put it here", () => {
    const desk = onPartition(chain);
    const away = desk.record(
      { uuid: "6f1c2d0e-0000-4000-8000-00000000a922", service: MANAGER, function: "start" },
      { key: "whatever", headers: { traceparent: "t" } },
    );
    desk.work(away);
    expect(desk.sent).toMatchObject([
      {
        topic: TOPICS.toManager,
        value: away.value,
        headers: { traceparent: "t", "origin-partition": String(HOME), "origin-offset": String(away.offset) },
      },
    ]);
    expect(desk.sent[0]?.partition).not.toBe(HOME);
  });

  it("that is an action or a reply finds a journey that has ended, also after a restart", () => {
    const desk = onPartition({ edges: { a: [] } });
    desk.work(desk.start());
    desk.work(desk.success("a"));
    desk.restart();
    const data = { id: "1", actor: "olga", reason: "r" };
    desk.work(desk.record({ service: MANAGER, function: "rollback", data }));
    expect(desk.commands().map(({ function: called }) => called)).toEqual(["a", "undo_a"]);
    expect(desk.sent.filter(({ topic }) => topic === TOPICS.deadLetter)).toEqual([]);
  });
});

describe("a start of a flow that is not known", () => {
  it("waits until the flows have been read to their end, with the rest of the batch behind it", async () => {
    const desk = onPartition();
    desk.unread.push(chain);
    const batch = [desk.start(), desk.success("a")];
    const first = desk.work(...batch);
    expect(first).toMatchObject({ taken: 0, records: [] });
    await first.resume;
    expect(desk.work(...batch).taken).toBeUndefined();
    expect(desk.types()).toContain("step.succeeded");
  });

  it("goes to the dead letters when it is not among them, with its bytes and where it stood", async () => {
    const desk = onPartition();
    const start = desk.start();
    await desk.work(start).resume;
    desk.work(start);
    expect(desk.sent).toMatchObject([
      {
        topic: TOPICS.deadLetter,
        key: start.key,
        value: start.value,
        headers: { reason: "unknown_flow", topic: TOPICS.toManager, offset: String(start.offset) },
      },
    ]);
  });
});

describe("a record that breaks the schema of its topic", () => {
  const refuses = (text: string) =>
    text.includes("trace") ? undefined : "record must have required property 'trace'";

  it("goes to the dead letters with the bytes it had, and changes nothing", () => {
    const desk = onPartition(chain);
    desk.work(desk.start());
    desk.schemas = { ...NO_SCHEMAS, record: refuses };
    const reply = { ...desk.success("a"), schemaId: 7 };
    desk.work(reply);
    expect(desk.sent.at(-1)).toMatchObject({
      ...{ topic: TOPICS.deadLetter, value: reply.value, schemaId: 7 },
      headers: { reason: "schema_invalid", message: "record must have required property 'trace'" },
    });
    expect(desk.types()).not.toContain("step.succeeded");
  });

  it("may be the manager's own: starts and actions are the protocol's", () => {
    const desk = onPartition(chain);
    desk.schemas = { ...NO_SCHEMAS, record: refuses };
    desk.work(desk.start());
    expect(desk.types()).toContain("step.dispatched");
  });
});

describe("a partition's timers", () => {
  it("are there again after a restart", () => {
    const desk = onPartition(chain);
    desk.work(desk.start());
    const due = desk.nextDue();
    expect(due).toBe(desk.now + 30 * SECOND_MS);
    desk.restart();
    expect(desk.nextDue()).toBe(due);
  });

  it("leave 10 s after a takeover to answers that nobody was there to read", () => {
    const desk = onPartition(chain);
    desk.work(desk.start());
    desk.restart();
    desk.now += LONG_AFTER_MS;
    desk.work();
    expect(desk.types()).not.toContain("step.timed_out");
    desk.now += 9 * SECOND_MS;
    desk.work(desk.success("a"));
    expect(desk.types().at(-1)).toBe("step.dispatched");
  });

  it("go on after those 10 s", () => {
    const desk = onPartition(chain);
    desk.work(desk.start());
    desk.restart();
    desk.now += LONG_AFTER_MS;
    desk.work();
    desk.now += 10 * SECOND_MS;
    desk.work();
    expect(desk.types()).toContain("step.timed_out");
  });

  it("stand still while the service holds its records, and are looked at again", () => {
    const desk = onPartition(chain);
    desk.work(desk.start());
    desk.now += 31 * SECOND_MS;
    desk.held.svc = 20 * SECOND_MS;
    desk.work();
    expect(desk.types()).not.toContain("step.timed_out");
    expect(desk.nextDue()).toBe(desk.now + 19 * SECOND_MS);
    desk.now += 19 * SECOND_MS;
    desk.work();
    expect(desk.types()).toContain("step.timed_out");
  });

  it("fire when a service comes up that a journey waits for", () => {
    const desk = onPartition({ ...chain, steps: { a: { onServiceDown: "wait" } } });
    desk.health.svc = "down";
    desk.work(desk.start());
    expect(desk.commands()).toEqual([]);
    desk.health.svc = "up";
    expect([desk.serviceChanged("other"), desk.serviceChanged("svc")]).toEqual([false, true]);
    expect(desk.nextDue()).toBe(desk.now);
    desk.work();
    expect(desk.commands().map(({ function: called }) => called)).toEqual(["a"]);
  });
});

describe("what a partition gives to the bus", () => {
  it("is what a journey needs after a restart, outputs and all", () => {
    const desk = onPartition({ edges: { a: [], b: ["a"], c: ["b"] } });
    desk.work(desk.start());
    desk.work(desk.success("a"));
    desk.restart();
    desk.work(desk.record({ function: "b", status: "failure", error: { message: "no" } }));
    expect(desk.commands().at(-1)).toMatchObject({ function: "undo_a", data: { from: "a" } });
  });

  it("of a journey that has ended is one closed entry, and nothing else is left", () => {
    const desk = onPartition(chain);
    desk.work(desk.start());
    desk.work(desk.success("a"));
    expect([...desk.state.keys()]).toEqual([UUID]);
    desk.work(desk.success("b"));
    expect([...desk.state].map(([key, { closed }]) => [key, closed])).toEqual([[UUID, true]]);
    expect([desk.inFlight(), desk.nextDue()]).toEqual([0, null]);
  });
});
