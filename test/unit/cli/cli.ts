import { main } from "../../../engine/cli/main.ts";

export interface Outcome {
  code: number;
  out: string;
  err: string;
  requests: { method: string; path: string; body: unknown; authorization: string | null }[];
}

type Answer = { status?: number; body: unknown };

/** Runs a command line in this process against a console that answers as told, by `METHOD path` without the query. */
export async function cli(
  args: string[],
  answers: Record<string, Answer | (() => Answer)> = {},
  environment: NodeJS.ProcessEnv = { ANTIGRAPH_TOKEN: "secret", ANTIGRAPH_DATA: "/nowhere" },
  now: () => number = () => Date.parse("2026-11-22T10:00:00Z"),
): Promise<Outcome> {
  const outcome: Outcome = { code: -1, out: "", err: "", requests: [] };
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    const method = init?.method ?? "GET";
    const body = init?.body ? JSON.parse(String(init.body)) : undefined;
    const authorization = new Headers(init?.headers).get("authorization");
    outcome.requests.push({ method, path: url.pathname + url.search, body, authorization });
    const answer = answers[`${method} ${url.pathname.replace("/api/v1", "")}`];
    if (!answer) throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:4600") });
    const { status = 200, body: answered } = typeof answer === "function" ? answer() : answer;
    return Response.json(answered, { status });
  };
  outcome.code = await main(args, {
    out(text) {
      outcome.out += `${text}\n`;
    },
    err(text) {
      outcome.err += `${text}\n`;
    },
    environment,
    isTerminal: false,
    fetch,
    now,
  });
  return outcome;
}
