import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TOPICS } from "../../engine/core/protocol.ts";
import { dumpSamples } from "../../examples/services/dump.ts";
import { type StartedSamples, startSamples } from "../../examples/services/start.ts";
import { FakeConsole } from "../unit/service/fake-console.ts";

let dataDir: string;
let backend: FakeConsole;
let server: ReturnType<typeof serve>;
let url: string;
const started: StartedSamples[] = [];

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "antigraph-samples-"));
  backend = new FakeConsole();
  backend.faults = { revision: 1, faults: [] };
  server = serve({ fetch: (request) => forward(request), port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((samples) => samples.stop()));
  server.close();
  if ("closeAllConnections" in server) server.closeAllConnections();
  rmSync(dataDir, { recursive: true, force: true });
});

async function forward(request: Request): Promise<Response> {
  const body = request.method === "POST" ? await request.text() : undefined;
  return backend.fetch(request.url, {
    method: request.method,
    headers: request.headers,
    body,
    signal: request.signal,
  });
}

function start(options: Partial<Parameters<typeof startSamples>[0]> = {}): StartedSamples {
  const samples = startSamples({ url, token: "secret", dataDir, ...options });
  started.push(samples);
  return samples;
}

function command(n: number) {
  const uuid = `6b1f0c3e-2a57-4b0e-9d7c-${String(n).padStart(12, "0")}`;
  const value = { uuid, service: "user", function: "create_user", step: "create_user", attempt: 1, data: { n } };
  return { key: uuid, value, headers: { id: `${uuid}/create_user/1` } };
}

const answered = () => backend.values(TOPICS.toManager).filter(({ status }) => status !== "inprogress");

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const gone = (pid: number) => expect.poll(() => isAlive(pid), { timeout: 8_000, interval: 20 }).toBe(false);

describe("the process of the sample services", () => {
  test("hosts all six, answers commands and ends when it is stopped", async () => {
    const samples = start();
    await samples.ready;
    const pid = samples.pid!;
    backend.append(TOPICS.fromManager, command(1));
    await backend.until(() => answered().length === 1);
    await backend.until(() => new Set(backend.values(TOPICS.services).map(({ service }) => service)).size === 6);
    expect(answered()[0]).toMatchObject({ status: "success", service: "user" });
    expect(dumpSamples(dataDir).user!.users).toHaveLength(1);
    await samples.stop();
    expect(await samples.exited).toEqual({ reason: "stopped" });
    expect(isAlive(pid)).toBe(false);
  });

  test("is started again after a crash", async () => {
    const samples = start({ only: ["user"] });
    await samples.ready;
    const pid = samples.pid!;
    process.kill(pid, "SIGKILL");
    await gone(pid);
    backend.append(TOPICS.fromManager, command(1));
    await backend.until(() => answered().length === 1);
    expect(samples.pid).not.toBe(pid);
  });

  test("isn't started again when the console refuses its token", async () => {
    const samples = start({ token: "wrong" });
    expect(await samples.exited).toEqual({ reason: "failed", message: "unauthorized" });
    await expect(samples.ready).rejects.toThrow("unauthorized");
  });

  test("follows the console's faults, which strike before the effect", async () => {
    const fault = { service: "user", function: "create_user", rate: 1, delay_ms: 0, message: "as asked" };
    backend.faults = { revision: 7, faults: [fault] };
    await start({ only: ["user"] }).ready;
    await expect.poll(() => backend.requests.some((request) => request.includes("revision=7"))).toBe(true);
    backend.append(TOPICS.fromManager, command(1));
    await backend.until(() => answered().length === 1);
    expect(answered()[0]).toMatchObject({ status: "failure", error: { code: "injected", message: "as asked" } });
    expect(dumpSamples(dataDir).user!.users).toEqual([]);
  });

  test("ends with its parent when the parent is killed", async () => {
    const script = fileURLToPath(new URL("./samples-parent.ts", import.meta.url));
    const parent: ChildProcess = spawn(process.execPath, [script, url, dataDir], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ANTIGRAPH_TOKEN: "secret" },
    });
    const [printed] = await once(parent.stdout!, "data");
    const pid = Number(String(printed).trim());
    expect(isAlive(pid)).toBe(true);
    parent.kill("SIGKILL");
    await gone(pid);
  });
});

test("killed at random moments, no command is lost and no effect doubled", { timeout: 90_000 }, async () => {
  const rounds = 15;
  // More than are done before the kill; however long the services take to come up.
  const maximumPerRound = 500;
  let sent = 0;
  for (let round = 0; round < rounds; round += 1) {
    const samples = start({ only: ["user"] });
    const burst = setInterval(() => {
      for (let n = 0; n < 5 && sent < (round + 1) * maximumPerRound; n += 1)
        backend.append(TOPICS.fromManager, command(sent++));
    }, 2);
    await samples.ready;
    await pause(Math.random() * 60); // the moment of the kill is what this test is about
    const pid = samples.pid!;
    process.kill(pid, "SIGKILL");
    clearInterval(burst);
    await gone(pid);
    await samples.stop();
  }
  await start({ only: ["user"] }).ready;
  await backend.until(() => new Set(answered().map(({ uuid }) => uuid)).size === sent);
  const { users, effects } = dumpSamples(dataDir).user!;
  expect(users).toHaveLength(sent);
  expect(effects).toHaveLength(sent);
  expect(new Set(effects!.map((effect) => effect.command)).size).toBe(sent);
});
