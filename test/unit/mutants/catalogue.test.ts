import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MUTANTS } from "../../mutants/catalogue.ts";
import { mutate } from "../../mutants/mutant.ts";

const read = (file: string): string => readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");

describe("a breakage", () => {
  it("has a name of its own", () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it.each(MUTANTS)("can be made: $name", (mutant) => {
    const source = read(mutant.file);
    expect(mutate(mutant, source)).not.toBe(source);
  });
});

describe("the proof of the promises in the docs", () => {
  const rows = [...read("docs/proof.md").matchAll(/^\| (\d) \| (\S+\.ts)[^:]*: (.*) \| (.*) \|$/gm)].map(
    ([, promise = "", file = "", title = "", breakage = ""]) => ({ promise, file, title, breakage }),
  );

  it("has a test and a breakage for each promise", () => {
    expect([...new Set(rows.map(({ promise }) => promise))]).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
  });

  it.each(rows)("names what is there: promise $promise, $breakage", ({ promise, file, title, breakage }) => {
    expect(read(file)).toContain(title);
    expect(MUTANTS.find(({ name }) => name === breakage)?.breaks).toBe(`promise ${promise}`);
  });
});
