// What an end-to-end spec starts from: a real console as a process of its own, on a temporary data folder and port,
// a page that has signed in to it, and a client for its API.
//
//     import { expect, test } from "../support/e2e-console.ts";
//     test("lists journeys", async ({ page, api }) => { ... });

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test as base, expect } from "@playwright/test";

export { expect };

const CLI = fileURLToPath(new URL("../../engine/cli/antigraph.mjs", import.meta.url));
const READY_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 10_000;

export interface RunningConsole {
  /** For instance `http://127.0.0.1:41234`, no slash at the end. */
  readonly origin: string;
  /** The address with a single-use session code, as printed. Good for one page. */
  readonly openUrl: string;
  readonly token: string;
  readonly dataDir: string;
  /** What it has printed up to now, both streams. */
  output(): string;
  /** Ends it, by default as Ctrl-C does, and waits until it is gone. Returns the exit code (null after a kill). */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Calls below `/api/v1` with the console's token. An answer that isn't 2xx throws, with the body in the message. */
export interface ApiClient {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
}

export interface ConsoleOptions {
  /** More arguments of `antigraph console`, for instance `["--no-samples"]`. */
  consoleArgs: string[];
}

export const test = base.extend<ConsoleOptions & { console: RunningConsole; api: ApiClient }>({
  consoleArgs: [[], { option: true }],

  console: async ({ consoleArgs }, use, testInfo) => {
    const dataDir = await mkdtemp(join(tmpdir(), "antigraph-e2e-"));
    const running = await startConsole(dataDir, consoleArgs);
    await use(running);
    await running.stop();
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach("console output", { body: running.output(), contentType: "text/plain" });
    }
    await rm(dataDir, { recursive: true, force: true });
  },

  api: async ({ console: running }, use) => {
    await use(apiClient(running.origin, running.token));
  },

  // The page is signed in, and must neither throw nor violate the content security policy while the test runs.
  page: async ({ page, console: running }, use) => {
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      if (/content security policy/i.test(message.text())) faults.push(message.text());
    });
    await page.goto(running.openUrl);
    await page.waitForURL((url) => !url.hash.includes("code="));
    // The code leaves the address before the token is there; a page opened in between would be signed out.
    await page.waitForFunction(() => sessionStorage.getItem("antigraph.token") !== null);
    await use(page);
    expect(faults, "errors in the page").toEqual([]);
  },
});

/** Starts `antigraph console` and waits until it says where it is. The caller stops it and removes the folder. */
export async function startConsole(dataDir: string, args: string[] = []): Promise<RunningConsole> {
  const port = args.includes("--port") ? [] : ["--port", "0"];
  const child = spawn(process.execPath, [CLI, "console", ...port, "--no-open", "--data", dataDir, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ANTIGRAPH_TOKEN: undefined, FORCE_COLOR: undefined, NO_COLOR: "1" },
  });
  const output: string[] = [];
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const openUrl = await untilPrinted(child, /https?:\/\/\S+#\S*code=[\w-]+/, output);
  return {
    origin: new URL(openUrl).origin,
    openUrl,
    token: (await readFile(join(dataDir, "token"), "utf8")).trim(),
    dataDir,
    output: () => output.join(""),
    async stop(signal = "SIGINT") {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      const code = await exited;
      clearTimeout(timer);
      return code;
    },
  };
}

/** A client for the API of a running console, also for specs that start a console themselves. */
export function apiClient(origin: string, token: string): ApiClient {
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
  return {
    get: (path) => call("GET", path),
    post: (path, body) => call("POST", path, body),
    put: (path, body) => call("PUT", path, body),
  };
}

function untilPrinted(child: ChildProcess, pattern: RegExp, output: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`The console didn't come up within ${READY_TIMEOUT_MS / 1000} s:\n${output.join("")}`));
    }, READY_TIMEOUT_MS);
    const onData = (chunk: Buffer) => {
      output.push(chunk.toString());
      const match = pattern.exec(output.join(""));
      if (match === null) return;
      clearTimeout(timer);
      resolve(match[0]);
    };
    child.stdout?.on("data", onData);
    child.stderr?.on("data", onData);
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`The console ended with ${code} before it was up:\n${output.join("")}`));
    });
  });
}
