import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { command } from "../command.ts";
import { Failure, Told } from "../failure.ts";

const SCRIPT = fileURLToPath(new URL("../../../test/bench/run.ts", import.meta.url));

export const benchCommand = command({
  name: "bench",
  description: "Run the benchmarks of this checkout",
  args: {},
  async run() {
    if (!existsSync(SCRIPT)) {
      throw new Failure(
        "not_supported",
        "The benchmarks are part of the source",
        "Run it in a checkout of Antigraph.",
      );
    }
    const child = spawn(process.execPath, [SCRIPT], { stdio: "inherit" });
    const code = await new Promise((resolve) => child.once("exit", resolve));
    if (code !== 0) throw new Told();
  },
});
