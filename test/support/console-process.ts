/** A console on a Kafka profile in a process of its own, to be killed. */
import { expect } from "vitest";
import { type CliProcess, spawnCli } from "../integration/cli-process.ts";
import { PROFILE } from "./kafka-console.ts";

const TOKEN = "a-token-for-the-console";

interface Info {
  connection: { state: string };
  outbox: { waiting: number };
}

export class ConsoleProcess {
  readonly process: CliProcess;
  private url = "";
  private readonly headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };

  constructor(dataDir: string) {
    const args = ["console", "--data", dataDir, "--profile", PROFILE, "--port", "0", "--no-open", "--no-samples"];
    this.process = spawnCli(args, { ANTIGRAPH_TOKEN: TOKEN });
  }

  async opened(): Promise<this> {
    [this.url] = await this.process.printed(/http:\/\/127\.0\.0\.1:\d+/);
    return this;
  }

  async kill(): Promise<void> {
    this.process.child.kill("SIGKILL");
    await this.process.exited;
  }

  async api(method: string, path: string, body?: unknown) {
    const init = { method, headers: this.headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(`${this.url}/api/v1${path}`, init);
    return { status: response.status, body: await response.json() };
  }

  /** Asks again at each change that the console streams, until it is so. */
  async until(isSo: () => Promise<boolean>): Promise<void> {
    const stream = await fetch(`${this.url}/api/v1/stream`, { headers: this.headers });
    const reader = stream.body?.getReader();
    try {
      while (!(await isSo())) {
        if ((await reader?.read())?.done) throw new Error("the console has closed its stream");
      }
    } finally {
      await reader?.cancel().catch(() => {});
    }
  }

  info = async (): Promise<Info> => (await this.api("GET", "/info")).body;

  becomes(state: string): Promise<void> {
    return this.until(async () => (await this.info()).connection.state === state);
  }

  typesOf = async (uuid: string): Promise<string[]> =>
    (await this.api("GET", `/journeys/${uuid}/events`)).body.events.map(({ type }: { type: string }) => type);

  async start(count: number, prefix: string): Promise<string[]> {
    return Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const data = { name: `${prefix} ${index}`, plan: "team" };
        const { status, body } = await this.api("POST", "/journeys", { name: "onboarding", data });
        expect([status, body.queued]).toEqual([202, true]);
        return body.uuid;
      }),
    );
  }
}
