import { describe, expect, it } from "vitest";
import { pagePathIn, pagePathOf } from "../../../electron/deep-link.ts";

const UUID = "6b1f0c3e-2a57-4b0e-9d7c-0a8e1f3b5c7d";

describe("a deep link", () => {
  it.each([
    [`antigraph://journeys/${UUID}?tab=events`, `/journeys/${UUID}?tab=events`],
    [`antigraph:///journeys/${UUID}`, `/journeys/${UUID}`],
    [`antigraph:journeys/${UUID}`, `/journeys/${UUID}`],
    ["antigraph://journeys?status=held&q=a%20b", "/journeys?status=held&q=a%20b"],
    ["antigraph://flows/onboarding/edit/", "/flows/onboarding/edit"],
    ["antigraph://", "/"],
  ])("%s shows %s", (link, path) => {
    expect(pagePathOf(link)).toBe(path);
  });

  it.each([
    ["another scheme", "https://journeys/1"],
    ["the private page scheme", "antigraph-app://console/journeys"],
    ["the API", "antigraph://api/v1/journeys"],
    ["a page that doesn't exist", "antigraph://settings"],
    ["an absurd length", `antigraph://journeys?q=${"x".repeat(3_000)}`],
    ["no URL at all", "journeys"],
  ])("to %s shows nothing", (_what, link) => {
    expect(pagePathOf(link)).toBeUndefined();
  });

  it("can't climb out of the page it names", () => {
    for (const climb of ["../../metrics", "%2e%2e/%2E%2E/metrics", "./../../metrics"]) {
      expect(pagePathOf(`antigraph://journeys/${climb}`)).toBe("/journeys/metrics");
    }
  });

  it("carries no fragment, where a session code would stand", () => {
    expect(pagePathOf("antigraph://journeys#code=abc")).toBe("/journeys");
  });

  it("is found among a process's arguments", () => {
    expect(pagePathIn(["/opt/antigraph", "--flag", "antigraph://services", "antigraph://flows"])).toBe("/services");
    expect(pagePathIn(["/opt/antigraph", "."])).toBeUndefined();
  });
});
