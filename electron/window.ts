/** The console's window: one, sandboxed, with a title that always says which environment one is looking at. */

import { fileURLToPath } from "node:url";
import { BrowserWindow, nativeTheme } from "electron";
import { PAGE_ORIGIN } from "./page-protocol.ts";
import { type WindowProfile, windowTitle } from "./window-title.ts";

/** Bundled beside the main process; sandboxed preloads must be CommonJS. */
const PRELOAD = fileURLToPath(new URL("preload.cjs", import.meta.url));
/** What is seen before the page has painted, as the page will be. */
const BACKGROUND = { light: "#ffffff", dark: "#16181d" };

/** Opens the window on a page and resolves when it has loaded. */
export async function openWindow(pagePath: string, profile: WindowProfile): Promise<BrowserWindow> {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 800,
    minHeight: 560,
    show: false,
    title: windowTitle("Antigraph", profile),
    backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
    webPreferences: {
      preload: PRELOAD,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  });
  window.once("ready-to-show", () => window.show());
  window.on("page-title-updated", (event, title) => {
    event.preventDefault();
    window.setTitle(windowTitle(title, profile));
  });
  await window.loadURL(PAGE_ORIGIN + pagePath);
  return window;
}

/** Shows another page in a window that is open: as a navigation inside the page, so nothing is loaded anew. */
export function showPage(window: BrowserWindow, pagePath: string): void {
  window.webContents.send("navigate", pagePath);
  bringToFront(window);
}

export function bringToFront(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}
