import { describe, expect, test } from "vitest";
import { defaultDataDir } from "../../../engine/cli/data-dir.ts";
import { faultsOf } from "../../../engine/cli/fault-flags.ts";
import { browserCall } from "../../../engine/cli/open-browser.ts";
import { brief, duration, table } from "../../../engine/cli/table.ts";

describe("the default data folder", () => {
  test.each<[NodeJS.ProcessEnv, NodeJS.Platform, string]>([
    [{ ANTIGRAPH_DATA: "/srv/a" }, "linux", "/srv/a"],
    [{}, "linux", "/home/ada/.local/share/antigraph"],
    [{ XDG_DATA_HOME: "/data" }, "linux", "/data/antigraph"],
    [{ XDG_DATA_HOME: "relative" }, "linux", "/home/ada/.local/share/antigraph"],
    [{}, "darwin", "/home/ada/Library/Application Support/antigraph"],
  ])("of %o on %s is %s", (environment, platform, expected) => {
    expect(defaultDataDir(environment, platform, "/home/ada")).toBe(expected);
  });
});

describe("fault flags", () => {
  const services = ["user", "card"];
  test.each([
    [["user.create_user"], [], [{ service: "user", function: "create_user", rate: 1, delay_ms: 0 }]],
    [["card.*=0.25"], [], [{ service: "card", function: "*", rate: 0.25, delay_ms: 0 }]],
    [[], ["user.create_user=50"], [{ service: "user", function: "create_user", rate: 0, delay_ms: 50 }]],
    [
      [],
      ["200"],
      [
        { service: "user", function: "*", rate: 0, delay_ms: 200 },
        { service: "card", function: "*", rate: 0, delay_ms: 200 },
      ],
    ],
  ])("--fail %j --delay %j", (fail, delay, rules) => {
    expect(faultsOf(fail, delay, services)).toEqual(rules);
  });
});

describe("the browser", () => {
  test("is opened by the platform's own means, and not where there is no screen", () => {
    expect(browserCall("http://x", "darwin", {})).toEqual(["open", "http://x"]);
    expect(browserCall("http://x", "win32", {})?.at(-1)).toBe("http://x");
    expect(browserCall("http://x", "linux", { DISPLAY: ":0" })).toEqual(["xdg-open", "http://x"]);
    expect(browserCall("http://x", "linux", {})).toBeUndefined();
  });
});

describe("text for people", () => {
  test("aligns columns, the last one ragged", () => {
    expect(table(["A", "LONG", "C"], [["größe", "1", "x"], ["b"]])).toBe("A      LONG  C\ngröße  1     x\nb");
  });

  test.each([
    [38, "38 ms"],
    [4_210, "4.2 s"],
    [185_000, "3 min 05 s"],
    [7_620_000, "2 h 07 min"],
  ])("%i ms reads %s", (ms, text) => {
    expect(duration(new Date(0).toISOString(), new Date(ms).toISOString())).toBe(text);
  });

  test("cuts long values", () => {
    expect(brief({ a: "x".repeat(100) }, 10)).toBe('{"a":"xxx…');
  });
});
