import { describe, expect, it } from "vitest";
import { csvCell, toCsv } from "../../../../renderer/parts/csv.ts";

describe("CSV", () => {
  it("never lets data become a formula", () => {
    for (const text of ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1"]) {
      expect(csvCell(text).replace(/^"/, "")).toMatch(/^'/);
    }
    expect(csvCell('=HYPERLINK("http://x")')).toBe(`"'=HYPERLINK(""http://x"")"`);
  });

  it("keeps numbers numbers and nothing nothing", () => {
    expect(csvCell(-12.5)).toBe("-12.5");
    expect(csvCell(undefined)).toBe("");
  });

  it("quotes what holds commas, quotes, line breaks or outer blanks", () => {
    expect(csvCell("a,b")).toBe('"a,b"');
    expect(csvCell('say "no"')).toBe('"say ""no"""');
    expect(csvCell("two\nlines")).toBe('"two\nlines"');
    expect(csvCell(" blank")).toBe('" blank"');
    expect(csvCell("plain")).toBe("plain");
  });

  it("has a head, and a line for each row", () => {
    const columns = [
      { head: "name", value: (row: { name: string; size: number }) => row.name },
      { head: "size", value: (row: { name: string; size: number }) => row.size },
    ];
    expect(toCsv(columns, [{ name: "a", size: 1 }])).toBe("name,size\r\na,1\r\n");
  });
});
