import { expect, test } from "vitest";
import { createTokenSource } from "../../../../engine/bus/kafka/oauth-token.ts";

const SECRET = "s3cret-that-nobody-may-see";
const client = {
  tokenUrl: "https://login.example/token?x=1",
  clientId: "robot",
  clientSecret: SECRET,
  scope: "kafka",
};

/** A source of tokens `t1`, `t2`, ... that live as long as told, and a clock. */
function sourceOf(answer: (count: number) => Response | Error | Promise<Response>) {
  const clock = { now: 1_000_000 };
  const requests: { url: string; headers: Headers; body: string }[] = [];
  const fetch: typeof globalThis.fetch = async (url, init) => {
    requests.push({ url: String(url), headers: new Headers(init?.headers), body: String(init?.body) });
    const answered = await answer(requests.length);
    if (answered instanceof Error) throw answered;
    return answered;
  };
  return { clock, requests, token: createTokenSource(client, { fetch, now: () => clock.now }) };
}

const tokens = (expires_in?: number | string) => (count: number) =>
  Response.json({ access_token: `t${count}`, token_type: "Bearer", expires_in });

test("asks by the client credentials grant, with id and secret in the header", async () => {
  const { token, requests } = sourceOf(tokens(300));
  expect(await token()).toBe("t1");
  expect(requests[0]?.body).toBe("grant_type=client_credentials&scope=kafka");
  const identity = Buffer.from(`robot:${SECRET}`).toString("base64");
  expect(requests[0]?.headers.get("authorization")).toBe(`Basic ${identity}`);
});

test.each([
  [3_600, 3_600 - 720],
  [300, 300 - 60],
  ["60", 30],
  [30, 15],
  [undefined, 30],
])("a token good for %s s is renewed after %d s, not before", async (life, renewedAfter) => {
  const { clock, token } = sourceOf(tokens(life));
  await token();
  clock.now += renewedAfter * 1_000 - 1;
  expect(await token()).toBe("t1");
  clock.now += 1;
  expect(await token()).toBe("t2");
});

test("who asks at the same time shares one request", async () => {
  const { token, requests } = sourceOf(tokens(300));
  expect(await Promise.all([token(), token(), token()])).toEqual(["t1", "t1", "t1"]);
  expect(requests).toHaveLength(1);
});

test("after a failure the next one asks again", async () => {
  const { token } = sourceOf((count) => (count === 1 ? new TypeError("fetch failed") : tokens(300)(count)));
  await expect(token()).rejects.toThrow("can't be reached");
  expect(await token()).toBe("t2");
});

test.each([
  ["wrong secret", Response.json({ error: "invalid_client" }, { status: 401 }), "it doesn't take client_id"],
  [
    "wrong scope",
    Response.json({ error: "invalid_scope", error_description: "no such scope" }, { status: 400 }),
    "it refused (status 400: invalid_scope, no such scope)",
  ],
  ["a web page", new Response("<html>", { status: 200 }), "it answered something else than a token"],
  ["an error without words", new Response("", { status: 503 }), "it refused (status 503)"],
  [
    "nobody there",
    new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") }),
    "connect ECONNREFUSED",
  ],
])("%s: says so in plain words, with neither secret nor query in it", async (_title, answer, message) => {
  const { token } = sourceOf(() => answer);
  const error = await token().catch((reason: Error) => reason);
  expect(error).toMatchObject({ code: "bus_unavailable", message: expect.stringContaining(message) });
  expect(String(error)).toContain("No token from https://login.example/token:");
  expect(JSON.stringify([error, String(error)])).not.toContain(SECRET);
});
