import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const RUNNER = fileURLToPath(new URL("../run.mjs", import.meta.url));

/** Runs `npm test -- suites` where nothing is on the PATH. */
function run(suites: string[], environment: Record<string, string> = {}) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [RUNNER, ...suites], {
    encoding: "utf8",
    env: { PATH: "/nowhere", ...environment },
  });
  return { lines: stdout.trim().split("\n"), stderr, status };
}

describe("npm test", () => {
  it.skipIf(process.platform !== "linux")("says what it leaves out and why, and fails when nothing is left", () => {
    const { lines, status } = run(["e2e"]);
    expect(lines.at(-2)).toMatch(/^Left out: e2e: no Chromium/);
    expect(lines.at(-1)).toBe("0 passed, 0 failed");
    expect(status).toBe(1);
  });

  it.skipIf(process.platform !== "linux")("counts what REQUIRE asks for and isn't there as failed", () => {
    const { lines, status } = run(["e2e", "kafka"], { REQUIRE: "chromium,kafka" });
    expect(lines.at(-1)).toBe("0 passed, 2 failed");
    expect(lines.join("\n")).toMatch(/Left out: kafka: no java and no mvn .*KAFKA_BROKERS/);
    expect(status).toBe(1);
  });

  it("knows its suites", () => {
    const { stderr, status } = run(["unti"]);
    expect(stderr).toContain("No suite is called unti");
    expect(status).toBe(2);
  });
});
