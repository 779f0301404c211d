import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { MAXIMUM_BODY_BYTES } from "../../../engine/api/app.ts";
import { AntigraphError } from "../../../engine/core/errors.ts";
import { openTestApi } from "../../support/api-host.ts";

describe("problem details", () => {
  test("have the form of RFC 9457, a stable code and what to do", async () => {
    const t = await openTestApi();
    const response = await t.call("GET", "/api/v1/nonsense");
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toEqual({
      type: "/docs#not_found",
      title: "Not found",
      status: 404,
      detail: "There is no GET /api/v1/nonsense.",
      code: "not_found",
      retryable: false,
      fix: "Check the address.",
    });
  });

  test.each([
    ["GET", "/nonsense"],
    ["DELETE", "/api/v1/journeys"],
    ["GET", "/api/v2/journeys"],
    ["POST", "/"],
    ["GET", "/api"],
  ])("%s %s is an unknown call", async (method, path) => {
    const t = await openTestApi();
    const response = await t.call(method, path);
    expect([response.status, (await response.json()).code]).toEqual([404, "not_found"]);
  });

  test("malformed JSON, a body that is no JSON, no body", async () => {
    const t = await openTestApi();
    const of = async (body: string | undefined, headers: Record<string, string>) => {
      const response = await t.call("POST", "/api/v1/journeys", body, headers);
      return [response.status, (await response.json()).code];
    };
    expect(await of("{", {})).toEqual([400, "invalid_request"]);
    expect(await of("<x/>", { "content-type": "text/xml" })).toEqual([415, "unsupported_media_type"]);
    expect(await of(undefined, {})).toEqual([400, "invalid_request"]);
  });

  test("a body above the limit: 413, before it is parsed", async () => {
    const t = await openTestApi();
    const response = await t.call("POST", "/api/v1/journeys", `"${"x".repeat(MAXIMUM_BODY_BYTES)}"`);
    expect([response.status, (await response.json()).code]).toEqual([413, "payload_too_large"]);
  });

  test("an error without a code says nothing of the inside, and is logged", async () => {
    const logged: object[] = [];
    const logger = { info() {}, warn() {}, error: (fields: object) => logged.push(fields) };
    const t = await openTestApi({ host: { logger } });
    t.host.audit.list = () => Promise.reject(new Error("SQLITE_SECRET at /home/olga"));
    const { status, body } = await t.api("GET", "/journeys");
    expect([status, body.code]).toEqual([500, "internal"]);
    expect(JSON.stringify(body)).not.toMatch(/SECRET|olga/);
    expect(logged).toHaveLength(1);
  });

  test("a bus that can't be reached: 503, retryable", async () => {
    const t = await openTestApi();
    t.host.bus.topics = () => Promise.reject(new AntigraphError("bus_unavailable", "no broker answers"));
    const { status, body } = await t.api("GET", "/topics");
    expect([status, body.code, body.retryable]).toEqual([503, "bus_unavailable", true]);
  });
});

describe("a read-only profile", () => {
  test.each([
    ["POST", "/journeys", { name: "x" }],
    ["POST", "/journeys/6f1c2d0e-0000-4000-8000-00000000a920/actions", { action: "rollback" }],
    ["POST", "/journeys/actions", { uuids: ["6f1c2d0e-0000-4000-8000-00000000a920"], action: "rollback" }],
    ["POST", "/flows", { name: "x", version: "1", workflow: {} }],
    ["PUT", "/negations", { negations: {} }],
    ["POST", "/topics/tomanager/records", { value: 1 }],
    ["POST", "/manager", { running: false }],
  ])("refuses %s %s", async (method, path, body) => {
    const t = await openTestApi({ profile: { read_only: true } });
    const answer = await t.api(method, path, body);
    expect([answer.status, answer.body.code]).toEqual([403, "forbidden_profile"]);
  });

  test("answers every question and dry run", async () => {
    const t = await openTestApi({ profile: { read_only: true } });
    const dry = { action: "rollback", dry_run: true };
    const { body } = await t.api("POST", "/journeys/6f1c2d0e-0000-4000-8000-00000000a920/actions", dry);
    expect(body.code).toBe("journey_not_found");
    expect((await t.api("GET", "/journeys")).status).toBe(200);
  });
});

describe("headers", () => {
  test("answers aren't kept, sniffed or framed", async () => {
    const t = await openTestApi();
    for (const path of ["/api/v1/info", "/api/v1/nonsense", "/health", "/openapi.json"]) {
      const { headers } = await t.call("GET", path);
      expect(headers.get("cache-control"), path).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("content-security-policy")).toMatch(/default-src 'none'/);
    }
  });
});

describe("pages", () => {
  function pagesDir(): string {
    const root = mkdtempSync(join(tmpdir(), "antigraph-pages-"));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const dir = join(root, "renderer");
    mkdirSync(join(dir, "assets"), { recursive: true });
    writeFileSync(join(dir, "index.html"), '<meta nonce="__CSP_NONCE__"><script nonce="__CSP_NONCE__"></script>');
    writeFileSync(join(dir, "assets", "main-abc123.js"), "export {}");
    writeFileSync(join(dir, "icon.svg"), "<svg/>");
    writeFileSync(join(root, "secret.txt"), "secret");
    return dir;
  }
  const asBrowser = { accept: "text/html,*/*", authorization: "" };

  test("the first page is open, with a fresh nonce in page and policy each time", async () => {
    const t = await openTestApi({ pagesDir: pagesDir() });
    const read = async () => {
      const response = await t.call("GET", "/", undefined, asBrowser);
      const policy = response.headers.get("content-security-policy") ?? "";
      return { response, policy, nonce: /'nonce-([^']+)'/.exec(policy)?.[1], html: await response.text() };
    };
    const [first, second] = [await read(), await read()];
    expect(first.html).toBe(`<meta nonce="${first.nonce}"><script nonce="${first.nonce}"></script>`);
    expect(first.nonce).not.toBe(second.nonce);
    expect(first.policy).not.toMatch(/unsafe-inline|unsafe-eval|\*/);
    expect(first.policy).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(first.response.headers.get("cache-control")).toBe("no-store");
  });

  test("any address of the app is the page for a browser, not for a program", async () => {
    const t = await openTestApi({ pagesDir: pagesDir() });
    expect((await t.call("GET", "/journeys/some-uuid?x=1", undefined, asBrowser)).status).toBe(200);
    expect((await t.call("GET", "/journeys/some-uuid", undefined, { accept: "*/*" })).status).toBe(404);
    expect((await t.call("GET", "/api/v1/nonsense", undefined, { accept: "text/html" })).status).toBe(404);
  });

  test("hashed files are kept for ever, others asked for again", async () => {
    const t = await openTestApi({ pagesDir: pagesDir() });
    const script = await t.call("GET", "/assets/main-abc123.js", undefined, { authorization: "" });
    expect(script.headers.get("content-type")).toMatch(/^text\/javascript/);
    expect(script.headers.get("cache-control")).toMatch(/immutable/);
    const icon = await t.call("GET", "/icon.svg");
    expect(icon.headers.get("cache-control")).toBe("no-cache");
    expect((await t.call("GET", "/assets/gone.js")).status).toBe(404);
  });

  test.each(["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/..%2f..%2fsecret.txt", "/%00.txt"])(
    "nothing outside the folder is served: %s",
    async (path) => {
      const t = await openTestApi({ pagesDir: pagesDir() });
      const response = await t.call("GET", path);
      expect(response.status).toBe(404);
      expect(await response.text()).not.toBe("secret");
    },
  );

  test("pages that haven't been built say so", async () => {
    const t = await openTestApi({ pagesDir: "/nonexistent/renderer" });
    const response = await t.call("GET", "/", undefined, asBrowser);
    expect([response.status, (await response.json()).code]).toEqual([503, "pages_not_built"]);
  });
});
