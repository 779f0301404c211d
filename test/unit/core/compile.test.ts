import { describe, expect, test } from "vitest";
import { compileFlow } from "../../../engine/core/compile.ts";
import { compileOrThrow, findingsOf, flowRecord, flumeExport } from "../../support/flume-export.ts";

const ONBOARDING = flumeExport(
  { n1: "start", n2: "user.create_user", n3: "license.add_license", n4: "membership.add_membership" },
  [
    ["n1", "n2"],
    ["n2", "n3"],
    ["n3", "n4"],
  ],
);
const NEGATIONS = {
  user: { create_user: ["delete_user"] },
  license: { add_license: ["remove_license", "log_removal"] },
};

describe("a bare Flume export", () => {
  const { flow, findings } = compileFlow(flowRecord(ONBOARDING), { negations: NEGATIONS });

  test("compiles without findings, with the profile's negations", () => {
    expect(findings).toEqual([]);
    expect(flow?.steps.n2?.negations).toEqual(["delete_user"]);
    expect(flow?.steps.n3?.negations).toEqual(["remove_license", "log_removal"]);
    expect(flow?.steps.n4?.negations).toEqual([]);
  });

  test("gives the DAG, in which the start is no step", () => {
    expect(flow).toMatchObject({
      name: "flow",
      version: "1",
      order: ["n2", "n3", "n4"],
      entries: ["n2"],
      start: "n1",
    });
    expect(flow?.steps.n3).toMatchObject({
      id: "n3",
      service: "license",
      function: "add_license",
      predecessors: ["n2"],
      successors: ["n4"],
    });
    expect(flow?.steps.n2?.predecessors).toEqual([]);
    expect(flow?.steps.n2).not.toHaveProperty("fromStart");
  });

  test("fills in every default", () => {
    const retry = {
      maximumAttempts: 1,
      initialIntervalMs: 1_000,
      backoffCoefficient: 2,
      maximumIntervalMs: 60_000,
      jitter: 0.2,
    };
    expect(flow?.policy).toEqual({ scope: "journey" });
    expect(flow?.steps.n2?.settings).toEqual({
      timeoutMs: 30_000,
      inprogressTimeoutMs: 30_000,
      queueTimeoutMs: 600_000,
      retry,
      negationRetry: { ...retry, maximumAttempts: 3 },
      negationTimeoutMs: 30_000,
      onTimeout: "undo",
      onServiceDown: "fail",
      pivot: false,
      irreversible: false,
    });
  });

  test("may have a node called nodes", () => {
    const workflow = flumeExport({ nodes: "user.create_user", steps: "user.greet" }, [["nodes", "steps"]]);
    expect(compileOrThrow(workflow).order).toEqual(["nodes", "steps"]);
  });

  test("finds only steps that exist, whatever a record calls them", () => {
    expect(flow?.steps.constructor).toBeUndefined();
    expect(flow?.steps.toString).toBeUndefined();
  });
});

describe("the full form", () => {
  const full = { nodes: ONBOARDING, negations: NEGATIONS };

  test("gives the same flow as the bare export with the same negations", () => {
    expect(compileOrThrow(full)).toEqual(compileOrThrow(ONBOARDING, { negations: NEGATIONS }));
  });

  test("its own negations win over the profile's, even when there are none in them", () => {
    expect(
      compileOrThrow({ nodes: ONBOARDING, negations: {} }, { negations: NEGATIONS }).steps.n2?.negations,
    ).toEqual([]);
    expect(compileOrThrow({ nodes: ONBOARDING }, { negations: NEGATIONS }).steps.n2?.negations).toEqual([
      "delete_user",
    ]);
  });

  test("a step's settings win over the policy, and the policy over the defaults", () => {
    const flow = compileOrThrow({
      ...full,
      steps: {
        n2: { timeout: "10s", retry: { maximumAttempts: 3 }, when: "input.plan != 'free'", onTimeout: "hold" },
        n3: { irreversible: true, pivot: true, input: "steps.n2.id", totalTimeout: "1h" },
      },
      policy: {
        timeout: "20s",
        inprogressTimeout: 5_000,
        queueTimeout: "1m",
        retry: { initialInterval: "5s", jitter: 0 },
        negationRetry: { maximumAttempts: 7, backoffCoefficient: 1.5, maximumInterval: "10s" },
        negationTimeout: "3s",
        onTimeout: "ignore",
        onServiceDown: "wait",
        totalTimeout: "2h",
        scope: "branch",
        include: "attempted",
        deadline: "1d",
      },
    });
    expect(flow.policy).toEqual({ scope: "branch", include: "attempted", deadlineMs: 86_400_000 });
    expect(flow.steps.n2?.settings).toEqual({
      timeoutMs: 10_000,
      inprogressTimeoutMs: 5_000,
      totalTimeoutMs: 7_200_000,
      queueTimeoutMs: 60_000,
      retry: {
        maximumAttempts: 3,
        initialIntervalMs: 5_000,
        backoffCoefficient: 2,
        maximumIntervalMs: 60_000,
        jitter: 0,
      },
      negationRetry: {
        maximumAttempts: 7,
        initialIntervalMs: 1_000,
        backoffCoefficient: 1.5,
        maximumIntervalMs: 10_000,
        jitter: 0.2,
      },
      negationTimeoutMs: 3_000,
      onTimeout: "hold",
      onServiceDown: "wait",
      pivot: false,
      irreversible: false,
      when: "input.plan != 'free'",
    });
    expect(flow.steps.n3?.settings).toMatchObject({
      timeoutMs: 20_000,
      totalTimeoutMs: 3_600_000,
      onTimeout: "ignore",
      pivot: true,
      irreversible: true,
      input: "steps.n2.id",
    });
  });

  test("inprogressTimeout falls back to the step's own timeout", () => {
    const flow = compileOrThrow({ ...full, steps: { n2: { timeout: "10s" } }, policy: { timeout: "20s" } });
    expect(flow.steps.n2?.settings.inprogressTimeoutMs).toBe(10_000);
    expect(flow.steps.n3?.settings.inprogressTimeoutMs).toBe(20_000);
  });

  test("a first interval beyond the default maximum raises that", () => {
    const flow = compileOrThrow({ ...full, policy: { retry: { initialInterval: "5m" } } });
    expect(flow.steps.n2?.settings.retry.maximumIntervalMs).toBe(300_000);
  });
});

describe("types of nodes", () => {
  test("are split at the last dot", () => {
    expect(compileOrThrow(flumeExport({ a: "eu.billing.charge" })).steps.a).toMatchObject({
      service: "eu.billing",
      function: "charge",
    });
  });

  test("are mapped by the flow's types, and by given ones before those", () => {
    const workflow = {
      nodes: flumeExport({ a: "Create a user", b: "Greet" }),
      types: { "Create a user": "user.create" },
    };
    expect(findingsOf("unknown_type", workflow).map((finding) => finding.node)).toEqual(["b"]);
    const flow = compileOrThrow(workflow, { types: { Greet: "user.greet", "Create a user": "user.make" } });
    expect([flow.steps.a?.function, flow.steps.b?.function]).toEqual(["make", "greet"]);
  });

  test("can be mapped to the start", () => {
    const workflow = flumeExport({ a: "Begin", b: "user.create" }, [["a", "b"]]);
    expect(compileOrThrow(workflow, { types: { Begin: "manager.start" } })).toMatchObject({
      start: "a",
      entries: ["b"],
    });
  });

  test("of the manager's built-in steps are accepted with their settings", () => {
    const nodes = flumeExport(
      { w: "manager.wait", u: "manager.wait", a: "manager.approve", j: "manager.journey", e: "manager.each" },
      [
        ["w", "u"],
        ["u", "a"],
        ["a", "j"],
        ["j", "e"],
      ],
    );
    const flow = compileOrThrow({
      nodes,
      steps: {
        w: { for: "1d" },
        u: { until: "input.at" },
        a: { totalTimeout: "2d" },
        j: { flow: "payment", version: "2" },
        e: { flow: "line", items: "input.lines" },
      },
      policy: { timeout: "1s", totalTimeout: "5s", retry: { maximumAttempts: 5 } },
    });
    expect(flow.steps.w?.settings.for).toBe(86_400_000);
    expect(flow.steps.u?.settings.until).toBe("input.at");
    expect(flow.steps.a?.settings.totalTimeoutMs).toBe(172_800_000);
    expect(flow.steps.j?.settings).toMatchObject({ flow: "payment", version: "2", retry: { maximumAttempts: 1 } });
    expect(flow.steps.j?.settings).not.toHaveProperty("totalTimeoutMs");
    expect(flow.steps.e?.settings).toMatchObject({ flow: "line", items: "input.lines", concurrency: 10 });
  });
});

describe("where a flow begins", () => {
  test.each(["start", "manager.start"])("at the node of type %s", (type) => {
    const flow = compileOrThrow(
      flumeExport({ s: type, a: "svc.a", b: "svc.b" }, [
        ["s", "a"],
        ["s", "b"],
      ]),
    );
    expect(flow).toMatchObject({ start: "s", entries: ["a", "b"] });
  });

  test("else at the root with nothing before it", () => {
    const workflow = flumeExport({ r: "Begin here", a: "svc.a" }, [["r", "a"]]);
    workflow.r!.root = true;
    expect(compileOrThrow(workflow)).toMatchObject({ start: "r", order: ["a"], entries: ["a"] });
  });

  test("a root whose type names a call is a step too", () => {
    const workflow = flumeExport({ r: "svc.r", a: "svc.a" }, [["r", "a"]]);
    workflow.r!.root = true;
    const flow = compileOrThrow(workflow);
    expect(flow).toMatchObject({ order: ["r", "a"], entries: ["r"] });
    expect(flow.start).toBeUndefined();
    expect(flow.steps.a?.predecessors).toEqual(["r"]);
  });

  test("a root that has predecessors is just a step", () => {
    const workflow = flumeExport({ a: "svc.a", r: "svc.r" }, [["a", "r"]]);
    workflow.r!.root = true;
    expect(compileOrThrow(workflow)).toMatchObject({ order: ["a", "r"], entries: ["a"] });
  });

  test("else at the steps without predecessors", () => {
    const flow = compileOrThrow(
      flumeExport({ b: "svc.b", a: "svc.a", c: "svc.c" }, [
        ["a", "c"],
        ["b", "c"],
      ]),
    );
    expect(flow).toMatchObject({ order: ["a", "b", "c"], entries: ["a", "b"] });
  });

  test("a start node wins over roots", () => {
    const workflow = flumeExport({ s: "start", a: "svc.a" }, [["s", "a"]]);
    workflow.s!.root = true;
    expect(compileOrThrow(workflow)).toMatchObject({ start: "s", entries: ["a"] });
  });

  test("an edge from the start into a step with predecessors is kept as a mark", () => {
    const flow = compileOrThrow({
      nodes: flumeExport({ s: "start", a: "svc.a", b: "svc.b" }, [
        ["s", "a"],
        ["a", "b"],
        ["s", "b"],
      ]),
      steps: { b: { when: { s: "input.direct", a: "steps.a.ok" } } },
    });
    expect(flow.entries).toEqual(["a"]);
    expect(flow.steps.b).toMatchObject({ predecessors: ["a"], fromStart: true });
    expect(flow.steps.b?.settings.when).toEqual({ start: "input.direct", a: "steps.a.ok" });
  });

  test("a condition on the edge from the start may be called start where no start is drawn", () => {
    const flow = compileOrThrow({
      nodes: flumeExport({ a: "svc.a" }),
      steps: { a: { when: { start: "input.ok" } } },
    });
    expect(flow.steps.a?.settings.when).toEqual({ start: "input.ok" });
  });
});

describe("edges", () => {
  test("are any connections from an output to an input, whatever the ports are called", () => {
    const workflow = flumeExport({ a: "svc.a", b: "svc.b" });
    workflow.a!.connections.outputs = { "on success": [{ nodeId: "b", portName: "42" }] };
    workflow.b!.connections.inputs = { "42": [{ nodeId: "a", portName: "on success" }] };
    expect(compileOrThrow(workflow).steps.b?.predecessors).toEqual(["a"]);
  });

  test("between the same two steps are one", () => {
    const workflow = flumeExport({ a: "svc.a", b: "svc.b" });
    workflow.a!.connections.outputs = {
      x: [{ nodeId: "b", portName: "x" }],
      y: [{ nodeId: "b", portName: "y" }],
    };
    workflow.b!.connections.inputs = { x: [{ nodeId: "a", portName: "x" }], y: [{ nodeId: "a", portName: "y" }] };
    const { flow, findings } = compileFlow(flowRecord(workflow));
    expect(flow?.steps.b?.predecessors).toEqual(["a"]);
    expect(findings.map((finding) => finding.code)).toEqual(["missing_negation"]);
  });

  test("empty ports are none", () => {
    const workflow = flumeExport({ a: "svc.a" });
    workflow.a!.connections = { inputs: { p: [] }, outputs: { q: [] } };
    expect(compileOrThrow(workflow).entries).toEqual(["a"]);
  });

  test("nodes may leave out their connections and their id", () => {
    expect(compileOrThrow({ a: { type: "svc.a" }, b: { type: "svc.b", connections: {} } }).entries).toEqual([
      "a",
      "b",
    ]);
  });
});

describe("the order of steps", () => {
  test("is by depth, then by id with its digits as numbers", () => {
    const flow = compileOrThrow(
      flumeExport({ n10: "svc.a", n9: "svc.b", n2: "svc.c", n1: "svc.d" }, [
        ["n10", "n1"],
        ["n9", "n1"],
        ["n10", "n2"],
        ["n1", "n2"],
      ]),
    );
    expect(flow.order).toEqual(["n9", "n10", "n1", "n2"]);
    expect(flow.steps.n1?.predecessors).toEqual(["n9", "n10"]);
    expect(flow.steps.n10?.successors).toEqual(["n1", "n2"]);
  });
});
