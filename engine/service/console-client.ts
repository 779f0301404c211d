/** A small JSON client of the console's HTTP API, for the SDK and the command line. */

/** The API's refusal, as its problem details tell it. */
export class ConsoleError extends Error {
  readonly status: number;
  /** The code of the catalogue (docs/errors.md), or `http_STATUS` when the answer has none. */
  readonly code: string;
  readonly fix: string | undefined;
  readonly problem: Record<string, unknown>;
  constructor(status: number, problem: Record<string, unknown>) {
    super(text(problem.detail) ?? text(problem.title) ?? `the console answered ${status}`);
    this.name = "ConsoleError";
    this.status = status;
    this.code = text(problem.code) ?? `http_${status}`;
    this.fix = text(problem.fix);
    this.problem = problem;
  }
}

/** Nobody answered, or the answer broke off. */
export class ConsoleUnreachable extends Error {
  constructor(url: string, cause: unknown) {
    super(`no console answers at ${url} (${reason(cause)})`, { cause });
    this.name = "ConsoleUnreachable";
  }
}

export interface RequestOptions {
  method?: "GET" | "POST" | "PUT";
  body?: unknown;
  query?: Record<string, string | number | boolean | undefined>;
  signal?: AbortSignal;
  /** The whole call, answer included; long polls add their wait. 30 s */
  timeoutMs?: number;
}

export interface ConsoleClient {
  readonly url: string;
  /**
   * Calls `/api/v1` + `path` and answers the parsed body with the status. Throws ConsoleError for anything but 2xx and
   * ConsoleUnreachable when there is no answer; an aborted `signal` rejects with its reason.
   */
  call(path: string, options?: RequestOptions): Promise<{ status: number; body: unknown }>;
}

const DEFAULT_TIMEOUT_MS = 30_000;

export function createConsoleClient(options: {
  /** Where the console listens, for instance http://127.0.0.1:4600 */
  url: string;
  token: string | undefined;
  fetch?: typeof globalThis.fetch;
}): ConsoleClient {
  const fetch = options.fetch ?? globalThis.fetch;
  const root = options.url.replace(/\/+$/, "");
  return {
    url: root,
    async call(path, { method = "GET", body, query = {}, signal, timeoutMs = DEFAULT_TIMEOUT_MS } = {}) {
      const url = new URL(`${root}/api/v1${path}`);
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined) url.searchParams.set(name, String(value));
      }
      const headers: Record<string, string> = { accept: "application/json" };
      if (options.token !== undefined) headers.authorization = `Bearer ${options.token}`;
      if (body !== undefined) headers["content-type"] = "application/json";
      const timeout = AbortSignal.timeout(timeoutMs);
      let status: number;
      let answer: string;
      try {
        const response = await fetch(url, {
          method,
          headers,
          body: body === undefined ? undefined : JSON.stringify(body),
          signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
          redirect: "error",
        });
        status = response.status;
        answer = await response.text();
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        throw new ConsoleUnreachable(root, error);
      }
      const parsed = parse(answer);
      if (status >= 200 && status < 300) return { status, body: parsed };
      throw new ConsoleError(status, isObject(parsed) ? parsed : {});
    },
  };
}

function parse(answer: string): unknown {
  if (answer === "") return undefined;
  try {
    return JSON.parse(answer);
  } catch {
    return undefined;
  }
}

function reason(error: unknown): string {
  // fetch hides the cause that helps ("connect ECONNREFUSED 127.0.0.1:4600") one level down.
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) return String(inner);
  const code = "code" in inner && typeof inner.code === "string" ? inner.code : undefined;
  return inner.message || code || inner.name;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
