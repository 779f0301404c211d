import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError, api, queryString } from "../../../renderer/api.ts";

function answer(status: number, body: string) {
  const fetch = vi.fn(async (_url: string, _init: RequestInit) => new Response(body, { status }));
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

afterEach(() => vi.unstubAllGlobals());

async function failure(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => undefined,
    (problem: unknown) => problem,
  );
  if (!(error instanceof ApiError)) throw new Error(`not an ApiError: ${error}`);
  return error;
}

describe("the API client", () => {
  it("writes queries without what is undefined or empty, lists with commas", () => {
    expect(queryString({ status: ["held", "running"], name: undefined, q: "", limit: 200 })).toBe(
      "?status=held%2Crunning&limit=200",
    );
    expect(queryString({ status: [] })).toBe("");
  });

  it("escapes what stands in a path", async () => {
    const fetch = answer(200, "{}");
    await api.flow("a/b c", "1#2");
    expect(fetch.mock.calls[0]?.[0]).toBe("/api/v1/flows/a%2Fb%20c/1%232");
  });

  it("never sends an action as a dry run by accident, nor the other way round", async () => {
    const fetch = answer(200, "{}");
    await api.dryRun("u", { action: "rollback", dry_run: false });
    await api.act("u", { action: "rollback", dry_run: true });
    const sent = fetch.mock.calls.map(([, init]) => JSON.parse(String(init.body)).dry_run);
    expect(sent).toEqual([true, false]);
  });

  it("turns problem details into an error with code, message and what to do", async () => {
    answer(
      409,
      JSON.stringify({
        code: "stale_preview",
        detail: "The journey has moved.",
        fix: "Make a new dry run.",
        errors: [],
      }),
    );
    expect(await failure(api.info())).toMatchObject({
      code: "stale_preview",
      message: "The journey has moved.",
      fix: "Make a new dry run.",
      status: 409,
      retryable: false,
    });
  });

  it("says so when no answer comes", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed to fetch")));
    expect(await failure(api.info())).toMatchObject({ code: "unreachable", status: 0, retryable: true });
  });

  it("says so when the answer is no JSON", async () => {
    answer(200, "<html>");
    expect((await failure(api.info())).code).toBe("unreachable");
    answer(502, "<html>");
    expect(await failure(api.info())).toMatchObject({ code: "internal", status: 502, retryable: true });
  });

  it("lets an aborted call be an aborted call", async () => {
    const controller = new AbortController();
    controller.abort();
    vi.stubGlobal("fetch", () => Promise.reject(new DOMException("aborted", "AbortError")));
    await expect(api.info(controller.signal)).rejects.toMatchObject({ name: "AbortError" });
  });
});
