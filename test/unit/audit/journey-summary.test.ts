import { describe, expect, it } from "vitest";
import { foldAll } from "../../../engine/audit/fold.ts";
import { summarize } from "../../../engine/audit/journey-summary.ts";
import { History } from "./cache-fixture.ts";

function summaryOf(history: History) {
  const journey = foldAll(history.events);
  if (!journey) throw new Error("no journey");
  return summarize(journey);
}

const NO_SEATS = { code: "FULL", message: "no seats" };
const LOCKED = { message: "locked" };
const undo = { step: "a", service: "user", function: "delete_user", attempt: 1 };

describe("where a journey stands", () => {
  it("is the steps in flight, and those that wait for their next attempt", () => {
    const history = new History(1)
      .ran("a", "user.create_user")
      .dispatched("b", "license.add_license")
      .dispatched("c", "mail.send")
      .add("step.failed", { step: "c", service: "mail", function: "send", attempt: 1, error: LOCKED })
      .add("step.retry_scheduled", {
        step: "c",
        service: "mail",
        function: "send",
        attempt: 2,
        detail: { due: "2026-11-22T11:00:00.000Z" },
      });
    expect(summaryOf(history)).toEqual({
      places: ["b", "c"],
      error: undefined,
      failure: undefined,
      services: ["user", "license", "mail"],
    });
  });

  it("stays while it is paused", () => {
    const history = new History(1).dispatched("a", "user.create_user").by("journey.paused", "act", "eve", "");
    expect(summaryOf(history).places).toEqual(["a"]);
  });

  it("is the steps being undone, then the one that failed", () => {
    const history = new History(1).ran("a", "user.create_user").failed("b", "license.add_license", NO_SEATS);
    history.add("undo.dispatched", { ...undo, data: {} });
    expect(summaryOf(history)).toMatchObject({ places: ["a"], error: NO_SEATS });
    history.add("undo.succeeded", { ...undo, data: null }).add("rollback.completed");
    expect(summaryOf(history)).toMatchObject({
      places: ["b"],
      error: NO_SEATS,
      failure: { service: "license", function: "add_license", ...NO_SEATS },
    });
  });

  it("is the undo that is stuck", () => {
    const history = new History(1)
      .ran("a", "user.create_user")
      .failed("b", "license.add_license", NO_SEATS)
      .add("undo.dispatched", { ...undo, data: {} })
      .add("undo.failed", { ...undo, error: LOCKED })
      .add("rollback.failed", { ...undo, error: LOCKED });
    expect(summaryOf(history)).toMatchObject({
      places: ["a"],
      error: LOCKED,
      failure: { service: "user", function: "delete_user", message: "locked" },
    });
  });

  it("is the step that a person has to decide on", () => {
    const history = new History(1)
      .dispatched("a", "user.create_user")
      .add("step.timed_out", { step: "a", service: "user", function: "create_user", attempt: 1, error: LOCKED })
      .add("journey.held", { step: "a", reason: "not known", detail: { kind: "unknown" } });
    expect(summaryOf(history)).toMatchObject({ places: ["a"], error: LOCKED, failure: { service: "user" } });
  });

  it("is nowhere once it is completed", () => {
    expect(summaryOf(new History(1).ran("a", "user.create_user").completed()).places).toEqual([]);
  });

  it("counts no built-in step as a service", () => {
    expect(summaryOf(new History(1).ran("w", "manager.wait").ran("a", "user.create_user")).services).toEqual([
      "user",
    ]);
  });

  it("blames the deadline on nobody's function", () => {
    const error = { code: "deadline_exceeded", message: "the journey's deadline has passed" };
    const history = new History(1).dispatched("a", "user.create_user").add("rollback.started", {
      reason: "deadline exceeded",
      error,
      detail: { trigger: "deadline", scope: "journey", set: ["a"], blind: [] },
    });
    expect(summaryOf(history).failure).toEqual({ service: "manager", function: "deadline", ...error });
  });
});
