import { describe, expect, it } from "vitest";
import {
  isFiltered,
  literalPiece,
  readFilter,
  toApiFilter,
  toQuery,
  writeFilter,
} from "../../../../renderer/journeys/filters.ts";

const read = (search: string) => readFilter(new URLSearchParams(search));

describe("the filter of the journeys page", () => {
  it("comes back from its own address unchanged", () => {
    for (const search of [
      "",
      "status=rollback_failed%2Cheld&flow=onboarding&version=7&q=u-77",
      "service=license&error=quota&range=24h",
      "from=2026-11-20T00%3A00%3A00.000Z&to=2026-11-21T00%3A00%3A00.000Z&sort=-duration",
      "at=2026-11-21T00%3A00%3A00.000Z&view=groups",
    ]) {
      expect(writeFilter(read(search)).toString()).toBe(search);
    }
  });

  it("leaves out what it can't understand instead of failing", () => {
    expect(read("status=held,nonsense&range=9y&sort=colour&view=pie&from=yesterday")).toEqual(read("status=held"));
  });

  it("has no version without a flow", () => {
    expect(read("version=7").version).toBeUndefined();
  });

  it("counts a relative range back from the moment given", () => {
    const now = Date.parse("2026-11-22T12:00:00.000Z");
    expect(toQuery(read("range=1h"), now)).toMatchObject({ from: "2026-11-22T11:00:00.000Z", sort: "-started_at" });
  });

  it("begins at the moment jumped to and goes back from there", () => {
    expect(toApiFilter(read("at=2026-11-21T00:00:00Z"), 0).to).toBe("2026-11-21T00:00:00.000Z");
  });

  it("knows whether something narrows the list", () => {
    expect(isFiltered(read(""))).toBe(false);
    expect(isFiltered(read("view=groups&sort=duration"))).toBe(false);
    expect(isFiltered(read("q=x"))).toBe(true);
    expect(isFiltered(read("status=held"))).toBe(true);
  });

  it("finds a failure group's journeys by the longest piece of its message that stood in them", () => {
    expect(literalPiece("card <n> of <value> was refused by the bank")).toBe("was refused by the bank");
    expect(literalPiece("<id>")).toBe("");
  });
});
