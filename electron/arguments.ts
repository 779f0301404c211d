/** The arguments of the desktop host, which are those of `antigraph console` that make sense for a window. */

import { parseArgs } from "node:util";

export interface HostArguments {
  dataDir: string;
  samples: boolean;
}

/** Unknown arguments are Chromium's or a deep link, and none of our business. */
export function readArguments(args: readonly string[], defaultDataDir: string): HostArguments {
  const { values } = parseArgs({
    args: [...args],
    options: { data: { type: "string" }, "no-samples": { type: "boolean" } },
    strict: false,
    allowPositionals: true,
  });
  const dataDir = typeof values.data === "string" && values.data !== "" ? values.data : defaultDataDir;
  return { dataDir, samples: values["no-samples"] !== true };
}
