/**
 * Starts the Electron main process and stays beside it: it must say that its window is up within a time limit, else it
 * is ended and the caller falls back to the browser. It is asked to quit by message, so that it closes in order.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { isHostMessage, type LauncherMessage } from "./launcher-channel.ts";

const READY_TIMEOUT_MS = 15_000;
/** How long an orderly end may take before the process is killed. */
const QUIT_TIMEOUT_MS = 10_000;
/** How much of what Electron printed is kept to find the reason of a failure, in characters. */
const KEPT_OUTPUT = 8_000;

export interface WindowOptions {
  executable: string;
  /** The folder with package.json, whose `main` is run. */
  appPath: string;
  args: string[];
  environment?: NodeJS.ProcessEnv;
  readyTimeoutMs?: number;
  /** Called once, when the window shows the console. */
  onReady?: () => void;
}

export type WindowOutcome =
  | { kind: "ended"; exitCode: number }
  | { kind: "already running" }
  /** The console itself can't start (its data folder, for instance): a browser wouldn't help. */
  | { kind: "failed"; why: string }
  /** There can be no window on this machine. */
  | { kind: "unavailable"; why: string };

/** Resolves when the window is closed, or as soon as it is clear that there won't be one. */
export async function runInWindow(options: WindowOptions): Promise<WindowOutcome> {
  const environment = { ...(options.environment ?? process.env) };
  // Somebody's shell may have it set; Electron would then be a plain Node.
  delete environment.ELECTRON_RUN_AS_NODE;
  if (process.platform === "linux" && !environment.DISPLAY && !environment.WAYLAND_DISPLAY) {
    return { kind: "unavailable", why: "there is no display" };
  }

  const child = spawn(options.executable, [options.appPath, ...options.args], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: environment,
  });
  const exited = new Promise<number>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
    child.once("error", () => resolve(1));
  });
  const quitting = quitOnSignal(child);
  try {
    const first = await firstWord(child, options.readyTimeoutMs ?? READY_TIMEOUT_MS);
    if (first.kind === "ready") options.onReady?.();
    // Asked to end before its window was up: that is no failure to fall back from.
    if (first.kind === "ready" || quitting.isAsked()) return { kind: "ended", exitCode: await exited };
    if (first.kind === "unavailable") child.kill("SIGKILL");
    else quitting.expectEnd();
    await exited;
    return first;
  } finally {
    quitting.dispose();
  }
}

type FirstWord = { kind: "ready" } | Exclude<WindowOutcome, { kind: "ended" }>;

/** What the main process says first, or why it says nothing. */
function firstWord(child: ChildProcess, timeoutMs: number): Promise<FirstWord> {
  return new Promise((resolve) => {
    let output = "";
    let isReady = false;
    const keep = (target: NodeJS.WriteStream) => (chunk: Buffer) => {
      // Before the window is up it is only evidence; after that it is the console's own log.
      if (isReady) target.write(chunk);
      else output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
    };
    child.stdout?.on("data", keep(process.stdout));
    child.stderr?.on("data", keep(process.stderr));
    const timer = setTimeout(() => {
      resolve({ kind: "unavailable", why: `it wasn't up within ${timeoutMs / 1000} s${quote(output)}` });
    }, timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      resolve({ kind: "unavailable", why: error.message });
    });
    // `close`, not `exit`: only then everything it printed has been read.
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ kind: "unavailable", why: reasonIn(output, code ?? signal) });
    });
    child.on("message", (message) => {
      if (!isHostMessage(message)) return;
      clearTimeout(timer);
      isReady = message.type === "ready";
      if (message.type === "failed") resolve({ kind: "failed", why: message.why });
      else resolve({ kind: message.type });
    });
  });
}

/** What Electron printed, in plain words where the cause is a known one. */
function reasonIn(output: string, end: number | string | null): string {
  if (/running as root without --no-sandbox/i.test(output)) {
    return "it refuses to run as root, whose processes it can't sandbox; start it as an ordinary user";
  }
  if (/missing x server|cannot open display|ozone_platform|unable to open x display/i.test(output)) {
    return "it can't reach the display";
  }
  if (/setuid sandbox|no usable sandbox|namespace sandbox/i.test(output)) {
    return "this system doesn't let it sandbox its pages (unprivileged user namespaces are off, and chrome-sandbox isn't set up)";
  }
  const library = /error while loading shared libraries: (\S+?):/.exec(output)?.[1];
  if (library !== undefined) return `the system library ${library} is missing`;
  return `it ended with ${end}${quote(output)}`;
}

function quote(output: string): string {
  const last = output.trim().split("\n").at(-1)?.trim();
  return last ? ` (${last.slice(0, 200)})` : "";
}

/** Passes Ctrl-C and its like, and the end of a parent we are tethered to, on as a wish to quit, until disposed of. */
function quitOnSignal(child: ChildProcess) {
  let timer: NodeJS.Timeout | undefined;
  let isAsked = false;
  const expectEnd = () => {
    timer ??= setTimeout(() => child.kill("SIGKILL"), QUIT_TIMEOUT_MS);
  };
  const quit = () => {
    isAsked = true;
    const message: LauncherMessage = { type: "quit" };
    if (child.connected) child.send(message, () => {});
    expectEnd();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, quit);
  // Where a first process only found the right Node for us: its end is ours.
  process.on("disconnect", quit);
  return {
    isAsked: () => isAsked,
    /** It is about to end by itself; killed if it doesn't. */
    expectEnd,
    dispose() {
      clearTimeout(timer);
      for (const signal of signals) process.off(signal, quit);
      process.off("disconnect", quit);
    },
  };
}
