import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { cli } from "./cli.ts";

const SECRET = "s3cret-that-nobody-may-see";

/** A data folder with a profile `shop` on a cluster that isn't there. */
function dataWithProfile(): string {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-doctor-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const sasl = { mechanism: "plain", username: "olga", password: `\${SHOP_PASSWORD}` };
  const shop = { name: "shop", kind: "kafka", kafka: { brokers: ["127.0.0.1:1"], prefix: "shop.", sasl } };
  writeFileSync(join(folder, "profiles.json"), JSON.stringify({ current: "shop", profiles: [shop] }));
  return folder;
}

test("doctor prints a line per stage, what to do about the one that failed, and ends with 1", async () => {
  const { code, out, err } = await cli(["doctor", "--brokers", "127.0.0.1:1"]);
  expect([code, err]).toEqual([1, ""]);
  const lines = out.trim().split("\n");
  expect(lines.slice(0, 4)).toEqual([
    "dns          ok      All names lead to addresses.",
    "tcp          FAILED  127.0.0.1:1: Nothing listens on port 1 of 127.0.0.1.",
    "             Is the broker running? Compare the port with `listeners` in its server.properties.",
    "tls          skipped Not tried: tcp failed.",
  ]);
});

test("doctor --json answers the stages as the API does", async () => {
  const { code, out } = await cli(["doctor", "--brokers", "127.0.0.1:1", "--json"]);
  const { stages } = JSON.parse(out);
  expect([code, stages.length, stages[1].status]).toEqual([1, 7, "failed"]);
});

test("doctor --profile takes the cluster from the data folder and the secret from the environment", async () => {
  const data = dataWithProfile();
  const without = await cli(["doctor", "--profile", "shop", "--data", data]);
  expect([without.code, without.err]).toEqual([1, expect.stringContaining("variable SHOP_PASSWORD is not set")]);
  const tested = await cli(["doctor", "--profile", "shop", "--data", data], {}, { SHOP_PASSWORD: SECRET });
  expect(tested.out).toContain("Nothing listens on port 1");
  expect(tested.out + tested.err).not.toContain(SECRET);
});
