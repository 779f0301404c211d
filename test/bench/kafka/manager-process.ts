/** The manager alone, as `antigraph manager` runs it. */
import { runManager } from "../../../engine/manager/run-on-kafka.ts";
import { optionsOf, serve, usage } from "./child.ts";

const { brokers, prefix, dataDir } = optionsOf<{ brokers: string[]; prefix: string; dataDir: string }>();
const begin = performance.now();
const running = await runManager({ brokers, prefix, dataDir });
let ended = 0;
running.onEnded(() => {
  ended++;
});
serve(
  {
    usage: () => usage(running.status().processed),
    ended: () => ended,
    inFlight: () => running.status().inFlight,
    collect: () => {
      globalThis.gc?.();
      return usage(running.status().processed);
    },
  },
  () => running.stop(),
);
/** How long it took until it worked on its partitions, in milliseconds. */
process.send?.(performance.now() - begin);
