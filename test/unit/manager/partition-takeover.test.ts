/** A partition comes to a manager that was not there for what happened before. */
import { describe, expect, it } from "vitest";
import { UUID } from "../../support/journey-spec.ts";
import { onPartition } from "./partition-fixture.ts";

const chain = { edges: { a: [], b: ["a"] } };
const OTHER = "6f1c2d0e-0000-4000-8000-00000000a921";

describe("a manager that takes a partition over", () => {
  it("reads the flows to their end before it decides on a journey of a version it has not heard of", async () => {
    const desk = onPartition(chain);
    desk.work(desk.start());
    desk.restart("unread");
    const reply = desk.success("a");
    const first = desk.work(reply);
    expect(first).toMatchObject({ taken: 0, records: [] });
    await first.resume;
    desk.work(reply);
    expect(desk.types().slice(-2)).toEqual(["step.succeeded", "step.dispatched"]);
  });

  it("reads them before it fires a timer of such a journey, too, and forgets none that was due", async () => {
    const desk = onPartition({ ...chain, steps: { a: { retry: { maximumAttempts: 2, jitter: 0 } } } });
    desk.work(desk.start(), desk.start(OTHER));
    for (const uuid of [UUID, OTHER]) desk.work(desk.record({ uuid, function: "a", status: "failure" }));
    desk.restart("unread");
    desk.now += 1_000;
    const first = desk.work();
    expect(first).toMatchObject({ taken: 0, records: [] });
    await first.resume;
    expect(desk.nextDue()).toBeLessThanOrEqual(desk.now);
    desk.work();
    expect(desk.commands().map(({ attempt }) => attempt)).toEqual([1, 1, 2, 2]);
  });

  it("asks a service that came up meanwhile what journeys waited to ask it", () => {
    const desk = onPartition({ ...chain, steps: { a: { onServiceDown: "wait" } } });
    desk.health.svc = "down";
    desk.work(desk.start());
    desk.restart();
    expect(desk.nextDue()).toBeGreaterThan(desk.now);
    desk.health.svc = "up";
    desk.restart();
    expect(desk.nextDue()).toBeLessThanOrEqual(desk.now);
    desk.work();
    expect(desk.commands().map(({ function: called }) => called)).toEqual(["a"]);
  });
});

describe("a timer", () => {
  it("that makes another one due at once is followed by it", () => {
    const retry = { maximumAttempts: 3, initialInterval: "1s", jitter: 0 };
    const desk = onPartition({ ...chain, steps: { a: { timeout: "10s", retry } } });
    desk.work(desk.start());
    desk.now += 10_000;
    desk.work();
    expect(desk.types().at(-1)).toBe("step.retry_scheduled");
    expect(desk.nextDue()).toBe(desk.now + 1_000);
    desk.now += 1_000;
    desk.work();
    expect(desk.types().at(-1)).toBe("step.dispatched");
    expect(desk.nextDue()).toBe(desk.now + 10_000);
  });

  it("of one journey fires beside those of others in the order of their uuids, whoever has set them", () => {
    const desk = onPartition({ ...chain, steps: { a: { retry: { maximumAttempts: 2, jitter: 0 } } } });
    for (const uuid of [OTHER, UUID]) {
      desk.work(desk.start(uuid));
      desk.work(desk.record({ uuid, function: "a", status: "failure" }));
      desk.now += 100;
    }
    desk.now += 5_000;
    desk.work();
    expect(desk.commands().map(({ uuid }) => uuid)).toEqual([OTHER, UUID, UUID, OTHER]);
  });
});
