// The way from Chromium to the handler that the main process gave to `protocol.handle`: a private scheme can't be added
// to a Chromium from outside, so its pages are served on the loopback, request by request, streams included.

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";

export type ProtocolHandler = (request: Request) => Response | Promise<Response>;

export interface Loopback {
  readonly origin: string;
  /** The address a page of the private scheme has in Chromium. Other addresses are left as they are. */
  toLoopback(url: string): string;
  /** The reverse: what the main process sees. */
  toScheme(url: string): string;
  close(): void;
}

/** @param schemeOrigin for instance `antigraph-app://console` */
export async function serveLoopback(schemeOrigin: string, handler: ProtocolHandler): Promise<Loopback> {
  const server = createServer((incoming, outgoing) => {
    void answer(incoming)
      .then(async (response) => {
        outgoing.writeHead(response.status, Object.fromEntries(response.headers));
        if (response.body === null) outgoing.end();
        // A page that goes away cancels the body, as in Electron.
        else await pipeline(Readable.fromWeb(response.body as ReadableStream), outgoing);
      })
      .catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(incoming: IncomingMessage): Promise<Response> {
    const headers = new Headers();
    for (const [name, value] of Object.entries(incoming.headers)) {
      if (["host", "connection", "keep-alive", "transfer-encoding"].includes(name)) continue;
      for (const single of [value ?? []].flat()) headers.append(name, single.replaceAll(origin, schemeOrigin));
    }
    const hasBody = incoming.method !== "GET" && incoming.method !== "HEAD";
    return handler(
      new Request(`${schemeOrigin}${incoming.url}`, {
        method: incoming.method ?? "GET",
        headers,
        ...(hasBody ? { body: Readable.toWeb(incoming) as BodyInit, duplex: "half" } : {}),
      }),
    );
  }

  return {
    origin,
    toLoopback: (url) => (url.startsWith(schemeOrigin) ? origin + url.slice(schemeOrigin.length) : url),
    toScheme: (url) => (url.startsWith(origin) ? schemeOrigin + url.slice(origin.length) : url),
    close: () => closeNow(server),
  };
}

function closeNow(server: Server): void {
  server.closeAllConnections();
  server.close();
}
