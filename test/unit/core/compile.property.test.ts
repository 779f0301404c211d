import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileFlow } from "../../../engine/core/compile.ts";
import { FINDING_CODES, type NegationList } from "../../../engine/core/flow.ts";
import { normaliseFlow } from "../../../engine/core/normalise.ts";
import { arbitraryDag, compileOrThrow, exportOfDag, flowRecord } from "../../support/flume-export.ts";

/** Negations for some of the functions of a DAG. */
function someNegations(dag: readonly number[][]): NegationList {
  return {
    svc: Object.fromEntries(dag.flatMap((_, index) => (index % 3 ? [[`do_${index}`, [`undo_${index}`]]] : []))),
  };
}

describe("any DAG", () => {
  test("that is drawn compiles to itself", () => {
    fc.assert(
      fc.property(arbitraryDag(30), fc.boolean(), (dag, start) => {
        const flow = compileOrThrow(exportOfDag(dag, start));
        expect(flow.order).toHaveLength(dag.length);
        for (const [index, predecessors] of dag.entries()) {
          const step = flow.steps[`n${index}`]!;
          expect(step.predecessors).toEqual(predecessors.map((predecessor) => `n${predecessor}`));
          const successors = [...dag.keys()].filter((other) => dag[other]!.includes(index));
          expect(step.successors).toEqual(successors.map((successor) => `n${successor}`));
          for (const predecessor of step.predecessors) {
            expect(flow.order.indexOf(predecessor)).toBeLessThan(flow.order.indexOf(step.id));
          }
        }
        const entries = [...dag.keys()].filter((index) => dag[index]!.length === 0);
        expect([...flow.entries].sort()).toEqual(entries.map((index) => `n${index}`).sort());
      }),
    );
  });

  test("gives the same flow bare, in the full form, and as publishing writes it", () => {
    fc.assert(
      fc.property(arbitraryDag(20), fc.boolean(), (dag, start) => {
        const nodes = exportOfDag(dag, start);
        const negations = someNegations(dag);
        const bare = compileFlow(flowRecord(nodes), { negations });
        expect(bare.flow).toBeDefined();
        expect(compileFlow(flowRecord({ nodes, negations }))).toEqual(bare);
        const written: unknown = JSON.parse(JSON.stringify(normaliseFlow(flowRecord(nodes), negations)));
        expect(compileFlow(written as never)).toEqual(bare);
      }),
    );
  });

  test("gives the same flow and findings in whatever order its nodes are stored", () => {
    const shuffled = arbitraryDag(20).chain((dag) =>
      fc.record({
        dag: fc.constant(dag),
        start: fc.boolean(),
        order: fc.shuffledSubarray([...dag.keys()], { minLength: dag.length }),
        settings: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ dag, start, order, settings }) => {
        const nodes = exportOfDag(dag, start);
        const ids = [...order.map((index) => `n${index}`), ...(start ? ["begin"] : [])];
        const reordered = Object.fromEntries(ids.map((id) => [id, nodes[id]]));
        const steps = settings ? { n0: { retry: { maximumAttempts: 2 }, nonsense: 1 }, gone: {} } : {};
        const backwards = Object.fromEntries(Object.entries(steps).reverse());
        expect(compileFlow(flowRecord({ nodes: reordered, steps: backwards }))).toEqual(
          compileFlow(flowRecord({ nodes, steps })),
        );
      }),
    );
  });

  test("with an edge turned back has a cycle, and no flow", () => {
    fc.assert(
      fc.property(
        arbitraryDag(15).filter((dag) => dag.some((predecessors) => predecessors.length > 0)),
        (dag) => {
          const from = dag.findIndex((predecessors) => predecessors.length > 0);
          const turned = dag.map((predecessors, index) =>
            index === dag[from]![0] ? [...predecessors, from] : predecessors,
          );
          const { flow, findings } = compileFlow(flowRecord(exportOfDag(turned, true)));
          expect(flow).toBeUndefined();
          expect(findings.some((finding) => finding.code === "cycle")).toBe(true);
        },
      ),
    );
  });
});

describe("whatever it is given", () => {
  const id = fc.constantFrom("a", "b", "c", "nodes", "constructor", "__proto__", "");
  const link = fc.oneof(
    { weight: 4, arbitrary: fc.record({ nodeId: id, portName: fc.constantFrom("in", "out") }) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) },
  );
  const ports = fc.dictionary(fc.constantFrom("in", "out"), fc.array(link, { maxLength: 3 }));
  const type = fc.constantFrom(
    "start",
    "svc.a",
    "svc.b",
    "manager.wait",
    "manager.each",
    "manager.no",
    "no call",
    ".",
    "",
  );
  const node = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record(
        { id, type, root: fc.boolean(), connections: fc.record({ inputs: ports, outputs: ports }) },
        { requiredKeys: ["type"] },
      ),
    },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  );
  const value = fc.oneof(
    fc.constantFrom("1s", "input.a", "steps.a.b", "1 +", "hold", "path", "", 0, 1, true, null),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const names = [
    "timeout",
    "retry",
    "maximumAttempts",
    "when",
    "input",
    "for",
    "until",
    "items",
    "flow",
    "pivot",
    "scope",
    "constructor",
    "__proto__",
  ];
  const settings = fc.dictionary(
    fc.constantFrom(...names),
    fc.oneof(value, fc.dictionary(fc.constantFrom(...names, "a", "b"), value)),
  );
  const nodes = fc.dictionary(id, node, { maxKeys: 5 });
  const workflow = fc.oneof(
    nodes,
    fc.record(
      {
        nodes,
        steps: fc.oneof(fc.dictionary(id, settings), fc.jsonValue({ maxDepth: 1 })),
        policy: fc.oneof(settings, fc.jsonValue({ maxDepth: 1 })),
        negations: fc.oneof(
          fc.dictionary(
            fc.constantFrom("svc", "__proto__"),
            fc.dictionary(fc.constantFrom("a", "b"), fc.jsonValue()),
          ),
          fc.jsonValue(),
        ),
        types: fc.oneof(fc.dictionary(type, fc.oneof(type, fc.jsonValue())), fc.jsonValue({ maxDepth: 1 })),
      },
      { requiredKeys: ["nodes"] },
    ),
    fc.jsonValue(),
  );
  const record = fc.oneof(
    workflow.map((drawn) => ({ name: "flow", version: "1", schema_version: "1", workflow: drawn })),
    fc.jsonValue(),
  );
  const asJson = (given: unknown): unknown => JSON.parse(JSON.stringify(given) ?? "null");

  test("it never throws, and gives either a flow or an error, each with a code and a message", () => {
    fc.assert(
      fc.property(record, (given) => {
        const { flow, findings } = compileFlow(asJson(given) as never);
        expect(flow === undefined).toBe(findings.some((finding) => finding.severity === "error"));
        for (const finding of findings) {
          expect(FINDING_CODES).toContain(finding.code);
          expect(finding.message).toMatch(/\S.*\.$/s);
        }
      }),
      { numRuns: 1_000 },
    );
  }, 60_000);

  test("what compiles, compiles the same after publishing", () => {
    fc.assert(
      fc.property(record, (given) => {
        const json = asJson(given) as never;
        const negations = { svc: { a: ["undo_a"] } };
        const before = compileFlow(json, { negations });
        const written = normaliseFlow(json, negations);
        if (before.flow) expect(compileFlow(written)).toEqual(before);
        expect(normaliseFlow(written, {})).toEqual(written);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a flow of 500 steps", () => {
  test("compiles in well under a second", () => {
    const dag = Array.from({ length: 500 }, (_, index) => (index < 2 ? [] : [index - 2, index - 1]));
    const nodes = exportOfDag(dag, true);
    const before = performance.now();
    compileOrThrow(nodes, { negations: someNegations(dag) });
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});
