/**
 * The composition root of a console: opens the data folder, the bus, the caches and the manager, puts the HTTP app on
 * them, and closes all of it in order. The CLI and Electron both start here.
 */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { fileURLToPath } from "node:url";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { type StartedSamples, startSamples } from "../../examples/services/start.ts";
import { TOPICS } from "../core/protocol.ts";
import { type Logger, silent } from "../manager/logger.ts";
import { createApp } from "./app.ts";
import { readToken } from "./data-folder.ts";
import { openEngine, RETENTION_DAYS } from "./engine-parts.ts";
import { createFaultBoard } from "./faults.ts";
import { isFirstStart, publishSamples, startDemoJourneys } from "./first-start.ts";
import { createFlowPublisher } from "./flow-publishing.ts";
import { type ApiHost, infoOf } from "./host.ts";
import { listen } from "./listen.ts";
import { createMetrics } from "./metrics.ts";
import type { Info } from "./schemas/console.ts";
import { createSessionCodes } from "./session-codes.ts";
import { createStartedJourneys } from "./started-journeys.ts";

const ROOT = new URL("../../", import.meta.url);

export interface ConsoleOptions {
  /** Made if it is missing. Everything of the embedded profile lies in it. */
  dataDir: string;
  /** The profile to open; left out: the one that was open last, on the first start `embedded`. */
  profile?: string;
  /** Run the sample services as a process beside this one. Default false. */
  samples?: boolean;
  /** Serve app and pages on a port: 0 for any free one, host 127.0.0.1 unless given. Left out: the host serves `app`. */
  listen?: { port: number; hostname?: string };
  /** `app` asks for no token: only the console's own window can reach it (Electron). Default false. */
  trusted?: boolean;
  /** Hosts beside 127.0.0.1, localhost and [::1] that the app answers to. */
  allowedHosts?: string[];
  /** Under whose name actions are recorded. Default: the system's user. */
  actor?: string;
  /** The bearer token. Default: ANTIGRAPH_TOKEN, else the one kept in the data folder. */
  token?: string;
  /** The built renderer. Default: dist/renderer. */
  pagesDir?: string;
  /** Flows and negations of the first start. Default: examples/. */
  examplesDir?: string;
  /** Milliseconds since 1970. Default: the system's. */
  clock?: () => number;
  logger?: Logger;
}

export interface ConsoleHost {
  app: OpenAPIHono;
  token: string;
  /** A code by which a page gets the token, good once within 60 s: open `${url}/#code=${code}`. */
  sessionCode(): string;
  info: Info;
  /** Where `app` is served, when `listen` was given. */
  url?: string;
  /** Where sample services run: resolves when all of them have reached the console. */
  samplesReady?: Promise<void>;
  /** Ends everything in order: services, calls, manager, caches, bus. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens a console. What had been opened is closed again when it fails.
 * @throws AntigraphError data_folder_unwritable, data_folder_locked, data_folder_corrupt, data_folder_newer,
 *   profile_not_found, not_supported, port_in_use, invalid_request (ANTIGRAPH_TOKEN)
 */
export async function openConsole(options: ConsoleOptions): Promise<ConsoleHost> {
  const closers: (() => void | Promise<void>)[] = [];
  const close = closeOnce(closers);
  try {
    return await open(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  options: ConsoleOptions,
  closers: (() => void | Promise<void>)[],
  close: () => Promise<void>,
): Promise<ConsoleHost> {
  const { dataDir, profile, clock = Date.now, logger = silent } = options;
  const parts = await openEngine({ dataDir, profile, clock, logger }, (closer) => closers.push(closer));
  const token = options.token ?? readToken(dataDir, process.env.ANTIGRAPH_TOKEN);
  const closing = new AbortController();
  let samples: StartedSamples | undefined;
  const host: ApiHost = {
    ...parts,
    product: { version: productVersion(), retentionDays: RETENTION_DAYS },
    actor: options.actor ?? systemUser(),
    samples: () => samples !== undefined,
    topics: TOPICS,
    faults: createFaultBoard(clock()),
    started: createStartedJourneys(),
    sessions: createSessionCodes(clock),
    metrics: createMetrics({ ...parts, topics: TOPICS }),
    logger,
    now: clock,
    newUuid: randomUUID,
    closing: closing.signal,
  };
  const isFirst = options.samples === true && (await isFirstStart(host));
  if (isFirst) {
    await publishSamples(host, createFlowPublisher(host), options.examplesDir ?? pathOf("examples"));
  }

  const guard = { token, allowedHosts: options.allowedHosts };
  const pagesDir = options.pagesDir ?? pathOf("dist/renderer");
  const app = createApp(host, { guard: options.trusted ? { trusted: true } : guard, pagesDir });
  const serve = async (served: OpenAPIHono, port: number, hostname?: string) => {
    const listener = await listen(served, port, hostname);
    closers.push(() => listener.close());
    parts.announce(listener.url);
    return listener.url;
  };
  const url = options.listen && (await serve(app, options.listen.port, options.listen.hostname));
  // Long polls and streams end when the console closes, after the sample services and before the port.
  closers.push(() => closing.abort());
  if (options.samples) {
    // Where nobody serves the app on a port, the services get one of their own: calls only, with the token.
    const samplesUrl = url ?? (await serve(createApp(host, { guard }), 0));
    samples = startSamples({ url: samplesUrl, token, dataDir, log: samplesLog(logger) });
    let stopping = false;
    closers.push(() => {
      stopping = true;
      return samples?.stop();
    });
    void samples.exited.then(() => {
      samples = undefined;
    });
    const tellWhy = (error: unknown) => {
      if (!stopping) logger.warn({ err: error }, "The sample journeys of the first start could not be started");
    };
    if (isFirst) void samples.ready.then(() => startDemoJourneys(host)).catch(tellWhy);
  }
  return {
    app,
    token,
    sessionCode: () => host.sessions.issue(),
    info: infoOf(host),
    url,
    samplesReady: samples?.ready,
    close,
  };
}

/** Closes what was opened, the last first; one failure doesn't keep the rest open. */
function closeOnce(closers: (() => void | Promise<void>)[]): () => Promise<void> {
  let closed: Promise<void> | undefined;
  const run = async () => {
    const failures: unknown[] = [];
    for (let closer = closers.pop(); closer; closer = closers.pop()) {
      try {
        await closer();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
  return () => {
    closed ??= run();
    return closed;
  };
}

function samplesLog(logger: Logger): (level: "info" | "warn" | "error", message: string) => void {
  return (level, message) => logger[level]({ part: "samples" }, message);
}

function productVersion(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8"));
  return manifest.version;
}

/** Who started this process; not every system has a name for that. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return "operator";
  }
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, ROOT));
}
