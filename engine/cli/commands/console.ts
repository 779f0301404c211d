import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { ConsoleHost } from "../../api/console.ts";
import { command, integer } from "../command.ts";
import { defaultDataDir } from "../data-dir.ts";
import { type Io, printJson } from "../io.ts";
import { lineLogger } from "../line-logger.ts";
import { openBrowser } from "../open-browser.ts";
import { untilStopped } from "../until-stopped.ts";

const DEFAULT_PORT = 4600;
const HIGHEST_PORT = 65_535;

export const consoleCommand = command({
  name: "console",
  description: "Run the console and open it in the browser (ANTIGRAPH_TOKEN sets the token of its API)",
  args: {
    port: { type: "string", description: `The port (default ${DEFAULT_PORT}, 0 for any free one)`, valueHint: "N" },
    host: { type: "string", description: "The address to listen on (default 127.0.0.1)", valueHint: "ADDRESS" },
    "allow-host": {
      type: "string",
      description: "Answer to this Host header too; repeatable",
      valueHint: "HOST[:PORT]",
    },
    data: { type: "string", description: "The data folder (default: ANTIGRAPH_DATA, else yours)", valueHint: "DIR" },
    profile: { type: "string", description: "The profile to open (default: the last one)", valueHint: "NAME" },
    open: { type: "boolean", default: true, description: "Open the browser", negativeDescription: "Open no browser" },
    samples: {
      type: "boolean",
      default: true,
      description: "Run the sample services",
      negativeDescription: "Run no sample services",
    },
    verbose: { type: "boolean", description: "Log more than warnings and errors" },
    json: { type: "boolean", description: "Say where it is as JSON" },
  },
  repeatable: ["allow-host"],
  async run({ args, all, io }) {
    const port = integer(args.port, "--port", 0, HIGHEST_PORT) ?? DEFAULT_PORT;
    const dataDir = resolve(args.data ?? defaultDataDir(io.environment));
    const stopped = untilStopped();
    const { openConsole } = await import("../../api/console.ts");
    const host = await openConsole({
      dataDir,
      profile: args.profile,
      samples: args.samples,
      listen: { port, hostname: args.host },
      allowedHosts: all("allow-host"),
      logger: lineLogger(io, args.verbose === true),
    });
    try {
      greet(host, dataDir, args.json === true, io);
      if (args.open) openBrowser(link(host), io.environment);
      const stopLinks = offerLinks(host, io);
      await stopped;
      stopLinks();
    } finally {
      await host.close();
    }
  },
});

function greet(host: ConsoleHost, dataDir: string, json: boolean, io: Io): void {
  const { url, info } = host;
  if (json) {
    printJson(io, { url, link: link(host), data: dataDir, profile: info.profile.name });
    return;
  }
  const more = isInteractive(io) ? "; Enter prints a new link" : "";
  io.out(
    `Antigraph is open at ${link(host)} (a link for one use within a minute${more}).\n` +
      `Its data is in ${dataDir}. Ctrl-C stops it.`,
  );
}

/** An address that signs a page in, once, within 60 s. */
function link(host: ConsoleHost): string {
  return `${host.url}/#code=${host.sessionCode()}`;
}

/** Whoever missed the minute presses Enter. */
function offerLinks(host: ConsoleHost, io: Io): () => void {
  if (!isInteractive(io)) return () => {};
  const lines = createInterface({ input: process.stdin });
  lines.on("line", () => io.out(link(host)));
  return () => lines.close();
}

function isInteractive(io: Io): boolean {
  return io.isTerminal && process.stdin.isTTY === true;
}
