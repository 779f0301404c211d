/**
 * The console's pages: the built renderer, a single-page app. Any address that isn't a call or a file is a page and gets
 * index.html, with a fresh nonce in it.
 */
import { readFile } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";
import type { MiddlewareHandler } from "hono";
import { isApiPath } from "./guard.ts";
import { createNonce, pagePolicy } from "./page-security.ts";
import { problemResponse } from "./problem.ts";

/** What the build leaves in index.html where a nonce goes. */
const NONCE_PLACEHOLDER = "__CSP_NONCE__";
/** Files below this path have a hash of their content in their names. */
const HASHED_PREFIX = "/assets/";

const CONTENT_TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
};

/** @param folder the built renderer */
export function pages(folder: string): MiddlewareHandler {
  return async (c, next) => {
    const { path, method } = c.req;
    if ((method !== "GET" && method !== "HEAD") || isApiPath(path)) return next();
    const isFile = extname(path) !== "" && path !== "/index.html";
    if (!isFile) return wantsPage(c.req.header("accept"), path) ? page(folder) : next();
    const bytes = await fileBelow(folder, path);
    const type = CONTENT_TYPES[extname(path)];
    // A page's address may end like a file: /flows/billing.v2
    if (bytes === undefined || type === undefined)
      return wantsPage(c.req.header("accept"), path) ? page(folder) : next();
    return new Response(new Uint8Array(bytes), {
      headers: {
        "content-type": type,
        "cache-control": path.startsWith(HASHED_PREFIX) ? "public, max-age=31536000, immutable" : "no-cache",
      },
    });
  };
}

async function page(folder: string): Promise<Response> {
  const html = await readFile(join(folder, "index.html"), "utf8").catch(() => undefined);
  if (html === undefined) return problemResponse("pages_not_built", "The console's pages have not been built.");
  const nonce = createNonce();
  return new Response(html.replaceAll(NONCE_PLACEHOLDER, nonce), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": pagePolicy(nonce),
      // The nonce is for this answer alone.
      "cache-control": "no-store",
    },
  });
}

/** The first page is for anybody; a deeper address without a file's ending is a page only for who asks for HTML. */
function wantsPage(accept: string | undefined, path: string): boolean {
  return path === "/" || path === "/index.html" || (accept ?? "").includes("text/html");
}

async function fileBelow(folder: string, path: string): Promise<Buffer | undefined> {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  const root = normalize(folder);
  const file = normalize(join(root, decoded));
  if (!file.startsWith(root + sep) || decoded.includes("\0")) return undefined;
  return readFile(file).catch(() => undefined);
}
