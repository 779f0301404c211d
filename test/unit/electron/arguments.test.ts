import { describe, expect, it } from "vitest";
import { readArguments } from "../../../electron/arguments.ts";

const read = (...args: string[]) => readArguments(args, "/home/kim/antigraph");

describe("the desktop host's arguments", () => {
  it("are all optional", () => {
    expect(read()).toEqual({ dataDir: "/home/kim/antigraph", samples: true });
  });

  it("choose the data folder and leave the samples out", () => {
    expect(read("--data", "/tmp/other", "--no-samples")).toEqual({ dataDir: "/tmp/other", samples: false });
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
    expect(read(...args)).toEqual({ dataDir: "/tmp/other", samples: true });
  });

  it("without a folder after --data fall back to the usual one", () => {
    expect(read("--data").dataDir).toBe("/home/kim/antigraph");
  });
});
