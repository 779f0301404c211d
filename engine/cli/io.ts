/** What a command sees of the world, so that tests can be the world. */
export interface Io {
  /** A line (or several) to standard output: what the command is asked for, and nothing else. */
  out(text: string): void;
  /** To standard error: remarks and errors. */
  err(text: string): void;
  environment: NodeJS.ProcessEnv;
  /** Colours and such are for terminals only. */
  isTerminal: boolean;
  fetch: typeof globalThis.fetch;
  /** Milliseconds since 1970. */
  now(): number;
}

export const processIo: Io = {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
  environment: process.env,
  isTerminal: process.stdout.isTTY === true,
  fetch: globalThis.fetch,
  now: () => Date.now(),
};

/** JSON for machines: one value, indented for the eye. */
export function printJson(io: Io, value: unknown): void {
  io.out(JSON.stringify(value, undefined, 2));
}
