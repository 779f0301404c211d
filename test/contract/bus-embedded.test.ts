import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedBus } from "../../engine/bus/embedded/bus.ts";
import { TOPICS } from "../../engine/core/protocol.ts";
import { busContract } from "./bus-contract.ts";

busContract("embedded", async (topics) => {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-bus-"));
  const open = () => openEmbeddedBus({ file: join(folder, "bus.sqlite"), topics });
  let bus = open();
  return {
    bus,
    deadLetters: TOPICS.deadLetter,
    async reopen() {
      await bus.close();
      bus = open();
      return bus;
    },
    async dispose() {
      await bus.close();
      rmSync(folder, { recursive: true });
    },
  };
});
