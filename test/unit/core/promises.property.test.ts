/** Promises 1, 2 and 5 over random flows, replies, duplicates and orders of arrival. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FromManager, ToManager } from "../../../engine/core/protocol.ts";
import { toManagerSchema } from "../../../engine/core/protocol.ts";
import { given } from "../../support/journey-spec.ts";
import { assertUndoOrder, type Drawing } from "../../support/order-oracle.ts";

/** Up to 30 steps; each has up to 3 predecessors among those drawn before it. */
const drawing: fc.Arbitrary<Drawing> = fc
  .array(fc.record({ before: fc.array(fc.nat(29), { maxLength: 3 }), negations: fc.integer({ min: 0, max: 3 }) }), {
    minLength: 1,
    maxLength: 30,
  })
  .map((steps) => ({
    edges: Object.fromEntries(
      steps.map((s, i) => [`s${i}`, i === 0 ? [] : [...new Set(s.before.map((b) => `s${b % i}`))]]),
    ),
    negations: Object.fromEntries(
      steps.map((s, i) => [`s${i}`, Array.from({ length: s.negations }, (_, n) => `undo_s${i}_${n}`)]),
    ),
  }));

/** How the services behave: for each command, in the order of sending. */
const behaviour = fc.array(
  fc.record({
    outcome: fc.constantFrom(
      "success",
      "success",
      "success",
      "success",
      "failure",
      "silent-with-effect",
      "silent-without-effect",
    ),
    inprogress: fc.boolean(),
    copies: fc.integer({ min: 1, max: 3 }),
    /** Where among the replies on the way this one is put. */
    place: fc.nat(20),
  }),
  { minLength: 200, maxLength: 200 },
);

interface World {
  /** Effects per step, and negations that worked, by command id: a service drops repeats by id. */
  effects: Map<string, number>;
  undone: Map<string, string[]>;
}

function run(
  drawing: Drawing,
  behaviours: typeof behaviour extends fc.Arbitrary<infer T> ? T : never,
  failNegations: boolean,
) {
  const spec = given({ ...drawing, steps: {}, policy: { negationRetry: { maximumAttempts: 100 }, deadline: "1d" } });
  const world: World = { effects: new Map(), undone: new Map() };
  const onTheWay: ToManager[] = [];
  const late: ToManager[] = [];
  let index = 0;
  let accepted = 0;
  const handle = (command: FromManager): void => {
    const b = behaviours[index++ % behaviours.length]!;
    const negation = command.undo !== undefined;
    const failed = negation ? failNegations && index % 3 === 0 : b.outcome === "failure";
    const status = failed ? "failure" : "success";
    const { uuid, name, version, service, function: fn, step, attempt } = command;
    const reply = toManagerSchema.parse({
      uuid,
      name,
      version,
      service,
      function: fn,
      step,
      attempt,
      status,
      data: { of: fn, attempt },
      error: failed ? { message: "broke" } : undefined,
    });
    if (negation && !failed) world.undone.set(step, [...(world.undone.get(step) ?? []), fn]);
    if (!negation && !failed && b.outcome !== "silent-without-effect")
      world.effects.set(step, (world.effects.get(step) ?? 0) + 1);
    if (!negation && b.outcome === "silent-with-effect") late.push(reply);
    if (!negation && b.outcome.startsWith("silent")) return;
    if (b.inprogress) onTheWay.push({ ...reply, status: "inprogress" });
    for (let copy = 0; copy < b.copies; copy++) onTheWay.splice(Math.min(b.place, onTheWay.length), 0, reply);
  };
  const take = (): void => {
    for (const message of spec.messages()) if (message.to === "service") handle(message.value);
  };
  take();
  for (let turn = 0; turn < 2_000; turn++) {
    const reply = onTheWay.shift();
    if (reply) {
      const before = spec.events.length;
      spec.input({ kind: "reply", reply });
      accepted++;
      expect(spec.events.length, "promise 1: every accepted record is in the history").toBeGreaterThan(before);
      take();
    } else if (spec.journey.status === "running" || spec.journey.status === "rolling_back") {
      spec.nextTimer();
      take();
    } else if (late.length > 0) {
      onTheWay.push(late.shift()!);
    } else break;
  }
  return { spec, world, accepted };
}

describe("over random flows, replies, duplicates and orders of arrival", () => {
  it("a journey always ends, undoes in the order of the anti-graph, and leaves no effect it should have undone", () => {
    fc.assert(
      fc.property(drawing, behaviour, fc.boolean(), (drawn, behaviours, failNegations) => {
        const { spec, world } = run(drawn, behaviours, failNegations);
        expect(["completed", "rolled_back"]).toContain(spec.journey.status);
        assertUndoOrder(drawn, spec.events);
        for (const [step, negations] of Object.entries(drawn.negations)) {
          const undone = world.undone.get(step) ?? [];
          if (spec.journey.status === "completed") expect(undone).toEqual([]);
          if (spec.journey.status !== "rolled_back") continue;
          // Blind negations run before a late success and once more after it; otherwise each effect is undone once.
          const blind = spec.events.some((e) => e.type === "step.timed_out" && e.step === step);
          const late = spec.events.some(
            (e) => e.type === "step.late" && e.step === step && e.detail?.effect === true,
          );
          const rounds = world.effects.has(step) || blind ? (blind && late ? [1, 2] : [1]) : [0];
          const each = new Map(negations.map((name) => [name, undone.filter((n) => n === name).length]));
          for (const [name, count] of each) expect(rounds, `${step} ${name} undone ${count} times`).toContain(count);
        }
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it("a reply delivered again changes nothing", () => {
    fc.assert(
      fc.property(drawing, behaviour, (drawn, behaviours) => {
        const { spec } = run(drawn, behaviours, false);
        const settled = spec.events.filter((e) => e.type === "step.succeeded" || e.type === "undo.succeeded");
        const before = { ...spec.journey, seq: 0 };
        for (const { step, attempt, data, function: fn } of settled) {
          const reply = toManagerSchema.parse({
            uuid: spec.journey.uuid,
            service: "svc",
            function: fn,
            step,
            attempt,
            status: "success",
            data,
          });
          const events = spec.input({ kind: "reply", reply });
          expect(events.map((e) => e.type)).toEqual(["step.duplicate"]);
        }
        expect({ ...spec.journey, seq: 0 }).toEqual(before);
      }),
      { numRuns: 100 },
    );
  });
});
