// BrowserWindow and its webContents as pages of the stand-in's Chromium.

import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import type { BrowserContext, Page, Request, Route } from "@playwright/test";
import { launchChromium, type StandInChromium } from "./chromium.ts";
import { type Loopback, type ProtocolHandler, serveLoopback } from "./loopback.ts";
import { report } from "./messages.ts";

type OpenHandler = (details: { url: string }) => { action: "allow" | "deny" };

interface WindowOptions {
  title?: string;
  show?: boolean;
  webPreferences?: { preload?: string; [preference: string]: unknown };
  [option: string]: unknown;
}

/** Electron's names of permissions, and Chromium's. */
const PERMISSIONS: Record<string, string> = {
  "clipboard-sanitized-write": "clipboard-write",
  "clipboard-read": "clipboard-read",
  geolocation: "geolocation",
  notifications: "notifications",
  midi: "midi",
};

const windows = new Set<BrowserWindow>();
let browser: StandInChromium | undefined;
let owner: EventEmitter | undefined;
let scheme: { origin: string; loopback: Promise<Loopback> } | undefined;

/** @param app gets `web-contents-created` and `window-all-closed` */
export async function startBrowser(userDataDir: string, app: EventEmitter): Promise<StandInChromium> {
  owner = app;
  browser = await launchChromium(userDataDir);
  await browser.context.route(() => true, onRequest);
  // A window that isn't allowed is closed again before it shows anything: Electron wouldn't have made it.
  browser.context.on("page", async (page) => {
    if ((await page.opener()) !== null && !isOpenAllowed(page.url())) await page.close();
  });
  return browser;
}

export async function closeBrowser(): Promise<void> {
  (await scheme?.loopback)?.close();
  await browser?.context.close();
}

export function openWindows(): BrowserWindow[] {
  return [...windows];
}

/** All pages of the scheme are of one host, as the desktop host's are. */
export function configureScheme(name: string, handler: ProtocolHandler): void {
  const origin = `${name}://console`;
  scheme = { origin, loopback: serveLoopback(origin, handler) };
}

/** Grants what `isGranted` says yes to (Electron's names); Chromium then denies all others without asking. */
export function grantPermissions(isGranted: (permission: string) => boolean): void {
  const granted = Object.entries(PERMISSIONS).flatMap(([name, chromiumName]) =>
    isGranted(name) ? [chromiumName] : [],
  );
  void contextOf().grantPermissions(granted);
}

function contextOf(): BrowserContext {
  if (browser === undefined) throw new Error("Cannot create BrowserWindow before app is ready");
  return browser.context;
}

class WebContents extends EventEmitter {
  openHandler: OpenHandler = () => ({ action: "allow" });
  readonly #page: Promise<Page>;

  constructor(page: Promise<Page>) {
    super();
    this.#page = page;
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.openHandler = handler;
  }

  send(channel: string, ...args: unknown[]): void {
    void this.#page.then((page) =>
      page.evaluate(([name, values]) => window.standInPreload?.receive(name, values), [channel, args] as const),
    );
  }
}

declare global {
  interface Window {
    /** Put there by the preload's wrapper, below. */
    standInPreload?: { receive(channel: string, args: readonly unknown[]): void };
    standInTitle?: (title: string) => void;
  }
}

export class BrowserWindow extends EventEmitter {
  readonly webContents: WebContents;
  /** The address that the main process itself is loading: no `will-navigate` for it. */
  loading: string | undefined;
  page: Page | undefined;
  readonly #opened: Promise<Page>;

  constructor(options: WindowOptions) {
    super();
    report({ standIn: "window", options: JSON.parse(JSON.stringify(options)) });
    if (options.title !== undefined) this.setTitle(options.title);
    this.#opened = this.#open(options.webPreferences?.preload);
    this.webContents = new WebContents(this.#opened);
    windows.add(this);
    owner?.emit("web-contents-created", {}, this.webContents);
  }

  async #open(preload: string | undefined): Promise<Page> {
    const unused = contextOf()
      .pages()
      .find((page) => page.url() === "about:blank" && openWindows().every((window) => window.page !== page));
    const page = unused ?? (await contextOf().newPage());
    this.page = page;
    page.on("close", () => this.#onClosed());
    const devtools = await contextOf().newCDPSession(page);
    devtools.on("Page.windowOpen", async (opened) => {
      const url = (await scheme?.loopback)?.toScheme(opened.url) ?? opened.url;
      if (!isOpenAllowed(url)) report({ standIn: "denied window", url });
    });
    await devtools.send("Page.enable");
    await page.exposeFunction("standInTitle", (title: string) => this.#onPageTitle(title));
    await page.addInitScript({ content: TITLE_WATCHER });
    if (preload !== undefined) await page.addInitScript({ content: wrapPreload(readFileSync(preload, "utf8")) });
    return page;
  }

  async loadURL(url: string): Promise<void> {
    const page = await this.#opened;
    this.loading = (await scheme?.loopback)?.toLoopback(url) ?? url;
    await page.goto(this.loading);
    this.emit("ready-to-show");
  }

  setTitle(title: string): void {
    report({ standIn: "title", title });
  }

  isMinimized(): boolean {
    return false;
  }

  restore(): void {}

  show(): void {}

  focus(): void {
    report({ standIn: "focus" });
  }

  close(): void {
    void this.#opened.then((page) => page.close());
  }

  #onPageTitle(title: string): void {
    let isPrevented = false;
    this.emit("page-title-updated", { preventDefault: () => (isPrevented = true) }, title, true);
    if (!isPrevented) this.setTitle(title);
  }

  #onClosed(): void {
    windows.delete(this);
    this.emit("closed");
    if (windows.size === 0) owner?.emit("window-all-closed");
  }
}

/** Every request passes here: navigations that the page itself began may be vetoed, new windows too. */
async function onRequest(route: Route, request: Request): Promise<void> {
  if (!request.isNavigationRequest()) return route.continue();
  const url = (await scheme?.loopback)?.toScheme(request.url()) ?? request.url();
  const page = pageOf(request);
  const window = openWindows().find((candidate) => candidate.page !== undefined && candidate.page === page);
  if (page === undefined || window === undefined) {
    return isOpenAllowed(url) ? route.continue() : route.abort();
  }
  const isMainFrame = request.frame() === page.mainFrame();
  if (isMainFrame && request.url() === window.loading) {
    window.loading = undefined;
    return route.continue();
  }
  let isPrevented = false;
  const event = { url, isMainFrame, preventDefault: () => (isPrevented = true) };
  window.webContents.emit("will-frame-navigate", event);
  if (isMainFrame) window.webContents.emit("will-navigate", event, url);
  return isPrevented ? route.abort("aborted") : route.continue();
}

/** Undefined for the first request of a window that is only just being opened. */
function pageOf(request: Request): Page | undefined {
  try {
    return request.frame().page();
  } catch {
    return undefined;
  }
}

function isOpenAllowed(url: string): boolean {
  return openWindows()[0]?.webContents.openHandler({ url }).action === "allow";
}

const TITLE_WATCHER = `
  if (window === window.top) new MutationObserver(() => {
    if (document.title !== window.standInLastTitle) window.standInTitle(window.standInLastTitle = document.title);
  }).observe(document, { subtree: true, childList: true, characterData: true });
`;

/** The preload as Electron runs it: a CommonJS script whose \`require\` knows the renderer's half of \`electron\`. */
function wrapPreload(code: string): string {
  return `if (window === window.top) {
    const listeners = new Map();
    window.standInPreload = {
      receive: (channel, args) => (listeners.get(channel) ?? []).forEach((listener) => listener({}, ...args)),
    };
    const electron = {
      contextBridge: { exposeInMainWorld: (name, value) => { window[name] = Object.freeze(value); } },
      ipcRenderer: { on: (channel, listener) => listeners.set(channel, [...(listeners.get(channel) ?? []), listener]) },
    };
    ((require, module, exports) => { ${code}
    })((name) => {
      if (name !== "electron") throw new Error("module not found: " + name);
      return electron;
    }, { exports: {} }, {});
  }`;
}
