import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DIST = join(ROOT, "dist");
const BUILD_TIMEOUT_MS = 60_000;

async function build() {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(ROOT, "build.mjs")]);
  return stdout + stderr;
}

describe("the build", () => {
  let html: string;
  let scripts: Map<string, string>;
  let styles: string;
  beforeAll(async () => {
    await build();
    const assets = join(DIST, "renderer", "assets");
    const names = await readdir(assets);
    html = await readFile(join(DIST, "renderer", "index.html"), "utf8");
    const read = (name: string) => readFile(join(assets, name), "utf8");
    const scriptNames = names.filter((name) => name.endsWith(".js"));
    scripts = new Map(await Promise.all(scriptNames.map(async (name) => [name, await read(name)] as const)));
    styles = (await Promise.all(names.filter((name) => name.endsWith(".css")).map(read))).join("\n");
  }, BUILD_TIMEOUT_MS);

  it("does nothing, and says nothing, when no source changed", async () => {
    expect(await build()).toBe("");
  });

  it("leaves a place for the nonce on each script and style of the page, and nothing inline", () => {
    const tags = html.match(/<(script|style|link rel="(stylesheet|modulepreload)")[^>]*>/g) ?? [];
    expect(tags.length).toBeGreaterThan(0);
    for (const tag of tags) expect(tag).toContain('nonce="__CSP_NONCE__"');
    expect(html).toContain('<meta property="csp-nonce" nonce="__CSP_NONCE__">');
    expect(html.match(/<script[^>]*>([^<]*)<\/script>/g)?.every((tag) => />\s*<\/script>$/.test(tag))).toBe(true);
  });

  it("loads the designer only when it is opened, with its style sheets in a file of their own layer", () => {
    const withFlume = [...scripts].filter(([, code]) => code.includes("data-flume-component")).map(([name]) => name);
    expect(withFlume.length).toBeGreaterThan(0);
    for (const name of withFlume) expect(html).not.toContain(name);
    for (const name of withFlume) expect(scripts.get(name)).not.toContain("text/css");
    expect(styles).toMatch(/@layer flume\s*\{\s*\.Stage_wrapper/);
  });

  it("leaves no code that a policy without unsafe-eval refuses on the way to the first page", () => {
    const entry = /src="\/assets\/([^"]+)"/.exec(html)?.[1] ?? "";
    expect(scripts.get(entry)).toBeDefined();
    expect(scripts.get(entry)).not.toMatch(/\beval\(/);
  });

  it("makes the preload CommonJS that needs nothing but electron", async () => {
    const preload = await readFile(join(DIST, "electron", "preload.cjs"), "utf8");
    expect([...preload.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name)).toEqual(["electron"]);
    expect(preload).not.toMatch(/^import /m);
  });

  it("bundles the main process with the engine, and leaves packages outside", async () => {
    const main = await readFile(join(DIST, "electron", "main.js"), "utf8");
    const imported = [...main.matchAll(/^import .*?from "([^"]+)";$/gm)].map(([, name]) => name ?? "");
    expect(imported).toContain("electron");
    expect(imported.filter((name) => name.startsWith("."))).toEqual([]);
  });
});
