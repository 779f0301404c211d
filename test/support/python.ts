/** A Python with the packages that an example needs, made once and kept beside the user's other caches. */
import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Why no environment can be made here; undefined when it can. */
export function whyNoPython(): string | undefined {
  const { status } = spawnSync("python3", ["-c", "import ensurepip, venv"], { stdio: "ignore" });
  return status === 0 ? undefined : "no python3 with venv (Debian: apt-get install python3-venv)";
}

/** The interpreter of an environment in which the packages of a requirements.txt are installed, from PyPI. */
export async function pythonFor(requirements: string): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "antigraph-python");
  const hash = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  const home = join(cache, hash);
  const marker = join(home, "complete");
  if (!existsSync(marker)) {
    // An environment can't be moved: it is made where it stays, and marked when it is complete.
    rmSync(home, { recursive: true, force: true });
    mkdirSync(cache, { recursive: true });
    await run("python3", ["-m", "venv", home]);
    await run(join(home, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
    mkdirSync(marker);
  }
  return join(home, "bin", "python");
}
