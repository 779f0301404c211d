/**
 * The private protocol by which the window gets its pages and calls the API: no port is open, and nothing but the
 * console's own window speaks it. It isn't the deep-link scheme (`antigraph:`), which everybody may use.
 */

import { protocol } from "electron";

const PAGE_SCHEME = "antigraph-app";
const PAGE_HOST = "console";

/** Where the pages live, as a prefix of their paths: `antigraph-app://console`. */
export const PAGE_ORIGIN = `${PAGE_SCHEME}://${PAGE_HOST}`;

/** Makes the scheme a standard, secure one with fetch and streams. Must be called before Electron is ready. */
export function registerPageScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: PAGE_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
  ]);
}

/** Answers every request of the window by `answer`, whose bodies may be streams. */
export function servePages(answer: (request: Request) => Response | Promise<Response>): void {
  protocol.handle(PAGE_SCHEME, async (request) => {
    if (!isPageUrl(request.url)) return new Response("There is nothing here.", { status: 404 });
    return answer(request);
  });
}

/** Is this one of our own pages? An opaque origin ("null") can't be compared, so scheme and host are. */
export function isPageUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.protocol === `${PAGE_SCHEME}:` && url.host === PAGE_HOST;
}
