/**
 * The Electron main process: the console's host on a workstation. Thin: the engine and the API are those of the browser
 * console, reached by the window over a private protocol instead of a port.
 *
 * No top-level await: Electron isn't ready before this module has been evaluated.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { app, type BrowserWindow, dialog, session } from "electron";
import { type ConsoleHost, openConsole } from "../engine/api/console.ts";
import { defaultDataDir } from "../engine/cli/data-dir.ts";
import { processIo } from "../engine/cli/io.ts";
import { lineLogger } from "../engine/cli/line-logger.ts";
import { readArguments } from "./arguments.ts";
import { DEEP_LINK_SCHEME, pagePathIn, pagePathOf } from "./deep-link.ts";
import { onLauncherQuit, tellLauncher } from "./launcher-channel.ts";
import { installMenu } from "./menu.ts";
import { registerPageScheme, servePages } from "./page-protocol.ts";
import { createSecretStore } from "./secrets.ts";
import { guardPermissions, guardWebContents } from "./web-guard.ts";
import { bringToFront, openWindow, showPage } from "./window.ts";

const FIRST_PAGE = "/";
/** How long the manager and the bus may take to close when the app quits. */
const CLOSE_TIMEOUT_MS = 8_000;

const settings = readArguments(process.argv.slice(app.isPackaged ? 1 : 2), defaultDataDir());
let opening: Promise<ConsoleHost> | undefined;
let mainWindow: BrowserWindow | undefined;
/** The page that a link asked for before there was a window. */
let firstPage = pagePathIn(process.argv) ?? FIRST_PAGE;
let isClosing = false;

// One window per data folder: the lock that keeps a second one out lies beside its data.
const windowDir = join(settings.dataDir, "window");
app.setPath("userData", windowDir);
registerPageScheme();
guardWebContents();
app.on("open-url", (event, link) => {
  event.preventDefault();
  const pagePath = pagePathOf(link);
  if (pagePath !== undefined) show(pagePath);
});
void begin().catch(fail);

async function begin(): Promise<void> {
  // Electron takes a missing folder for one that another process has locked.
  mkdirSync(windowDir, { recursive: true });
  if (!app.requestSingleInstanceLock()) {
    await tellLauncher({ type: "already running" });
    return app.exit(0);
  }
  app.on("second-instance", (_event, args) => show(pagePathIn(args)));
  app.on("window-all-closed", () => app.quit());
  app.on("before-quit", closeInOrder);
  onLauncherQuit(() => app.quit());

  const { dataDir, profile, samples, verbose } = settings;
  const secrets = createSecretStore(dataDir);
  const logger = lineLogger(processIo, verbose);
  opening = openConsole({ dataDir, profile, samples, trusted: true, secrets, logger });
  const [{ app: api, info }] = await Promise.all([opening, app.whenReady()]);
  if (app.isPackaged) app.setAsDefaultProtocolClient(DEEP_LINK_SCHEME);
  servePages((request) => api.fetch(request));
  guardPermissions(session.defaultSession);
  installMenu(show);
  mainWindow = await openWindow(firstPage, info.profile);
  mainWindow.on("closed", () => {
    mainWindow = undefined;
  });
  await tellLauncher({ type: "ready" });
}

/** Shows a page, or just the window; what is asked for too early is shown first. */
function show(pagePath?: string): void {
  if (mainWindow === undefined) firstPage = pagePath ?? firstPage;
  else if (pagePath === undefined) bringToFront(mainWindow);
  else showPage(mainWindow, pagePath);
}

/** Holds the quit back until the manager has handed over and the data folder is closed. */
function closeInOrder(event: { preventDefault(): void }): void {
  event.preventDefault();
  if (isClosing) return;
  isClosing = true;
  void closeHost().finally(() => app.exit(0));
}

/** Never rejects: what can't be closed in order is closed by the end of the process. */
async function closeHost(): Promise<void> {
  const timeout = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref());
  const closed = opening?.then((host) => host.close()).catch(() => {});
  await Promise.race([closed, timeout]);
}

async function fail(error: unknown): Promise<void> {
  const why = error instanceof Error ? error.message : String(error);
  await tellLauncher({ type: "failed", why });
  if (process.send === undefined) dialog.showErrorBox("Antigraph can't start", why);
  await closeHost();
  app.exit(1);
}
