/**
 * Runs in the sandboxed page before its own scripts. It exposes one fact and no function: that the page is in the
 * desktop window, so it needs no token. Pages the menu or a deep link asks for arrive here and become an ordinary
 * navigation of the page's own router.
 */

import { contextBridge, ipcRenderer } from "electron";

contextBridge.exposeInMainWorld("antigraphHost", "desktop");

ipcRenderer.on("navigate", (_event, pagePath: string) => {
  history.pushState(null, "", pagePath);
  window.dispatchEvent(new PopStateEvent("popstate", { state: null }));
});
