import { describe, expect, it } from "vitest";
import { explain, plainText } from "../../../../renderer/journey/why.ts";
import { type FlowSketch, given, type Spec } from "../../../support/journey-spec.ts";

const onboarding: FlowSketch = {
  name: "onboarding",
  edges: { user: [], license: ["user"], member: ["license"] },
  calls: { user: "user.create_user", license: "license.add_license", member: "membership.add_membership" },
  negations: { user: ["delete_user"], license: ["remove_license", "log_removal"], member: ["remove_membership"] },
};

const clock = (iso: string): string => iso.slice(11, 19);

function why(spec: Spec): string | undefined {
  const told = explain(spec.journey, spec.events, spec.flow, clock);
  return told && plainText(told);
}

/** Driven until member has failed. */
function failedAtTheEnd(sketch: FlowSketch = onboarding): Spec {
  const spec = given(sketch);
  spec.success("user");
  spec.success("license");
  spec.failure("member", { message: "quota exceeded" });
  return spec;
}

describe("the chain of causes", () => {
  it("is silent while everything goes as it was drawn", () => {
    const spec = given(onboarding);
    expect(why(spec)).toBeUndefined();
    spec.success("user");
    spec.success("license");
    spec.success("member");
    expect([spec.journey.status, why(spec)]).toEqual(["completed", undefined]);
  });

  it("tells what failed, what is being undone and what waits its turn", () => {
    expect(why(failedAtTheEnd())).toBe(
      "membership.add_membership failed (quota exceeded), so the journey is being undone. " +
        "Being undone now: license.add_license. user.create_user still stands and waits its turn.",
    );
  });

  it("tells that all was undone, and in which order", () => {
    const spec = failedAtTheEnd();
    spec.undone("license", "remove_license");
    spec.undone("license", "log_removal");
    spec.undone("user");
    expect(why(spec)).toBe(
      "membership.add_membership failed (quota exceeded), so the journey was undone. " +
        "license.add_license and user.create_user were undone, in this order.",
    );
  });

  it("goes back from a negation that failed to what began it, and names what waits for it", () => {
    const spec = failedAtTheEnd();
    spec.undone("license", "log_removal");
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      spec.reply({
        service: "license",
        function: "remove_license",
        status: "failure",
        step: "license",
        error: { code: "409", message: "seat already released" },
      });
      if (attempt < 3) spec.nextTimer();
    }
    expect(spec.journey.status).toBe("rollback_failed");
    expect(why(spec)).toBe(
      "membership.add_membership failed (quota exceeded), so the journey was undone. " +
        "Undoing license.add_license stopped: remove_license failed 3 times (seat already released, 409). " +
        "user.create_user still stands and waits for it.",
    );
    spec.action("skip", { step: "license", reason: "released by hand" });
    spec.undone("user");
    expect(why(spec)).toContain(
      "olga marked remove_license of license.add_license as done by hand (“released by hand”).",
    );
  });

  it("leads from each step it names to that step", () => {
    const spec = failedAtTheEnd();
    const told = explain(spec.journey, spec.events, spec.flow, clock);
    expect(told?.pieces.flatMap(({ step }) => (step === undefined ? [] : [step]))).toEqual([
      "member",
      "license",
      "user",
    ]);
  });

  it("counts the attempts of a step that was retried", () => {
    const spec = given({ ...onboarding, steps: { user: { retry: { maximumAttempts: 2 } } } });
    spec.failure("user", { message: "no database" });
    expect(why(spec)).toBe("user.create_user failed in attempt 1 of 2 (no database); the next goes out at 03:12:45.");
    spec.nextTimer();
    spec.failure("user", { message: "no database" });
    expect(why(spec)).toBe(
      "user.create_user failed twice (no database), so the journey was undone. Nothing had to be undone.",
    );
  });

  it("tells how long there was no answer", () => {
    const spec = given(onboarding);
    spec.success("user");
    spec.after(30_000);
    expect(why(spec)).toMatch(/^license.add_license gave no answer for 30.0 s, so the journey is being undone\./);
  });

  it("tells that a success came late, after the rollback had ended", () => {
    const spec = given({ ...onboarding, steps: { license: { onTimeout: "ignore" } } });
    spec.success("user");
    spec.after(30_000);
    spec.undone("user");
    spec.success("license");
    expect(spec.journey.status).toBe("rolling_back");
    expect(why(spec)).toContain(
      "license.add_license succeeded late, after the rollback had ended, so the journey was opened again to undo it.",
    );
  });

  it("names the operator who cancelled it, and why", () => {
    const spec = given(onboarding);
    spec.success("user");
    spec.action("cancel", { reason: "customer withdrew" });
    expect(why(spec)).toBe(
      "olga cancelled it (“customer withdrew”). license.add_license is still under way: its answer is waited for. " +
        "user.create_user still stands and waits its turn.",
    );
  });

  it("tells what joined a rollback", () => {
    const spec = failedAtTheEnd();
    spec.action("cancel", { reason: "enough" });
    expect(why(spec)).toContain("olga cancelled it (“enough”): that joined the rollback.");
  });

  it("tells who terminated it and what stands", () => {
    const spec = given(onboarding);
    spec.success("user");
    spec.action("terminate", { reason: "test data" });
    expect(why(spec)).toBe("olga terminated it (“test data”). user.create_user took effect and stands.");
  });

  it("tells who paused it and what was under way", () => {
    const spec = given(onboarding);
    spec.action("pause", { reason: "maintenance" });
    expect(why(spec)).toBe(
      "olga paused it (“maintenance”): nothing is sent and no clock runs. " +
        "user.create_user was under way; its answer is recorded.",
    );
  });

  it("tells that a failure after the pivot waits for somebody", () => {
    const spec = given({ ...onboarding, steps: { user: { pivot: true } } });
    spec.success("user");
    spec.failure("license", { message: "no seats" });
    expect(why(spec)).toBe(
      "license.add_license failed (no seats) after the point of no return, so nothing is undone: somebody has to decide.",
    );
  });

  it("tells that an unknown outcome has to be found out", () => {
    const spec = given({ ...onboarding, steps: { license: { onTimeout: "hold" } } });
    spec.success("user");
    spec.after(30_000);
    expect(why(spec)).toBe(
      "license.add_license gave no answer: whether it worked is not known, and somebody has to find out.",
    );
  });

  it("tells that an approval is waited for", () => {
    const spec = given({ edges: { check: [], boss: ["check"] }, calls: { boss: "manager.approve" } });
    spec.success("check");
    expect(why(spec)).toBe("It waits for a person to approve boss.");
  });

  it("tells of the deadline", () => {
    const spec = given({ ...onboarding, policy: { deadline: "20s" } });
    spec.success("user");
    spec.after(20_000);
    expect(why(spec)).toMatch(
      /^The journey's deadline passed 20.0 s after its start, so the journey is being undone\./,
    );
  });

  it("tells to which step an operator rolled it back", () => {
    const spec = given(onboarding);
    spec.success("user");
    spec.success("license");
    spec.success("member");
    spec.action("rollback", { scope: "to", to: "user", reason: "wrong licence" });
    spec.undone("member");
    spec.undone("license", "remove_license");
    spec.undone("license", "log_removal");
    expect(spec.journey.status).toBe("held");
    expect(why(spec)).toBe(
      "olga rolled it back (“wrong licence”) to an earlier step: 2 steps back. " +
        "It is held there: resume it to go on, or roll back the rest.",
    );
  });

  it("counts what it can't list", () => {
    const edges: Record<string, string[]> = { s0: [] };
    for (let index = 1; index <= 8; index += 1) edges[`s${index}`] = [`s${index - 1}`];
    const spec = given({ edges });
    for (let index = 0; index < 8; index += 1) spec.success(`s${index}`);
    spec.failure("s8");
    expect(why(spec)).toContain("7 steps still stand and wait their turn.");
  });

  it("can be told for any moment of the past", () => {
    const spec = failedAtTheEnd();
    const { journey, events, flow } = spec;
    expect(explain(journey, events, flow, clock)).toBeDefined();
    const before = given(onboarding);
    before.success("user");
    expect(explain(before.journey, events.slice(0, before.events.length), flow, clock)).toBeUndefined();
  });
});
