/**
 * The HTTP app: `fetch(Request) -> Response`, and nothing that listens. Electron serves it to its window over a private
 * protocol, the browser host over a port, tests call `app.request()`.
 *
 * The way of a call: headers for every answer -> guard (Host, Origin, token) -> size of the body -> the route, validated
 * by its schemas -> a JSON answer, or an error of the catalogue as problem details.
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { routePath } from "hono/route";
import { createDocsPage } from "./docs-page.ts";
import { type GuardOptions, guard } from "./guard.ts";
import type { ApiHost } from "./host.ts";
import { createRouter, json, problems } from "./openapi.ts";
import { COMMON_HEADERS, createNonce, DATA_POLICY, textPagePolicy } from "./page-security.ts";
import { pages } from "./pages.ts";
import { errorHandler, problemResponse, unknownCall } from "./problem.ts";
import { actionRoutes } from "./routes/actions.ts";
import { clusterRoutes } from "./routes/cluster.ts";
import { consoleRoutes } from "./routes/console.ts";
import { faultRoutes } from "./routes/faults.ts";
import { flowRoutes } from "./routes/flows.ts";
import { healthRoutes } from "./routes/health.ts";
import { historyRoutes } from "./routes/history.ts";
import { journeyRoutes } from "./routes/journeys.ts";
import { managerRoutes } from "./routes/manager.ts";
import { negationRoutes } from "./routes/negations.ts";
import { profileRoutes } from "./routes/profiles.ts";
import { recordRoutes } from "./routes/records.ts";
import { schemaRoutes } from "./routes/schemas.ts";
import { serviceRoutes } from "./routes/services.ts";
import { streamRoutes } from "./routes/stream.ts";
import { streamChangesSchema } from "./schemas/stream.ts";

/** Larger than any record may be, so that several fit into one call. */
export const MAXIMUM_BODY_BYTES = 8 * 1024 * 1024;

export interface AppOptions {
  /** `trusted`: the caller can only be the console's own window (Electron's private protocol). */
  guard: GuardOptions | { trusted: true };
  /** The built renderer; left out: calls only, no pages. */
  pagesDir?: string;
}

export function createApp(host: ApiHost, options: AppOptions): OpenAPIHono {
  const app = createRouter();
  app.onError(errorHandler(host.logger));
  app.notFound(unknownCall);
  app.use(commonHeaders);
  app.use(measured(host));
  app.use(guard(options.guard));
  app.use(
    bodyLimit({
      maxSize: MAXIMUM_BODY_BYTES,
      onError: () => problemResponse("payload_too_large", `A body may have ${MAXIMUM_BODY_BYTES} bytes at most.`),
    }),
  );

  app.route("/", healthRoutes(host));
  const token = "token" in options.guard ? options.guard.token : undefined;
  for (const routes of [
    consoleRoutes(host, token),
    journeyRoutes(host),
    actionRoutes(host),
    flowRoutes(host),
    negationRoutes(host),
    serviceRoutes(host),
    schemaRoutes(host),
    historyRoutes(host),
    clusterRoutes(host),
    recordRoutes(host),
    managerRoutes(host),
    profileRoutes(host),
    faultRoutes(host),
    streamRoutes(host),
  ]) {
    app.route("/api/v1", routes);
  }
  documentRoutes(app, host);
  if (options.pagesDir !== undefined) app.use(pages(options.pagesDir));
  return app;
}

/** The OpenAPI document of an app's routes. */
export function openApiDocument(app: OpenAPIHono, version: string) {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Antigraph",
      version,
      description:
        "Run journeys over microservices and undo what failed. Every call but /health, /ready and POST /session needs the bearer token. Times are ISO 8601 UTC. Errors are RFC 9457 problem details with a stable `code`.",
    },
    security: [{ bearer: [] }],
  });
}

const openApiPath = createRoute({
  method: "get",
  path: "/openapi.json",
  operationId: "getOpenApi",
  tags: ["Docs"],
  summary: "This document as OpenAPI 3.1",
  responses: { 200: json(z.record(z.string(), z.unknown()), "OpenAPI 3.1"), ...problems() },
});

const docsPath = createRoute({
  method: "get",
  path: "/docs",
  operationId: "getDocs",
  tags: ["Docs"],
  summary: "This document as a page",
  security: [],
  responses: { 200: { description: "A page to read", content: { "text/html": { schema: z.string() } } } },
});

function documentRoutes(app: OpenAPIHono, host: ApiHost): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  app.openAPIRegistry.register("StreamChanges", streamChangesSchema);
  for (const path of [openApiPath, docsPath]) app.openAPIRegistry.registerPath(path);
  let document: ReturnType<typeof openApiDocument> | undefined;
  const read = () => {
    document ??= openApiDocument(app, host.product.version);
    return document;
  };
  app.get("/openapi.json", (c) => c.json(read()));
  app.get("/docs", (c) => {
    const nonce = createNonce();
    c.header("content-security-policy", textPagePolicy(nonce));
    c.header("cache-control", "no-store");
    return c.html(createDocsPage(read(), nonce));
  });
}

const commonHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  const { headers } = c.res;
  for (const [name, value] of Object.entries(COMMON_HEADERS)) headers.set(name, value);
  if (!headers.has("content-security-policy")) headers.set("content-security-policy", DATA_POLICY);
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
};

function measured(host: ApiHost): MiddlewareHandler {
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    host.metrics.called(c.req.method, routePath(c), c.res.status, performance.now() - startedAt);
  };
}
