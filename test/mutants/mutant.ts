/** A breakage on purpose, and who must notice it. The lists stand beside this file, by the part they break. */

/** A promise of the design (section 4 of docs/protocol.md), or a paragraph of what a journey does (section 3). */
export type Broken =
  | `promise ${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`
  | "forward"
  | "replies"
  | "failure"
  | "clocks"
  | "unknown outcome"
  | "rollback"
  | "pivot"
  | "negation that fails"
  | "health"
  | "actions"
  | "built-in steps"
  | "records";

export interface Mutant {
  /** What the broken product does, unique. */
  name: string;
  breaks: Broken;
  /** From the project's folder. */
  file: string;
  /** Stands exactly once in the file; the run fails where it doesn't, so that a breakage never silently breaks nothing. */
  text: string;
  instead: string;
  /** Vitest files of which at least one test must fail; or so many seeds of the simulator, from 1 on. */
  noticedBy: readonly string[] | { seeds: number };
}

/** Puts the breakage into the text of its file. Throws when there isn't exactly one place for it. */
export function mutate({ name, file, text, instead }: Mutant, source: string): string {
  const places = source.split(text).length - 1;
  if (places === 1) return source.replace(text, () => instead);
  throw new Error(`"${name}": its text stands ${places} times in ${file}, not once; say anew what is to be broken`);
}
