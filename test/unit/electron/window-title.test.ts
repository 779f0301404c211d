import { describe, expect, it } from "vitest";
import { windowTitle } from "../../../electron/window-title.ts";

const profile = { name: "payments-eu", environment: "prod" };

describe("the window's title", () => {
  it("names the environment before the page has said anything", () => {
    expect(windowTitle("Antigraph", profile)).toBe("PROD payments-eu · Antigraph");
  });

  it("is the page's own where that names the environment", () => {
    const title = "Journeys · PROD payments-eu · Antigraph";
    expect(windowTitle(title, profile)).toBe(title);
  });
});
