/**
 * The composition root of a console: opens the data folder and the engine of its profile (engine-parts.ts), puts the HTTP
 * app on it, and closes all of it in order. The CLI and Electron both start here.
 */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { fileURLToPath } from "node:url";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { type StartedSamples, startSamples } from "../../examples/services/start.ts";
import { type Logger, silent } from "../manager/logger.ts";
import { createApp } from "./app.ts";
import { createChangeFeed } from "./change-feed.ts";
import { closeOnce } from "./close-once.ts";
import { lockDataFolder, prepareDataFolder, readToken, removeOwner, writeOwner } from "./data-folder.ts";
import { openEngineSwitch } from "./engine-switch.ts";
import { createFaultBoard } from "./faults.ts";
import { isFirstStart, publishSamples, startDemoJourneys } from "./first-start.ts";
import { type FixedCluster, fixedProfile } from "./fixed-profile.ts";
import { createFlowPublisher } from "./flow-publishing.ts";
import { type ApiHost, infoOf, type ManagerSwitch } from "./host.ts";
import { hostOf } from "./host-of.ts";
import { listen } from "./listen.ts";
import { EMBEDDED } from "./profile-file.ts";
import { openProfiles } from "./profiles.ts";
import type { Info } from "./schemas/console.ts";
import type { SecretStore } from "./secret-store.ts";
import { createSessionCodes } from "./session-codes.ts";

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
  /** Serve no pages, only calls. Default true. */
  pages?: boolean;
  /** The script of the sample services' process; a packaged app brings its own. */
  samplesEntry?: string;
  /** The key store of this host; left out: there is none, secrets come from the environment. */
  secrets?: SecretStore;
  /** In the place of the data folder's profiles: this cluster, with a manager, and nothing else to choose. */
  cluster?: FixedCluster;
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
  /** As it was at the opening. */
  info: Info;
  /** The manager of the profile that is open now. */
  manager(): ManagerSwitch;
  /** Where `app` is served, when `listen` was given. */
  url?: string;
  /** Where sample services run: resolves when all of them have reached the console. */
  samplesReady?: Promise<void>;
  /** Ends everything in order: services, streams, the port, the engine. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens a console. What had been opened is closed again when it fails.
 * @throws AntigraphError data_folder_unwritable, data_folder_locked, data_folder_corrupt, data_folder_newer,
 *   profile_not_found, port_in_use, invalid_request (ANTIGRAPH_TOKEN)
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
  const { dataDir, clock = Date.now, logger = silent, actor = systemUser() } = options;
  prepareDataFolder(dataDir);
  closers.push(lockDataFolder(dataDir));
  const owner = { pid: process.pid, since: new Date(clock()).toISOString() };
  writeOwner(dataDir, owner);
  closers.push(() => removeOwner(dataDir));
  const { secrets } = options;
  const profiles = options.cluster
    ? fixedProfile(options.cluster)
    : openProfiles(dataDir, options.profile, { clock, actor, ...(secrets && { secrets }) });
  const token = options.token ?? readToken(dataDir, process.env.ANTIGRAPH_TOKEN);
  const changes = createChangeFeed({ firstId: clock() });
  closers.push(() => changes.close());
  const samples = samplesOf(options, token);
  const shutdown = new AbortController();
  let startSamplesIfEmbedded = () => {};
  const engines = await openEngineSwitch({
    ...{ dataDir, profiles, changes, clock, logger, shutdown: shutdown.signal },
    onClosing: () => samples.stop(),
    onOpened: () => startSamplesIfEmbedded(),
  });
  closers.push(() => engines.close());
  const host = hostOf(engines, {
    version: productVersion(),
    actor,
    samples: () => samples.isRunning(),
    negations: profiles.negations,
    profiles,
    faults: createFaultBoard(clock()),
    changes,
    sessions: createSessionCodes(clock),
    logger,
    now: clock,
    newUuid: randomUUID,
    shutdown: shutdown.signal,
  });
  const isFirst = options.samples === true && isEmbedded(host) && (await isFirstStart(host));
  if (isFirst) {
    await publishSamples(host, createFlowPublisher(host), options.examplesDir ?? pathOf("examples"));
  }

  const guard = { token, allowedHosts: options.allowedHosts };
  const pagesDir = options.pages === false ? undefined : (options.pagesDir ?? pathOf("dist/renderer"));
  const app = createApp(host, { guard: options.trusted ? { trusted: true } : guard, pagesDir });
  const serve = async (served: OpenAPIHono, port: number, hostname?: string) => {
    const listener = await listen(served, port, hostname);
    closers.push(() => listener.close());
    writeOwner(dataDir, { ...owner, url: listener.url });
    return listener.url;
  };
  const url = options.listen && (await serve(app, options.listen.port, options.listen.hostname));
  // Long polls and streams end when the console closes, after the sample services and before the port.
  closers.push(() => shutdown.abort());
  // Where nobody serves the app on a port, the services get one of their own: calls only, with the token.
  const samplesUrl = options.samples ? (url ?? (await serve(createApp(host, { guard }), 0))) : undefined;
  startSamplesIfEmbedded = () => {
    if (samplesUrl !== undefined && isEmbedded(host)) samples.start(samplesUrl);
  };
  startSamplesIfEmbedded();
  closers.push(() => samples.stop());
  const samplesReady = samples.ready();
  if (isFirst) {
    const tellWhy = (error: unknown) => {
      if (samples.isRunning()) {
        logger.warn({ err: error }, "The sample journeys of the first start could not be started");
      }
    };
    void samplesReady?.then(() => startDemoJourneys(host)).catch(tellWhy);
  }
  await engines.settled();
  return {
    app,
    token,
    sessionCode: () => host.sessions.issue(),
    info: infoOf(host),
    manager: () => host.manager,
    url,
    samplesReady,
    close,
  };
}

const isEmbedded = (host: ApiHost): boolean => host.profiles.current().kind === EMBEDDED;

/** The sample services as a process beside this one, started and stopped with the embedded profile. */
function samplesOf({ dataDir, logger = silent, samplesEntry: entry }: ConsoleOptions, token: string) {
  let running: StartedSamples | undefined;
  return {
    isRunning: () => running !== undefined,
    ready: () => running?.ready,
    start(url: string): void {
      const started = startSamples({ url, token, dataDir, log: samplesLog(logger), ...(entry && { entry }) });
      running = started;
      void started.exited.then(() => {
        if (running === started) running = undefined;
      });
    },
    async stop(): Promise<void> {
      const stopping = running;
      running = undefined;
      await stopping?.stop();
    },
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
