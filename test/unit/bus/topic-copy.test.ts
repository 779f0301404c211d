import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { TopicCopy } from "../../../engine/bus/kafka/topic-copy.ts";

const record = (offset: number) => ({
  ...{ topic: "edits", partition: 0, offset, timestamp: 1, key: null, value: `v${offset}` },
  headers: {},
});

function fileOf(): string {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-copy-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "below", "flows.jsonl");
}

it("keeps records over a restart, takes none twice, and forgets them when it is cleared", () => {
  const file = fileOf();
  const copy = new TopicCopy(file);
  copy.add([record(0), record(2)]);
  copy.add([record(2), record(3)]);
  const again = new TopicCopy(file);
  expect([again.records.map(({ offset }) => offset), again.next]).toEqual([[0, 2, 3], 4]);
  again.clear();
  expect([again.next, new TopicCopy(file).next]).toEqual([0, 0]);
});

it("cuts off a line that a crash cut short, so that the next one stands alone", () => {
  const file = fileOf();
  new TopicCopy(file).add([record(0), record(1)]);
  appendFileSync(file, '{"topic":"edits","part');
  const copy = new TopicCopy(file);
  expect(copy.next).toBe(2);
  copy.add([record(2)]);
  expect(readFileSync(file, "utf8").trimEnd().split("\n")).toHaveLength(3);
  expect(new TopicCopy(file).next).toBe(3);
});
