import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** V8's own maximum depends on the machine's memory: here it is always twice what a manager may take. */
const ROOMY = "--max-semi-space-size=64";
const churn = join(import.meta.dirname, "../../support/heap-churn.ts");

/** Bytes of the young generation at its largest, in a process of its own: flags of V8 hold for all of a process. */
async function youngBytes(mode: "bound" | "free"): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [ROOMY, churn, mode]);
  return Number(stdout);
}

test("a manager's garbage takes no more than 64 MiB, of which V8 would take more", async () => {
  const [bound, free] = await Promise.all([youngBytes("bound"), youngBytes("free")]);
  expect(bound).toBeLessThanOrEqual(67_108_864);
  expect(free).toBeGreaterThan(67_108_864);
});
