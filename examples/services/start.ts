/** The sample services as a process of their own, beside a console. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Clock, systemClock } from "../../engine/service/clock.ts";
import type { LogLevel } from "../../engine/service/run.ts";
import type { SamplesMessage, SamplesNews, SamplesOrder } from "./child.ts";

const FIRST_RESTART_MS = 500;
const LONGEST_RESTART_MS = 30_000;
/** A process that lived this long had nothing wrong with its start. */
const SETTLED_MS = 60_000;
const MAXIMUM_RESTARTS = 8;
const KILL_AFTER_MS = 5_000;
/** As in child.ts, which this file doesn't load: it runs at once when it is loaded. */
const EXIT_DENIED = 3;

export type StartSamplesOptions = SamplesOrder & {
  /** The script of the process; a packaged app brings its own. */
  entry?: string;
  log?(level: LogLevel, message: string): void;
  clock?: Clock;
};

export interface StartedSamples {
  /** The process as it is now; undefined between a crash and the restart. */
  readonly pid: number | undefined;
  /** Resolves when all services have reached the topics for the first time; rejects if that can't come. */
  readonly ready: Promise<void>;
  /** Resolves when they are gone for good: stopped, or failed with why. Never rejects. */
  readonly exited: Promise<{ reason: "stopped" } | { reason: "failed"; message: string }>;
  /** Lets running commands finish (2 s at most), then ends the process. */
  stop(): Promise<void>;
}

/**
 * Starts the sample services. When their process crashes it is started again, at most 8 times in a row, with a pause
 * that doubles from 0.5 s to 30 s. When this process ends in any way, theirs does too.
 */
export function startSamples(options: StartSamplesOptions): StartedSamples {
  const { clock = systemClock, log = () => {} } = options;
  const entry = options.entry ?? fileURLToPath(new URL("./child.ts", import.meta.url));
  const { url, token, dataDir, only, faults } = options;
  const order: SamplesOrder = { url, token, dataDir, only, faults };
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {});
  const exited = Promise.withResolvers<Awaited<StartedSamples["exited"]>>();
  let child: ReturnType<typeof spawn> | undefined;
  let cancelRestart = () => {};
  let restarts = 0;
  let stopping = false;

  function finish(outcome: Awaited<StartedSamples["exited"]>) {
    ready.reject(new Error(outcome.reason === "failed" ? outcome.message : "the sample services were stopped"));
    exited.resolve(outcome);
  }

  function launch() {
    const startedAt = clock.now();
    let message = "";
    const spawned = spawn(process.execPath, [entry], {
      stdio: ["pipe", "ignore", "pipe", "ipc"],
      // In Electron the same binary is a Node only when told so.
      env: { ...process.env, ...(process.versions.electron ? { ELECTRON_RUN_AS_NODE: "1" } : {}) },
      windowsHide: true,
    });
    child = spawned;
    spawned.stdin?.on("error", () => {});
    spawned.stderr?.setEncoding("utf8").on("data", (text: string) => {
      // Nothing writes there but a Node that can't go on: the last of it says why.
      message = (message + text).slice(-2_000);
    });
    spawned.on("message", (news: SamplesNews) => {
      if (news.type === "ready") ready.resolve();
      else if (news.type === "log") log(news.level, news.message);
      else message = news.message;
    });
    spawned.on("error", (error) => {
      message = error.message;
      if (spawned.pid === undefined) gone(null, null); // it never began, so it won't close
    });
    spawned.on("close", gone);
    function gone(code: number | null, signal: string | null) {
      child = undefined;
      if (stopping) return finish({ reason: "stopped" });
      const why = message.trim() || `ended with ${signal ?? `exit code ${code}`}`;
      if (clock.now() - startedAt > SETTLED_MS) restarts = 0;
      restarts += 1;
      if (code === EXIT_DENIED || restarts > MAXIMUM_RESTARTS) {
        log("error", `the sample services can't run: ${why}`);
        return finish({ reason: "failed", message: why });
      }
      const waitMs = Math.min(FIRST_RESTART_MS * 2 ** (restarts - 1), LONGEST_RESTART_MS);
      log("warn", `the sample services ended (${why}); starting them again in ${waitMs / 1_000} s`);
      cancelRestart = clock.after(waitMs, launch);
    }
    spawned.send({ type: "start", order } satisfies SamplesMessage, (error) => {
      if (error) log("warn", `the sample services didn't take their orders: ${error.message}`);
    });
  }

  launch();
  return {
    get pid() {
      return child?.pid;
    },
    ready: ready.promise,
    exited: exited.promise,
    async stop() {
      if (!stopping) {
        stopping = true;
        cancelRestart();
        const running = child;
        if (running) {
          const cancel = clock.after(KILL_AFTER_MS, () => running.kill("SIGKILL"));
          running.once("close", cancel);
          // By message: after a `disconnect` of ours Node would never say that the process has closed.
          running.send({ type: "stop" } satisfies SamplesMessage, () => {});
        } else finish({ reason: "stopped" });
      }
      await exited.promise;
    },
  };
}
