import { describe, expect, it } from "vitest";
import { between } from "../../../../renderer/journeys/selection.ts";
import { row } from "./rows.ts";

const list = [5, 4, 3, 2, 1].map((n) => row(n));

describe("a range of rows", () => {
  it("goes from the row chosen last to this one, in either direction", () => {
    expect(between(list, row(4).uuid, row(2))).toEqual([row(4), row(3), row(2)]);
    expect(between(list, row(2).uuid, row(4))).toEqual([row(4), row(3), row(2)]);
  });

  it("is only this row when there is none to begin at", () => {
    expect(between(list, undefined, row(2))).toEqual([row(2)]);
    expect(between(list, row(9).uuid, row(2))).toEqual([row(2)]);
  });
});
