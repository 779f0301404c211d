/** A copy of the project in a temporary folder, where things may be broken. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Mutant, mutate } from "./mutant.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Left out of the copy; the dependencies are linked. */
const LEFT_OUT = new Set(["node_modules", "dist", "coverage", "release"]);

export interface Workspace {
  folder: string;
  /** Why the breakage can't be made. */
  problemOf(mutant: Mutant): string | undefined;
  /** The result of `run` on the broken copy, which is mended after it. */
  broken<T>(mutant: Mutant, run: () => Promise<T>): Promise<T>;
  remove(): void;
}

export function createWorkspace(): Workspace {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-mutants-"));
  for (const entry of readdirSync(ROOT)) {
    if (entry.startsWith(".") || LEFT_OUT.has(entry)) continue;
    cpSync(join(ROOT, entry), join(folder, entry), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return {
    folder,
    problemOf(mutant) {
      try {
        mutate(mutant, readFileSync(join(folder, mutant.file), "utf8"));
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    },
    async broken(mutant, run) {
      const path = join(folder, mutant.file);
      const source = readFileSync(path, "utf8");
      writeFileSync(path, mutate(mutant, source));
      try {
        return await run();
      } finally {
        writeFileSync(path, source);
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
