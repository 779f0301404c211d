import { describe, expect, it } from "vitest";
import { readFilter, writeFilter } from "../../../../renderer/journeys/filters.ts";
import { BUILT_IN_VIEWS, readViews, removeView, saveView } from "../../../../renderer/journeys/views.ts";

function fakeStorage(content?: string): Storage {
  const values = new Map<string, string>(content === undefined ? [] : [["antigraph.views", content]]);
  return {
    get length() {
      return values.size;
    },
    clear: () => values.clear(),
    getItem: (key) => values.get(key) ?? null,
    key: (index) => [...values.keys()][index] ?? null,
    removeItem: (key) => void values.delete(key),
    setItem: (key, value) => void values.set(key, value),
  };
}

describe("saved views", () => {
  it("are kept, replaced by name, and removed", () => {
    const storage = fakeStorage();
    saveView({ name: "mine", search: "status=held" }, storage);
    saveView({ name: "other", search: "q=x" }, storage);
    saveView({ name: "mine", search: "status=paused" }, storage);
    expect(readViews(storage)).toEqual([
      { name: "other", search: "q=x" },
      { name: "mine", search: "status=paused" },
    ]);
    expect(removeView("other", storage)).toEqual([{ name: "mine", search: "status=paused" }]);
  });

  it("survive whatever else stands in the storage", () => {
    expect(readViews(fakeStorage("not json"))).toEqual([]);
    expect(readViews(fakeStorage('[{"name":"ok","search":"q=1"},{"name":7},null]'))).toEqual([
      { name: "ok", search: "q=1" },
    ]);
  });

  it("that come with the console are all understood by the page", () => {
    for (const { search } of BUILT_IN_VIEWS) {
      const written = writeFilter(readFilter(new URLSearchParams(search))).toString();
      expect(decodeURIComponent(written)).toBe(search);
    }
  });
});
