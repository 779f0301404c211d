/**
 * What a page may not do, whatever runs in it: leave for another site, open windows, embed others, or use the machine's
 * devices. The console needs none of it. Its content security policy comes with its pages (engine/api).
 */

import { app, type Session } from "electron";
import { isPageUrl } from "./page-protocol.ts";

/** Copying a uuid or an error; everything else (camera, location, notifications, reading the clipboard) is refused. */
const ALLOWED_PERMISSIONS: ReadonlySet<string> = new Set(["clipboard-sanitized-write"]);

/** Applies to every page and frame from now on. To be called before the first window. */
export function guardWebContents(): void {
  app.on("web-contents-created", (_created, contents) => {
    contents.on("will-navigate", denyForeign);
    contents.on("will-frame-navigate", denyForeign);
    contents.on("will-redirect", denyForeign);
    contents.on("will-attach-webview", (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: "deny" }));
  });
}

export function guardPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, decide) => decide(ALLOWED_PERMISSIONS.has(permission)));
  session.setPermissionCheckHandler((_contents, permission) => ALLOWED_PERMISSIONS.has(permission));
  session.setDevicePermissionHandler(() => false);
}

function denyForeign(event: { readonly url: string; preventDefault(): void }): void {
  if (!isPageUrl(event.url)) event.preventDefault();
}
