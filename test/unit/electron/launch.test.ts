import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runInWindow } from "../../../electron/launch.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "antigraph-launch-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a script in Electron's place: this Node is the executable, the script the app. */
async function launch(name: string, script: string, options: { readyTimeoutMs?: number; display?: string } = {}) {
  const appPath = join(folder, `${name}.mjs`);
  await writeFile(appPath, script);
  await chmod(appPath, 0o755);
  return runInWindow({
    executable: process.execPath,
    appPath,
    args: ["--data", "somewhere"],
    environment: { PATH: process.env.PATH, DISPLAY: options.display ?? ":99", ELECTRON_RUN_AS_NODE: "1" },
    readyTimeoutMs: options.readyTimeoutMs ?? 10_000,
  });
}

const HANG = "setInterval(() => {}, 1000);";

describe("the launcher", () => {
  it("stays until a window that was ready is closed, and hands on its exit code", async () => {
    const script = 'process.send({ type: "ready" }, () => process.exit(7));';
    expect(await launch("ready", script)).toEqual({ kind: "ended", exitCode: 7 });
  });

  it("gives Electron its arguments, and never ELECTRON_RUN_AS_NODE", async () => {
    const script = `
      const fine = process.argv.slice(2).join(" ") === "--data somewhere" && !("ELECTRON_RUN_AS_NODE" in process.env);
      process.send({ type: "ready" }, () => process.exit(fine ? 0 : 1));`;
    expect(await launch("arguments", script)).toEqual({ kind: "ended", exitCode: 0 });
  });

  it("says so when another window has the data folder already", async () => {
    const script = `process.send({ type: "already running" }, () => process.exit(0));`;
    expect(await launch("second", script)).toEqual({ kind: "already running" });
  });

  it("ends a process that isn't ready in time, and quotes its last line", async () => {
    const script = `console.error("waiting for the graphics driver"); ${HANG}`;
    const outcome = await launch("hangs", script, { readyTimeoutMs: 300 });
    expect(outcome).toEqual({
      kind: "unavailable",
      why: "it wasn't up within 0.3 s (waiting for the graphics driver)",
    });
  });

  it.each([
    ["root", "Running as root without --no-sandbox is not supported.", /refuses to run as root/],
    ["display", "[1:2:ERROR:ozone_platform_x11.cc(1)] Missing X server or $DISPLAY", /can't reach the display/],
    ["sandbox", "FATAL: The SUID sandbox helper binary; no usable sandbox!", /sandbox its pages/],
    ["library", "electron: error while loading shared libraries: libnss3.so: cannot open", /libnss3\.so is missing/],
    ["unknown", "something else\nthe last line", /it ended with 1 \(the last line\)/],
  ])("says in plain words why Electron ended: %s", async (name, line, why) => {
    const outcome = await launch(name, `process.stderr.write(${JSON.stringify(line)}, () => process.exit(1));`);
    expect(outcome).toEqual({ kind: "unavailable", why: expect.stringMatching(why) });
  });

  it("tells a console that can't start from a window that can't open", async () => {
    const script = `process.send({ type: "failed", why: "the data folder is in use" }, () => process.exit(1));`;
    expect(await launch("failed", script)).toEqual({ kind: "failed", why: "the data folder is in use" });
  });

  it("says why when the executable can't be started at all", async () => {
    const executable = join(folder, "no-such-electron");
    const outcome = await runInWindow({ executable, appPath: ".", args: [], environment: { DISPLAY: ":99" } });
    expect(outcome).toEqual({ kind: "unavailable", why: expect.stringContaining("ENOENT") });
  });

  it.runIf(process.platform === "linux")("doesn't try without a display", async () => {
    expect(await launch("dark", HANG, { display: "" })).toEqual({ kind: "unavailable", why: "there is no display" });
  });
});
