import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedBus } from "../../engine/bus/embedded/bus.ts";
import { TOPICS } from "../../engine/core/protocol.ts";
import { queueClockContract } from "./queue-clock-contract.ts";

queueClockContract("embedded", async () => {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-clock-"));
  const bus = openEmbeddedBus({ file: join(folder, "bus.sqlite") });
  const partitions = (await bus.offsets(TOPICS.fromManager)).length;
  return {
    ...{ bus, topics: TOPICS, prefix: "", partitions },
    async dispose() {
      await bus.close();
      rmSync(folder, { recursive: true });
    },
  };
});
