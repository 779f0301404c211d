import { expect, it } from "vitest";
import { calmLogger } from "../../../../engine/bus/kafka/calm-logger.ts";

function openLogger() {
  const lines: unknown[] = [];
  let now = 1_000;
  const write = (details: Record<string, unknown>, message: string) => void lines.push([message, details]);
  const logger = calmLogger({ warn: write, error: write }, () => now);
  const pass = (ms: number) => {
    now += ms;
  };
  return { logger, lines, pass };
}

it("says the same again only after nine seconds, with how often it was kept back", () => {
  const { logger, lines, pass } = openLogger();
  for (let times = 0; times < 18; times++) {
    logger.warn({ topic: "tomanager", partition: 3, err: new Error(`try ${times}`) }, "can't be claimed now");
    pass(500);
  }
  expect(lines).toEqual([["can't be claimed now", { topic: "tomanager", partition: 3, err: new Error("try 0") }]]);
  logger.warn({ topic: "tomanager", partition: 3 }, "can't be claimed now");
  expect(lines[1]).toEqual(["can't be claimed now", { topic: "tomanager", partition: 3, keptBack: 17 }]);
});

it("keeps nothing back that is about something else, and no error", () => {
  const { logger, lines } = openLogger();
  logger.warn({ partition: 3 }, "can't be claimed now");
  logger.warn({ partition: 4 }, "can't be claimed now");
  logger.warn({ partition: 4 }, "has no leader now");
  logger.error({ partition: 4 }, "a record goes to the dead letters");
  logger.error({ partition: 4 }, "a record goes to the dead letters");
  expect(lines).toHaveLength(5);
});
