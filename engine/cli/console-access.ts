/** How commands reach a running console: --url and ANTIGRAPH_TOKEN, or what its data folder tells. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readOwner } from "../api/data-folder.ts";
import { type ConsoleClient, createConsoleClient } from "../service/console-client.ts";
import { defaultDataDir } from "./data-dir.ts";
import { UsageError } from "./failure.ts";
import type { Io } from "./io.ts";

export const DEFAULT_URL = "http://127.0.0.1:4600";

/** The options of every command that talks to a console. */
export const consoleArgs = {
  url: {
    type: "string",
    description: `Where the console listens (default: where the one on the data folder does, else ${DEFAULT_URL})`,
    valueHint: "URL",
  },
  "data-dir": {
    type: "string",
    description: "The console's data folder: tells its address and, where ANTIGRAPH_TOKEN isn't set, its token",
    valueHint: "DIR",
  },
  json: { type: "boolean", description: "Answer as JSON" },
} as const;

export interface ConsoleAccess {
  url: string;
  /** Undefined when there is none to be found; the console will refuse, and say so. */
  token: string | undefined;
  dataDir: string;
  client: ConsoleClient;
}

export function accessConsole(args: { url?: string; "data-dir"?: string }, io: Io): ConsoleAccess {
  const dataDir = args["data-dir"] ?? defaultDataDir(io.environment);
  const url = args.url ?? io.environment.ANTIGRAPH_URL ?? urlOfOwner(dataDir) ?? DEFAULT_URL;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new UsageError(`--url takes an address like ${DEFAULT_URL}, not "${url}".`);
  }
  const token = io.environment.ANTIGRAPH_TOKEN?.trim() || readToken(dataDir, url);
  return { url, token, dataDir, client: createConsoleClient({ url, token, fetch: io.fetch }) };
}

/** Where the console that has this folder open listens, unless it is gone. */
function urlOfOwner(dataDir: string): string | undefined {
  const owner = readOwner(dataDir);
  if (!owner?.url) return undefined;
  try {
    process.kill(owner.pid, 0);
    return owner.url;
  } catch (error) {
    // EPERM: it lives, under another user.
    return error instanceof Error && "code" in error && error.code === "EPERM" ? owner.url : undefined;
  }
}

/** The folder's token is for the console of this machine, and goes nowhere else. */
function readToken(dataDir: string, url: string): string | undefined {
  const { hostname } = new URL(url);
  if (!["127.0.0.1", "localhost", "[::1]"].includes(hostname)) return undefined;
  try {
    return readFileSync(join(dataDir, "token"), "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}
