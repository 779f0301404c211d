import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openEmbeddedBus } from "../../../engine/bus/embedded/bus.ts";
import { TOPICS } from "../../../engine/core/protocol.ts";
import { createFlowRegistry } from "../../../engine/manager/flows.ts";
import { type FlowSketch, flowFile } from "../../support/journey-spec.ts";

async function openFlows() {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-flows-"));
  const bus = openEmbeddedBus({ file: join(folder, "bus.sqlite") });
  const flows = await createFlowRegistry({ bus, topic: TOPICS.edits });
  onTestFinished(async () => {
    await flows.close();
    await bus.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const append = async (...values: string[]) => {
    await bus.append(values.map((value) => ({ topic: TOPICS.edits, key: null, value })));
    await flows.upToDate();
  };
  const publish = (...sketches: FlowSketch[]) =>
    append(...sketches.map((sketch) => JSON.stringify(flowFile(sketch))));
  return { flows, append, publish };
}

const steps = (flow: { order: string[] } | undefined): string[] | undefined => flow?.order;

test("the first record of a name and version counts; other content later is ignored and counted", async () => {
  const { flows, publish } = await openFlows();
  await publish({ edges: { a: [] } }, { edges: { a: [] } });
  expect(flows.get("flow", "1")?.conflicts).toBe(0);
  let told = 0;
  flows.onChange(() => told++);
  await publish({ edges: { a: [] } });
  expect(told).toBe(0);
  await publish({ edges: { other: [] } });
  expect(told).toBe(1);
  expect(steps(flows.get("flow", "1")?.flow)).toEqual(["a"]);
  expect(flows.get("flow", "1")?.conflicts).toBe(1);
  expect(flows.list()).toHaveLength(1);
});

test("the newest version is the one whose first record came last, whatever it is called", async () => {
  const { flows, publish } = await openFlows();
  await publish({ edges: { a: [] }, version: "10" }, { edges: { b: [] }, version: "2" });
  expect(flows.newest("flow")?.record.version).toBe("2");
  await publish({ edges: { a: [] }, version: "10" });
  expect(flows.newest("flow")?.record.version).toBe("2");
});

test("a version with errors is listed with them, and is never the newest", async () => {
  const { flows, append, publish } = await openFlows();
  await publish({ edges: { a: [] } });
  const cyclic = flowFile({ edges: { a: ["b"], b: ["a"] }, version: "2" });
  await append("{no flow", JSON.stringify(cyclic));
  expect(flows.newest("flow")?.record.version).toBe("1");
  const broken = flows.get("flow", "2");
  expect(broken?.flow).toBeUndefined();
  expect(broken?.findings.map(({ code }) => code)).toContain("cycle");
});
