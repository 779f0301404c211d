import { describe, expect, it } from "vitest";
import {
  appended,
  changed,
  EMPTY_WINDOWS,
  loadedRows,
  locate,
  MAXIMUM_KEPT_WINDOWS,
  nextCursor,
  probed,
  reread,
  restarted,
  rowAt,
  rowCount,
  type WindowsState,
} from "../../../../renderer/journeys/windows.ts";
import { page, row } from "./rows.ts";

/** Two windows of five rows: 10 to 6 and 5 to 1. */
const two = appended(restarted(page(10, 6, "five")), "five", page(5, 1));
const AT = "2026-11-22T12:00:00.000Z";
const uuids = (state: WindowsState) => [...loadedRows(state)].map(({ uuid }) => uuid);

describe("windows of the journeys list", () => {
  it("lie one behind the other", () => {
    expect(rowCount(two)).toBe(10);
    expect(rowAt(two, 0)?.uuid).toBe(row(10).uuid);
    expect(rowAt(two, 5)?.uuid).toBe(row(5).uuid);
    expect(rowAt(two, 10)).toBeUndefined();
    expect(locate(two, 7)).toEqual({ window: 1, place: 2 });
    expect(nextCursor(two)).toBeNull();
    expect(nextCursor(EMPTY_WINDOWS)).toBeUndefined();
  });

  it("take status and seq from the stream, but never older ones", () => {
    const change = { name: "order", version: "1", status: "completed" as const };
    const state = changed(
      two,
      [
        { uuid: row(10).uuid, seq: 5, ...change },
        { uuid: row(9).uuid, seq: 1, ...change },
      ],
      AT,
    );
    expect(rowAt(state, 0)).toMatchObject({ status: "completed", seq: 5, ended_at: AT });
    expect(rowAt(state, 1)).toEqual(row(9));
    expect(state.windows.map(({ stale }) => stale)).toEqual([true, false]);
  });

  it("leave open where a journey stands when the stream says that it moved on", () => {
    const start = restarted({ journeys: [row(1, { where: ["a"] })], next: null });
    const change = { uuid: row(1).uuid, name: "order", version: "1", seq: 9 };
    expect(rowAt(changed(start, [{ ...change, status: "rolling_back" }], AT), 0)).toMatchObject({
      where: [],
      ended_at: undefined,
    });
    expect(rowAt(changed(start, [{ ...change, status: "running" }], AT), 0)?.where).toEqual(["a"]);
  });

  it("stay the same object when the stream tells of rows that aren't shown", () => {
    const change = { uuid: row(99).uuid, seq: 9, status: "held" as const, name: "order", version: "1" };
    expect(changed(two, [change], AT)).toBe(two);
  });

  it("keep every row in its place when one is read again", () => {
    const news = { journeys: [row(10, { seq: 4, where: ["a"] }), row(9), row(8), row(7), row(6)], next: "five" };
    const state = reread(two, 0, news);
    expect(uuids(state)).toEqual(uuids(two));
    expect(rowAt(state, 0)?.where).toEqual(["a"]);
    expect(state.windows[0]?.stale).toBe(false);
    expect(state.fresh.size).toBe(0);
  });

  it("mark rows that the filter no longer finds, and unmark those that it finds again", () => {
    const without = { journeys: [row(10), row(8), row(7), row(6)], next: "five" };
    const state = reread(two, 0, without);
    expect([...state.gone]).toEqual([row(9).uuid]);
    expect(rowCount(state)).toBe(10);
    expect([...reread(state, 0, page(10, 6, "five")).gone]).toEqual([]);
  });

  it("count what is new in their middle, and not what slid in from the window behind", () => {
    const late = row(0, { uuid: row(77).uuid });
    const journeys = [row(10), late, row(8), row(7), row(6), row(0, { uuid: row(66).uuid })];
    expect([...reread(two, 0, { journeys, next: "five" }).fresh]).toEqual([row(77).uuid]);
  });

  it("count what is new above them", () => {
    const state = probed(two, page(13, 9));
    expect([...state.fresh]).toEqual([row(13).uuid, row(12).uuid, row(11).uuid]);
    expect(state.freshOverflow).toBe(false);
    expect(probed(two, page(13, 11, "more")).freshOverflow).toBe(true);
  });

  it("have nothing new after beginning anew", () => {
    expect(restarted(page(13, 9)).fresh.size).toBe(0);
  });

  it("give up the rows farthest from what is in sight, and take them back in the same size", () => {
    let state = restarted(page(1000, 996, "c0"));
    for (let n = 1; n <= MAXIMUM_KEPT_WINDOWS; n++) {
      const newest = 1000 - n * 5;
      state = appended(state, `c${n - 1}`, page(newest, newest - 4, `c${n}`));
    }
    expect(rowCount(state)).toBe((MAXIMUM_KEPT_WINDOWS + 1) * 5);
    expect(rowAt(state, 0)).toBeUndefined();
    expect(state.windows.filter(({ rows }) => rows !== undefined)).toHaveLength(MAXIMUM_KEPT_WINDOWS);

    const back = reread(state, 0, page(1000, 996, "c0"));
    expect(rowAt(back, 0)?.uuid).toBe(row(1000).uuid);
    expect(rowCount(back)).toBe(rowCount(state));
    expect(rowAt(back, rowCount(back) - 1)).toBeUndefined();
  });
});
