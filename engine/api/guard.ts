/**
 * Who may call. A console listens on the loopback, where every page of every browser on the machine can send requests
 * to it: so each call is checked for its Host (DNS rebinding), its Origin and Sec-Fetch-Site (cross-site requests) and a
 * bearer token. There are no cookies (they ignore ports) and no CORS headers. In Electron the same app is reached by a
 * private protocol only the console's own window can speak: `trusted`, and nothing is checked.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { problemResponse } from "./problem.ts";

export interface GuardOptions {
  token: string;
  /** The port in the Host header. Left out: that of the connection's own socket (@hono/node-server). */
  port?: number;
  /** Hosts beside 127.0.0.1, localhost and [::1], as `name` or `name:port` (`--allow-host`). */
  allowedHosts?: string[];
}

const LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "[::1]"];
const DEFAULT_HTTP_PORT = 80;
const OPEN_PATHS = new Set(["/health", "/ready", "/docs", "/api/v1/session"]);

/** Everything but the open paths and the pages needs the token. */
export function guard(options: GuardOptions | { trusted: true }): MiddlewareHandler {
  if ("trusted" in options) return (_c, next) => next();
  const expected = digest(options.token);
  return async (c, next) => {
    const host = c.req.header("host")?.toLowerCase();
    if (host === undefined || !isAllowedHost(host, options, c)) {
      return problemResponse("forbidden_host", `This console doesn't answer to the host ${quote(host)}.`);
    }
    const foreign = foreignCaller(c, host);
    if (foreign) return problemResponse("forbidden_origin", foreign);
    if (isOpen(c)) return next();
    const given = /^bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (given === undefined) {
      return problemResponse("unauthorized", "This call needs a token.", undefined, { "www-authenticate": "Bearer" });
    }
    if (!timingSafeEqual(digest(given), expected)) {
      return problemResponse("unauthorized", "This token is not the console's.", undefined, {
        "www-authenticate": 'Bearer error="invalid_token"',
      });
    }
    return next();
  };
}

/** Paths that only the API answers; everything else is a page or a file of one. */
export function isApiPath(path: string): boolean {
  return path === "/api" || path.startsWith("/api/") || path === "/metrics" || path === "/openapi.json";
}

function isOpen(c: Context): boolean {
  if (OPEN_PATHS.has(c.req.path)) return true;
  return !isApiPath(c.req.path) && (c.req.method === "GET" || c.req.method === "HEAD");
}

function isAllowedHost(host: string, options: GuardOptions, c: Context): boolean {
  const port = options.port ?? socketPort(c);
  if (port === undefined) return false;
  const names = [...LOOPBACK_HOSTS, ...(options.allowedHosts ?? []).map((name) => name.toLowerCase())];
  if (names.some((name) => host === `${name}:${port}`)) return true;
  // Browsers leave out the default port; a proxy in front of an allowed host has a port of its own.
  if (port === DEFAULT_HTTP_PORT && LOOPBACK_HOSTS.includes(host)) return true;
  return names.slice(LOOPBACK_HOSTS.length).includes(host);
}

/** Why this call comes from somewhere else, if it does. Programs that aren't browsers send neither header. */
function foreignCaller(c: Context, host: string): string | undefined {
  const origin = c.req.header("origin")?.toLowerCase();
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return `Calls from ${quote(origin)} are refused.`;
  }
  const site = c.req.header("sec-fetch-site");
  if (site === undefined || site === "same-origin" || site === "none") return undefined;
  // A link to a page, followed from somewhere else: it only shows the page, which can't be framed.
  const isLink = c.req.header("sec-fetch-mode") === "navigate" && c.req.header("sec-fetch-dest") === "document";
  if (isLink && !isApiPath(c.req.path) && c.req.method === "GET") return undefined;
  return `Calls from another site (${quote(site)}) are refused.`;
}

/** The port of the socket a request came in on, as @hono/node-server hands it over. */
function socketPort(c: Context): number | undefined {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { localPort?: number } } };
  return incoming?.socket?.localPort;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function quote(text: string | undefined): string {
  return text === undefined ? "(none)" : JSON.stringify(text.slice(0, 100));
}
