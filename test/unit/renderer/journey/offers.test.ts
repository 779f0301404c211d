import { describe, expect, it } from "vitest";
import type { ActionName } from "../../../../engine/core/protocol.ts";
import { firstForm, makeRequest } from "../../../../renderer/journey/action/action-form.ts";
import { type Offer, offersOf, stepOffers } from "../../../../renderer/journey/offers.ts";
import { type FlowSketch, given, type Spec } from "../../../support/journey-spec.ts";

const chain: FlowSketch = { edges: { a: [], b: ["a"], c: ["b"] } };

function stuck(): Spec {
  const spec = given(chain);
  spec.success("a");
  spec.success("b");
  spec.failure("c");
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    spec.undoFails("b");
    if (attempt < 3) spec.nextTimer();
  }
  return spec;
}

/** A journey in each state that an operator may meet, by name. */
const STATES: Record<string, () => Spec> = {
  running: () => {
    const spec = given(chain);
    spec.success("a");
    return spec;
  },
  completed: () => {
    const spec = given(chain);
    for (const step of ["a", "b", "c"]) spec.success(step);
    return spec;
  },
  rolling_back: () => {
    const spec = given(chain);
    spec.success("a");
    spec.failure("b");
    return spec;
  },
  rollback_failed: stuck,
  rolled_back: () => {
    const spec = given(chain);
    spec.success("a");
    spec.failure("b");
    spec.undone("a");
    return spec;
  },
  "rolled back along a path": () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["a"] }, policy: { scope: "path" } });
    spec.success("a");
    spec.success("b");
    spec.failure("c");
    spec.undone("a");
    return spec;
  },
  paused: () => {
    const spec = given(chain);
    spec.action("pause");
    return spec;
  },
  terminated: () => {
    const spec = given(chain);
    spec.action("terminate");
    return spec;
  },
  "held after the pivot": () => {
    const spec = given({ ...chain, steps: { a: { pivot: true } } });
    spec.success("a");
    spec.failure("b");
    return spec;
  },
  "held for an unknown outcome": () => {
    const spec = given({ ...chain, steps: { b: { onTimeout: "hold" } } });
    spec.success("a");
    spec.after(30_000);
    return spec;
  },
  "held for an unknown outcome in a rollback": () => {
    const spec = given({ edges: { a: [], b: ["a"], c: ["a"] }, steps: { b: { onTimeout: "hold" } } });
    spec.success("a");
    spec.failure("c");
    spec.after(30_000);
    return spec;
  },
  "held for an approval": () => {
    const spec = given({ edges: { a: [], b: ["a"] }, calls: { b: "manager.approve" } });
    spec.success("a");
    return spec;
  },
  "held where it was rolled back to": () => {
    const spec = given(chain);
    for (const step of ["a", "b", "c"]) spec.success(step);
    spec.action("rollback", { scope: "to", to: "b" });
    spec.undone("c");
    return spec;
  },
};

/** What the engine says to an offer as its sheet would first ask it; with force, as the sheet offers it over a pivot. */
function refusal(spec: Spec, offer: Offer): string | undefined {
  const form = { ...firstForm(offer, spec.journey), force: true };
  spec.flows = [spec.flow, { ...spec.flow, version: "2" }];
  const failed = spec.flow.order.some((id) => ["failed", "timed_out"].includes(spec.journey.steps[id]?.status ?? ""));
  // Where the sheet asks for a step, one that has run is chosen.
  const step = form.step ?? spec.flow.order.find((id) => (spec.journey.steps[id]?.attempts ?? 0) > 0);
  const made = makeRequest(offer, { ...form, step, version: offer.action === "migrate" ? "2" : undefined }, failed);
  if (!made.ok) return made.message;
  const { action, ...fields } = made.request;
  try {
    spec.dryRun(action as ActionName, fields);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe("the actions offered", () => {
  for (const [name, state] of Object.entries(STATES)) {
    it(`of a journey ${name} are none that the engine refuses`, () => {
      const spec = state();
      const offers = offersOf(spec.journey, spec.flow);
      expect(offers.length).toBeGreaterThan(0);
      const refused = offers.map((offer) => [offer.id, refusal(spec, offer)]).filter(([, why]) => why !== undefined);
      expect(refused).toEqual([]);
    });

    it(`of the steps of a journey ${name} are none that the engine refuses`, () => {
      const spec = state();
      const offers = spec.flow.order.flatMap((step) => stepOffers(spec.journey, spec.flow, step));
      const refused = offers.map((offer) => [offer.id, refusal(spec, offer)]).filter(([, why]) => why !== undefined);
      expect(refused).toEqual([]);
    });
  }

  it("begin with the one most likely to settle it", () => {
    const first = (spec: Spec) => offersOf(spec.journey, spec.flow)[0]?.id;
    expect(first(STATES.rollback_failed!())).toBe("retry b undo_b");
    expect(first(STATES["held after the pivot"]!())).toBe("retry b");
    expect(first(STATES["held for an unknown outcome"]!())).toBe("complete b");
    expect(first(STATES["held for an approval"]!())).toBe("complete b");
    expect(first(STATES["held where it was rolled back to"]!())).toBe("resume");
    expect(first(STATES.paused!())).toBe("resume");
    expect(first(STATES.completed!())).toBe("rollback");
    expect(first(STATES.rolled_back!())).toBe("replay");
  });

  it("name each negation that failed, so that one of two can be tried alone", () => {
    const spec = given({ ...chain, negations: { b: ["unb", "log"] } });
    spec.success("a");
    spec.success("b");
    spec.failure("c");
    for (const name of ["unb", "log"]) spec.undoFails("b", name, false);
    expect(
      offersOf(spec.journey, spec.flow)
        .slice(0, 4)
        .map(({ id }) => id),
    ).toEqual(["retry b unb", "retry b log", "skip b unb", "skip b log"]);
  });

  it("are none where the flow isn't known: nobody could say what they would send", () => {
    expect(offersOf(STATES.completed!().journey, undefined)).toEqual([]);
  });
});

describe("the request of an action", () => {
  const offer: Offer = { id: "x", action: "rollback", label: "", short: "", grave: true };

  it("of a scope that starts from a step needs one where none has failed", () => {
    const spec = STATES.completed!();
    const form = { ...firstForm(offer, spec.journey), scope: "path" as const };
    expect(makeRequest(offer, form, false)).toMatchObject({ ok: false });
    expect(makeRequest(offer, { ...form, step: "b" }, false)).toEqual({
      ok: true,
      request: { action: "rollback", scope: "path", step: "b" },
    });
    expect(makeRequest(offer, form, true)).toEqual({ ok: true, request: { action: "rollback", scope: "path" } });
  });

  it("carries force and the failed step only when they were asked for", () => {
    const spec = STATES.completed!();
    const form = { ...firstForm(offer, spec.journey), force: true, attempted: true };
    expect(makeRequest(offer, form, false)).toEqual({
      ok: true,
      request: { action: "rollback", scope: "journey", force: true, include: "attempted" },
    });
  });

  it("takes JSON as it was typed, null too, and refuses what isn't JSON", () => {
    const retry: Offer = { ...offer, action: "retry", step: "b", function: "unb" };
    const form = firstForm(retry, stuck().journey);
    expect(makeRequest(retry, form, true)).toEqual({
      ok: true,
      request: { action: "retry", step: "b", function: "unb" },
    });
    expect(makeRequest(retry, { ...form, data: "null" }, true)).toMatchObject({ request: { data: null } });
    expect(makeRequest(retry, { ...form, data: "{" }, true)).toMatchObject({ ok: false });
  });

  it("completes a step only with something: null says that nothing came out", () => {
    const complete: Offer = { ...offer, action: "complete", step: "b" };
    const form = firstForm(complete, STATES["held for an unknown outcome"]!().journey);
    expect(makeRequest(complete, { ...form, output: " " }, true)).toMatchObject({ ok: false });
    expect(makeRequest(complete, form, true)).toEqual({
      ok: true,
      request: { action: "complete", step: "b", output: null },
    });
  });
});
