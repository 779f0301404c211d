/** Serving an app on a port. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { AntigraphError } from "../core/errors.ts";

/** How long calls may take to end after the port was closed; long polls and streams end by themselves. */
const CLOSE_GRACE_MS = 1_000;
const SWEEP_MS = 20;

export interface Listener {
  /** For instance http://127.0.0.1:4600 */
  url: string;
  port: number;
  close(): Promise<void>;
}

/**
 * @param port 0 for any free one
 * @throws AntigraphError port_in_use
 */
export async function listen(
  app: Pick<OpenAPIHono, "fetch">,
  port: number,
  hostname = "127.0.0.1",
): Promise<Listener> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, hostname, port)));
    server.listen(port, hostname, resolve);
  });
  const address = server.address() as AddressInfo;
  const shown = shownHost(address);
  return {
    url: `http://${shown}:${address.port}`,
    port: address.port,
    close: () => closeServer(server),
  };
}

/** A host by which this machine reaches the address. */
function shownHost({ address, family }: AddressInfo): string {
  if (address === "0.0.0.0" || address === "::") return "127.0.0.1";
  return family === "IPv6" ? `[${address}]` : address;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // Connections that are kept alive end as soon as their last answer is out.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function listenError(error: NodeJS.ErrnoException, hostname: string, port: number): Error {
  if (error.code === "EADDRINUSE") {
    return new AntigraphError("port_in_use", `Port ${port} on ${hostname} is taken by another program.`);
  }
  if (error.code === "EACCES") {
    return new AntigraphError("port_in_use", `Port ${port} on ${hostname} may not be opened by this user.`);
  }
  if (error.code === "EADDRNOTAVAIL") {
    return new AntigraphError("port_in_use", `This machine has no address ${hostname}.`);
  }
  return error;
}
