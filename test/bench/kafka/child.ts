/** What is measured runs in processes of its own: their CPU time and memory are theirs alone. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** How a process stands. */
export interface Usage {
  /** Inputs taken since it began. */
  processed: number;
  /** Milliseconds of CPU time, in user and kernel mode. */
  cpuMs: number;
  rssBytes: number;
  /** In use, garbage included unless it was just collected, and outside of the heap. */
  heapBytes: number;
  externalBytes: number;
}

export class Child {
  private readonly process: ChildProcess;
  private readonly waiting: ((answer: unknown) => void)[] = [];

  private constructor(process: ChildProcess) {
    this.process = process;
    process.on("message", (message) => this.waiting.shift()?.(message));
  }

  /** Starts one of the files beside this one with its options; answers it with its first message. */
  static async start<T>(file: string, options: object): Promise<{ child: Child; first: T }> {
    const process = fork(join(import.meta.dirname, file), [JSON.stringify(options)]);
    const child = new Child(process);
    const first = await child.next<T>();
    return { child, first };
  }

  /** The answer to what was said before. */
  private next<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`a process of the benchmark ended with ${code}`));
      this.process.once("exit", onExit);
      this.waiting.push((answer) => {
        this.process.off("exit", onExit);
        resolve(answer as T);
      });
    });
  }

  ask<T>(question: string): Promise<T> {
    const answer = this.next<T>();
    this.process.send(question);
    return answer;
  }

  usage(): Promise<Usage> {
    return this.ask("usage");
  }

  /** Ends it in good order. */
  async stop(): Promise<void> {
    const exit = once(this.process, "exit");
    this.process.send("stop");
    await exit;
  }

  async kill(): Promise<void> {
    const exit = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await exit;
  }
}

/** The other side: answers questions until told to stop. */
export function serve(questions: Record<string, () => unknown>, stop: () => Promise<void>): void {
  process.on("message", async (question) => {
    if (question === "stop") {
      await stop();
      process.exit(0);
    }
    process.send?.((await questions[String(question)]?.()) ?? null);
  });
  process.on("disconnect", () => process.exit(1));
}

export function usage(processed: number): Usage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  const memory = { rssBytes: rss, heapBytes: heapUsed, externalBytes: external };
  return { processed, cpuMs: (user + system) / 1_000, ...memory };
}

export const optionsOf = <T>(): T => JSON.parse(process.argv[2] ?? "{}") as T;

/** Asks until so many inputs are taken; answers how it stood at the first look at or behind that. */
export async function until(child: Child, processed: number): Promise<Usage & { at: number }> {
  for (;;) {
    const now = await child.usage();
    if (now.processed >= processed) return { ...now, at: performance.now() };
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

const POLL_MS = 20;
