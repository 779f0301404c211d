// The command line as a process of its own, on a temporary data folder.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFailed, onTestFinished } from "vitest";

const CLI = fileURLToPath(new URL("../../engine/cli/antigraph.mjs", import.meta.url));

export interface CliProcess {
  child: ChildProcess;
  pid: number;
  out(): string;
  err(): string;
  /** Resolves with the match once standard output or standard error has it; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** A data folder that is gone after the test. */
export function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a command; what still runs after the test is killed. */
export function spawnCli(args: string[], environment: NodeJS.ProcessEnv = {}): CliProcess {
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      ANTIGRAPH_TOKEN: undefined,
      ANTIGRAPH_URL: undefined,
      ANTIGRAPH_DATA: undefined,
      ...environment,
    },
  });
  const text = { out: "", err: "" };
  const waiting = new Set<() => void>();
  const grow = (stream: "out" | "err") => (chunk: string) => {
    text[stream] += chunk;
    for (const look of [...waiting]) look();
  };
  child.stdout.setEncoding("utf8").on("data", grow("out"));
  child.stderr.setEncoding("utf8").on("data", grow("err"));
  const exited = new Promise<Awaited<CliProcess["exited"]>>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  // What a process said is most of what can be known of a failure that can't be repeated.
  onTestFailed(() => console.log(`${args[0]} (${child.pid}) said:\n${text.out}${text.err}`));
  return {
    child,
    pid: child.pid!,
    out: () => text.out,
    err: () => text.err,
    exited,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(text.out) ?? pattern.exec(text.err);
          if (!match) return;
          waiting.delete(look);
          resolve(match);
        };
        waiting.add(look);
        void exited.then(({ code }) => reject(new Error(`it ended with ${code}:\n${text.out}${text.err}`)));
        look();
      }),
  };
}

/** Runs a command to its end. */
export async function runCli(args: string[], environment?: NodeJS.ProcessEnv) {
  const running = spawnCli(args, environment);
  const { code } = await running.exited;
  return { code, out: running.out(), err: running.err() };
}

/** A console that is up. */
export async function startConsole(dataDir: string, args: string[] = []): Promise<CliProcess & { url: string }> {
  const running = spawnCli(["console", "--port", "0", "--no-open", "--data", dataDir, ...args]);
  const [, url = ""] = await running.printed(/open at (http:\S+)\/#code=\S+[\s\S]*Ctrl-C stops it/);
  return { ...running, url };
}
