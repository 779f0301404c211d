import { describe, expect, test } from "vitest";
import { openTestApi, PORT, TOKEN } from "../../support/api-host.ts";

const HOST = `127.0.0.1:${PORT}`;
const bearer = `Bearer ${TOKEN}`;

async function answer(path: string, headers: Record<string, string>, method = "GET") {
  const { app } = await openTestApi();
  const response = await app.request(path, { method, headers });
  return { status: response.status, headers: response.headers, body: (await response.text()) as string };
}

describe("the token", () => {
  const paths = [
    "/api/v1/journeys",
    "/api/v1/flows",
    "/api/v1/nonsense",
    "/metrics",
    "/openapi.json",
    "/api/v1/stream",
  ];
  test.each(paths)("%s needs one", async (path) => {
    const { status, headers, body } = await answer(path, { host: HOST });
    expect(status).toBe(401);
    expect(headers.get("www-authenticate")).toMatch(/^Bearer/);
    expect(JSON.parse(body)).toMatchObject({ code: "unauthorized", status: 401, retryable: false });
  });

  test.each([
    ["a wrong token", `Bearer ${TOKEN}x`],
    ["the beginning of the token", `Bearer ${TOKEN.slice(0, -1)}`],
    ["no token after the scheme", "Bearer "],
    ["another scheme", `Basic ${TOKEN}`],
    ["the token alone", TOKEN],
  ])("%s is refused", async (_, authorization) => {
    const { status } = await answer("/api/v1/info", { host: HOST, authorization });
    expect(status).toBe(401);
  });

  test("the right one is let in, however the scheme is written", async () => {
    expect((await answer("/api/v1/info", { host: HOST, authorization: bearer })).status).toBe(200);
    expect((await answer("/api/v1/info", { host: HOST, authorization: `bearer ${TOKEN}` })).status).toBe(200);
  });

  test("a token in the query string doesn't count", async () => {
    expect((await answer(`/api/v1/info?token=${TOKEN}&access_token=${TOKEN}`, { host: HOST })).status).toBe(401);
  });

  test.each(["/health", "/ready", "/docs"])("%s is open", async (path) => {
    expect((await answer(path, { host: HOST })).status).toBe(200);
  });

  test("no answer carries a CORS header", async () => {
    const preflight = await answer(
      "/api/v1/journeys",
      { host: HOST, origin: "http://evil.example", "access-control-request-method": "POST" },
      "OPTIONS",
    );
    expect(preflight.status).toBe(403);
    for (const [name] of preflight.headers) expect(name).not.toMatch(/^access-control/);
  });
});

describe("the host", () => {
  test.each([HOST, `localhost:${PORT}`, `[::1]:${PORT}`, `LOCALHOST:${PORT}`])("%s is this console", async (host) => {
    expect((await answer("/api/v1/info", { host, authorization: bearer })).status).toBe(200);
  });

  test.each([
    "evil.example",
    `evil.example:${PORT}`,
    "127.0.0.1",
    "127.0.0.1:80",
    `127.0.0.1:${PORT + 1}`,
    `127.0.0.1.evil.example:${PORT}`,
    `localhost.evil.example:${PORT}`,
    `0.0.0.0:${PORT}`,
    `127.0.0.2:${PORT}`,
    "",
  ])("%j is refused on every path, with the right token too", async (host) => {
    for (const path of ["/api/v1/info", "/health", "/ready", "/", "/docs", "/api/v1/session"]) {
      const { status, body } = await answer(path, { host, authorization: bearer });
      expect([status, JSON.parse(body).code], path).toEqual([403, "forbidden_host"]);
    }
  });

  test("a call without a Host is refused", async () => {
    expect((await answer("/health", {})).status).toBe(403);
  });

  test("further hosts can be allowed, with or without their port", async () => {
    const guard = { token: TOKEN, port: PORT, allowedHosts: ["ops.example", "gate.example:443"] };
    const { app } = await openTestApi({ guard });
    const status = async (host: string) => (await app.request("/health", { headers: { host } })).status;
    expect(await status(`ops.example:${PORT}`)).toBe(200);
    expect(await status("ops.example")).toBe(200);
    expect(await status("gate.example:443")).toBe(200);
    expect(await status("gate.example")).toBe(403);
    expect(await status("ops.example:9999")).toBe(403);
    expect(await status(HOST)).toBe(200);
  });

  test("without a configured port the port of the socket counts", async () => {
    const { app } = await openTestApi({ guard: { token: TOKEN } });
    const env = { incoming: { socket: { localPort: 4711 } } };
    expect((await app.request("/health", { headers: { host: "127.0.0.1:4711" } }, env)).status).toBe(200);
    expect((await app.request("/health", { headers: { host: "127.0.0.1:4600" } }, env)).status).toBe(403);
  });
});

describe("the caller's site", () => {
  const call = (headers: Record<string, string>, path = "/api/v1/info") =>
    answer(path, { host: HOST, authorization: bearer, ...headers });

  test.each([
    "http://evil.example",
    "null",
    `http://127.0.0.1:${PORT + 1}`,
    `http://localhost:${PORT}`,
    "antigraph-app://console",
  ])("the origin %s is foreign", async (origin) => {
    const { status, body } = await call({ origin });
    expect(status).toBe(403);
    expect(JSON.parse(body).code).toBe("forbidden_origin");
    expect((await call({ origin }, "/health")).status).toBe(403);
  });

  test("the console's own origin is not", async () => {
    expect((await call({ origin: `http://${HOST}` })).status).toBe(200);
  });

  test.each(["cross-site", "same-site"])("Sec-Fetch-Site: %s is refused", async (site) => {
    expect((await call({ "sec-fetch-site": site })).status).toBe(403);
    expect((await call({ "sec-fetch-site": site }, "/")).status).toBe(403);
    const navigation = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect((await call({ "sec-fetch-site": site, ...navigation })).status).toBe(403);
  });

  test.each(["same-origin", "none"])("Sec-Fetch-Site: %s is not", async (site) => {
    expect((await call({ "sec-fetch-site": site })).status).toBe(200);
  });

  test("a link from elsewhere may open a page, not a frame or a call", async () => {
    const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect((await call(link, "/docs")).status).toBe(200);
    expect((await call({ ...link, "sec-fetch-dest": "iframe" }, "/docs")).status).toBe(403);
    expect((await call({ ...link, "sec-fetch-mode": "no-cors" }, "/docs")).status).toBe(403);
  });
});

describe("a trusted host (Electron's private protocol)", () => {
  test("needs neither token nor Host", async () => {
    const { app } = await openTestApi({ guard: { trusted: true } });
    expect((await app.request("/api/v1/info")).status).toBe(200);
  });

  test("has no sessions to open", async () => {
    const { app, host } = await openTestApi({ guard: { trusted: true } });
    const response = await app.request("/api/v1/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code: host.sessions.issue() }),
    });
    expect(response.status).toBe(401);
  });
});

describe("session codes", () => {
  const redeem = async (api: Awaited<ReturnType<typeof openTestApi>>, code: string) =>
    api.call("POST", "/api/v1/session", { code }, { authorization: "" });

  test("a code is exchanged for the token, without one", async () => {
    const api = await openTestApi();
    const response = await redeem(api, api.host.sessions.issue());
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ token: TOKEN });
  });

  test("a code is good once", async () => {
    const api = await openTestApi();
    const code = api.host.sessions.issue();
    await redeem(api, code);
    const again = await redeem(api, code);
    expect(again.status).toBe(401);
    expect(await again.json()).toMatchObject({ code: "invalid_session_code" });
  });

  test("a code is good for 60 seconds", async () => {
    const api = await openTestApi();
    const [early, late] = [api.host.sessions.issue(), api.host.sessions.issue()];
    api.clock.now += 59_999;
    expect((await redeem(api, early)).status).toBe(200);
    api.clock.now += 1;
    expect((await redeem(api, late)).status).toBe(401);
  });

  test("a made-up code is refused", async () => {
    const api = await openTestApi();
    expect((await redeem(api, "guess")).status).toBe(401);
  });
});
