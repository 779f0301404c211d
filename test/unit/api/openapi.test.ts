import { describe, expect, test } from "vitest";
import { ERRORS } from "../../../engine/core/errors.ts";
import { openTestApi } from "../../support/api-host.ts";

interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  security?: unknown[];
  parameters?: { name: string; in: string; required?: boolean; schema?: object }[];
  requestBody?: { required: boolean; content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}

async function openDocument() {
  const t = await openTestApi();
  const document = await (await t.call("GET", "/openapi.json")).json();
  const operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(
    ([path, item]) => Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
  return { ...t, document, operations };
}

/** Every call of the HTTP API that the product promises. */
const PROMISED = [
  "POST /api/v1/journeys",
  "GET /api/v1/journeys",
  "GET /api/v1/journeys/counts",
  "GET /api/v1/journeys/{uuid}",
  "GET /api/v1/journeys/{uuid}/events",
  "POST /api/v1/journeys/{uuid}/actions",
  "POST /api/v1/journeys/actions",
  "GET /api/v1/flows",
  "GET /api/v1/flows/{name}/{version}",
  "GET /api/v1/flows/{name}/{version}/compiled",
  "POST /api/v1/flows",
  "POST /api/v1/flows/check",
  "GET /api/v1/negations",
  "PUT /api/v1/negations",
  "GET /api/v1/schemas",
  "PUT /api/v1/schemas/{subject}",
  "GET /api/v1/services",
  "GET /api/v1/services/{service}/stats",
  "GET /api/v1/failures",
  "GET /api/v1/activity",
  "GET /api/v1/cluster",
  "GET /api/v1/topics",
  "GET /api/v1/groups",
  "GET /api/v1/topics/{topic}/records",
  "POST /api/v1/topics",
  "POST /api/v1/topics/{topic}/records",
  "POST /api/v1/topics/{topic}/resend",
  "GET /api/v1/manager",
  "POST /api/v1/manager",
  "GET /api/v1/profiles",
  "PUT /api/v1/profiles/{name}",
  "DELETE /api/v1/profiles/{name}",
  "POST /api/v1/profiles/choose",
  "POST /api/v1/profiles/test",
  "POST /api/v1/profiles/unlock",
  "POST /api/v1/profiles/lock",
  "GET /api/v1/faults",
  "PUT /api/v1/faults",
  "GET /api/v1/stream",
  "GET /api/v1/info",
  "POST /api/v1/session",
  "GET /health",
  "GET /ready",
  "GET /metrics",
  "GET /openapi.json",
  "GET /docs",
];

describe("/openapi.json", () => {
  test("lists every call, and only calls there are", async () => {
    const { document, operations, app } = await openDocument();
    expect(document.openapi).toBe("3.1.0");
    const listed = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(listed.sort()).toEqual([...PROMISED].sort());
    const routed = app.routes
      .filter(({ method, path }) => method !== "ALL" && path !== "/*")
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    expect([...new Set(routed)].sort()).toEqual([...PROMISED].sort());
  });

  test("each call has a name of its own, a tag, a summary and a good answer", async () => {
    const { operations } = await openDocument();
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
    for (const { path, operation } of operations) {
      expect(operation.summary, path).toBeTruthy();
      expect(operation.tags, path).toHaveLength(1);
      expect(
        Object.keys(operation.responses).some((status) => status.startsWith("2")),
        path,
      ).toBe(true);
    }
  });

  test("each parameter of a path is described, each query parameter has a schema", async () => {
    const { operations } = await openDocument();
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const described = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      expect(described.map(({ name }) => name).sort(), path).toEqual(inPath.sort());
      expect(described.every(({ required }) => required)).toBe(true);
      for (const { name, schema } of operation.parameters ?? []) expect(schema, `${path} ${name}`).toBeTruthy();
    }
  });

  test("each call tells the problems it can answer, by codes of the catalogue", async () => {
    const { operations } = await openDocument();
    for (const { path, operation } of operations) {
      const problems = Object.entries(operation.responses).filter(
        ([, { content }]) => content && "application/problem+json" in content,
      );
      const codes = problems.flatMap(([status, { description }]) => {
        const list = description.split(", ");
        for (const code of list) {
          expect(ERRORS, path).toHaveProperty(code);
          expect(ERRORS[code as keyof typeof ERRORS].status, `${path} ${code}`).toBe(Number(status));
        }
        return list;
      });
      if (operation.security?.length === 0) continue;
      expect(codes, path).toEqual(expect.arrayContaining(["unauthorized", "forbidden_host", "forbidden_origin"]));
      if (operation.requestBody) expect(codes, path).toEqual(expect.arrayContaining(["payload_too_large"]));
    }
  });

  test("only the open calls need no token", async () => {
    const { document, operations } = await openDocument();
    expect(document.security).toEqual([{ bearer: [] }]);
    expect(document.components.securitySchemes.bearer).toEqual({ type: "http", scheme: "bearer" });
    const open = operations.filter(({ operation }) => operation.security?.length === 0).map(({ path }) => path);
    expect(open.sort()).toEqual(["/api/v1/session", "/docs", "/health", "/ready"]);
  });

  test("every reference leads somewhere, and every pattern is a regular expression", async () => {
    const { document } = await openDocument();
    const visit = (node: unknown): void => {
      if (typeof node !== "object" || node === null) return;
      for (const [key, value] of Object.entries(node)) {
        if (key === "$ref") {
          const found = (value as string)
            .slice(2)
            .split("/")
            .reduce<unknown>((at, part) => (at as Record<string, unknown>)?.[part], document);
          expect(found, value as string).toBeTruthy();
        }
        if (key === "pattern" && typeof value === "string") {
          expect(() => new RegExp(value, "u")).not.toThrow();
          expect(value).not.toMatch(/^\/|\/[a-z]*$/);
        }
        visit(value);
      }
    };
    visit(document);
  });
});

describe("/docs", () => {
  test("is one page without scripts that names every call, shape and error", async () => {
    const { app, document, operations } = await openDocument();
    const response = await app.request("/docs", { headers: { host: "127.0.0.1:4600" } });
    const html = await response.text();
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/default-src 'none'/);
    expect(html).toContain(`nonce="${/'nonce-([^']+)'/.exec(policy)?.[1]}"`);
    expect(html).not.toMatch(/<script|https?:\/\/(?!127\.0\.0\.1)|style="|src=/);
    for (const { operation } of operations) expect(html).toContain(`id="${operation.operationId}"`);
    for (const name of Object.keys(document.components.schemas)) expect(html).toContain(`id="shape-${name}"`);
    for (const code of Object.keys(ERRORS)) expect(html).toContain(`id="${code}"`);
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(html).toContain(`id="${target}"`);
  });
});
