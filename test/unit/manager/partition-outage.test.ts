/** The bus was away for a while; the partition stayed with its manager. */
import { expect, it } from "vitest";
import { onPartition } from "./partition-fixture.ts";

const step = { edges: { a: [] }, policy: { timeout: "30s" } };

it("what was asked before an outage is given 10 s after it, then its time is over", () => {
  const desk = onPartition(step);
  desk.work(desk.start());
  desk.now += 40_000;
  desk.readAgain();
  desk.work();
  expect(desk.types()).not.toContain("step.timed_out");
  expect(desk.nextDue()).toBe(desk.now + 10_000);
  desk.now += 10_000;
  desk.work();
  expect(desk.types()).toContain("step.timed_out");
});

it("an answer that was kept meanwhile counts, though it comes after its time", () => {
  const desk = onPartition(step);
  desk.work(desk.start());
  desk.now += 40_000;
  desk.readAgain();
  desk.work();
  desk.now += 5_000;
  desk.work(desk.success("a"));
  expect(desk.types().at(-1)).toBe("journey.completed");
});

it("what is asked after it has its own time only", () => {
  const desk = onPartition({ ...step, policy: { timeout: "2s" } });
  desk.work();
  desk.readAgain();
  desk.now += 1;
  desk.work(desk.start());
  desk.now += 2_000;
  desk.work();
  expect(desk.types()).toContain("step.timed_out");
});
