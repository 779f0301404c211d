/** The arguments of the desktop host, which are those of `antigraph console` that make sense for a window. */

import { resolve } from "node:path";
import { parseArgs } from "node:util";

export interface HostArguments {
  dataDir: string;
  /** Left out: the one that was open last. */
  profile?: string;
  samples: boolean;
  /** Log more than warnings and errors. */
  verbose: boolean;
}

/** Unknown arguments are Chromium's or a deep link, and none of our business. */
export function readArguments(args: readonly string[], defaultDataDir: string): HostArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: "string" },
      profile: { type: "string" },
      "no-samples": { type: "boolean" },
      verbose: { type: "boolean" },
    },
    strict: false,
    allowPositionals: true,
  });
  return {
    dataDir: resolve(textOf(values.data) ?? defaultDataDir),
    profile: textOf(values.profile),
    samples: values["no-samples"] !== true,
    verbose: values.verbose === true,
  };
}

/** Without `strict`, an option without its value is `true`. */
function textOf(value: string | boolean | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
