import { expect, test } from "vitest";
import { createManagerSwitch } from "../../../engine/api/manager-switch.ts";
import { silent } from "../../../engine/manager/logger.ts";
import type { Manager } from "../../../engine/manager/manager.ts";

/** A manager that writes down what it was told. */
function managerDouble() {
  const told: string[] = [];
  const status = { running: false, partitions: [], inFlight: 0, processed: 0, deadLettered: 0 };
  const manager: Manager = {
    async start() {
      told.push("start");
      status.running = true;
    },
    async stop() {
      told.push("stop");
      status.running = false;
    },
    status: () => status,
    onEnded: () => () => {},
    onPartitions: () => () => {},
  };
  return { manager, told };
}

test("a manager that is to be kept running starts once it is known that it may", async () => {
  const { manager, told } = managerDouble();
  const it = createManagerSwitch(manager, silent);
  const may = Promise.withResolvers<boolean>();
  const started = new Promise<void>((resolve) => it.onChange(resolve));
  it.keepRunning(may.promise);
  expect(told).toEqual([]);
  may.resolve(true);
  await started;
  expect(told).toEqual(["start"]);
  await it.close();
});

test("it never starts where it turns out that it may not, as on a cluster that is production", async () => {
  const { manager, told } = managerDouble();
  const it = createManagerSwitch(manager, silent);
  it.keepRunning(Promise.resolve(false));
  await Promise.resolve();
  // A turn of the switch comes after everything that was begun before it.
  await it.close();
  expect(told).toEqual([]);
});

test("an operator who switches it off before that is known is obeyed", async () => {
  const { manager, told } = managerDouble();
  const it = createManagerSwitch(manager, silent);
  const may = Promise.withResolvers<boolean>();
  it.keepRunning(may.promise);
  await it.setRunning(false);
  may.resolve(true);
  await may.promise;
  await it.close();
  expect(told).toEqual([]);
});
