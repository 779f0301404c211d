import { describe, expect, it } from "vitest";
import { readArguments } from "../../../electron/arguments.ts";

const read = (...args: string[]) => readArguments(args, "/home/kim/antigraph");

describe("the desktop host's arguments", () => {
  it("are all optional", () => {
    expect(read()).toEqual({ dataDir: "/home/kim/antigraph", samples: true, verbose: false });
  });

  it("choose the data folder and the profile, leave the samples out and log more", () => {
    const chosen = read("--data", "/tmp/other", "--profile", "staging", "--no-samples", "--verbose");
    expect(chosen).toEqual({ dataDir: "/tmp/other", profile: "staging", samples: false, verbose: true });
    expect(read("--data=/tmp/other").dataDir).toBe("/tmp/other");
  });

  it("may be mixed with Chromium's switches and a deep link", () => {
    const args = [
      "--enable-features=X",
      "antigraph://journeys",
      "--data",
      "/tmp/other",
      "--ozone-platform",
      "wayland",
    ];
    expect(read(...args)).toMatchObject({ dataDir: "/tmp/other", samples: true });
  });

  it("without a folder after --data fall back to the usual one", () => {
    expect(read("--data").dataDir).toBe("/home/kim/antigraph");
  });
});
