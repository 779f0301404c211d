import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ERRORS } from "../../../engine/core/errors.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const CATALOGUE = "engine/core/errors.ts";

function sources(folder: string): { file: string; text: string }[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(ts|mjs)$/.test(file))
    .map((file) => ({ file: `${folder}/${file}`, text: readFileSync(join(ROOT, folder, file), "utf8") }))
    .filter(({ file }) => file !== CATALOGUE);
}

describe("the catalogue of errors", () => {
  test("stands in docs/errors.md, code by code, with status and advice", () => {
    const rows = readFileSync(join(ROOT, "docs/errors.md"), "utf8").matchAll(
      /^\| `(\w+)` \| (\d+) \| (yes|no) \| (.*) \|$/gm,
    );
    const documented = [...rows].map(([, code, status, retryable, fix]) => [
      code,
      { status: Number(status), retryable: retryable === "yes", fix: fix?.replaceAll("\\|", "|") },
    ]);
    expect(Object.fromEntries(documented)).toEqual(ERRORS);
    expect(documented).toHaveLength(Object.keys(ERRORS).length);
  });

  test("has no code that nothing speaks", () => {
    const texts = sources("engine").map(({ text }) => text);
    const unspoken = Object.keys(ERRORS).filter((code) => !texts.some((text) => text.includes(`"${code}"`)));
    expect(unspoken).toEqual([]);
  });

  test("has every code that is thrown", () => {
    for (const { file, text } of sources("engine")) {
      for (const [, code] of text.matchAll(/new AntigraphError\(\s*"(\w+)"/g))
        expect(ERRORS, file).toHaveProperty(code!);
    }
  });
});
