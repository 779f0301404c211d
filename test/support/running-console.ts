/** A whole console in this process, on a data folder and port of its own; closed when the running test has finished. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type ConsoleHost, type ConsoleOptions, openConsole } from "../../engine/api/console.ts";
import type { JourneyView } from "../../engine/core/view.ts";

/** A fresh folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-console-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function openTestConsole(options: Partial<ConsoleOptions> = {}) {
  const dataDir = options.dataDir ?? temporaryFolder();
  const host = await openConsole({ listen: { port: 0 }, ...options, dataDir });
  onTestFinished(() => host.close());
  return { dataDir, host, ...clientOf(host) };
}

export function clientOf(host: ConsoleHost) {
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(`${host.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${host.token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const api = async (method: string, path: string, body?: unknown) => {
    const response = await call(method, `/api/v1${path}`, body);
    return { status: response.status, body: await response.json() };
  };
  /** Waits, told by the stream of changes, until the journey has one of these statuses. */
  const untilStatus = async (uuid: string, ...statuses: string[]): Promise<JourneyView> => {
    const stream = await call("GET", "/api/v1/stream?topics=journeys");
    const reader = stream.body?.getReader();
    try {
      while (true) {
        const { status, body } = await api("GET", `/journeys/${uuid}`);
        if (status === 200 && statuses.includes(body.status)) return body;
        const chunk = await reader?.read();
        if (chunk?.done) throw new Error(`the stream ended while ${uuid} was ${body.status ?? body.code}`);
      }
    } finally {
      await reader?.cancel();
    }
  };
  return { call, api, untilStatus };
}
