import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JourneyPage } from "../../../../engine/api/schemas/journey.ts";
import type { JourneyQuery } from "../../../../engine/audit/store.ts";
import { createJourneyList, REFRESH_MS } from "../../../../renderer/journeys/journey-list.ts";
import { loadedRows, rowAt, rowCount, WINDOW_ROWS } from "../../../../renderer/journeys/windows.ts";
import type { StreamMessage } from "../../../../renderer/stream.ts";
import { page, row } from "./rows.ts";

/** Answers from a table of the newest `newest` journeys, as the API does. */
function fakeApi(newest: number) {
  const asked: JourneyQuery[] = [];
  const state = { newest, fail: false };
  const ask = async (query: JourneyQuery, signal: AbortSignal): Promise<JourneyPage> => {
    asked.push(query);
    await Promise.resolve();
    signal.throwIfAborted();
    if (state.fail) throw new Error("the bus is away");
    const limit = query.limit ?? 50;
    let top = query.cursor === undefined ? state.newest : Number(query.cursor) - 1;
    while (query.to !== undefined && top > 0 && row(top).started_at >= query.to) top -= 1;
    let bottom = Math.max(1, top - limit + 1);
    while (query.from !== undefined && bottom < top && row(bottom).started_at < query.from) bottom += 1;
    return page(top, bottom, bottom > 1 && query.from === undefined ? String(bottom) : null);
  };
  return { ask, asked, state };
}

const settle = () => vi.advanceTimersByTimeAsync(0);
const somethingChanged = (n: number): StreamMessage => ({
  type: "changes",
  changes: { journeys: [{ uuid: row(n).uuid, seq: 9, status: "completed", name: "order", version: "1" }] },
});

describe("the journeys list", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("asks nothing before it is opened, then for one window", async () => {
    const api = fakeApi(500);
    const list = createJourneyList({ query: {}, probe: true, ask: api.ask });
    await settle();
    expect(api.asked).toEqual([]);
    list.open();
    await settle();
    expect(api.asked).toEqual([{ limit: WINDOW_ROWS }]);
    expect(list.get()).toMatchObject({ loading: false, error: undefined });
    expect(rowCount(list.get().rows)).toBe(WINDOW_ROWS);
  });

  it("reads on when the end comes in sight, once", async () => {
    const api = fakeApi(500);
    const list = createJourneyList({ query: {}, probe: true, ask: api.ask });
    list.open();
    await settle();
    list.inSight(0, 20);
    expect(api.asked).toHaveLength(1);
    list.inSight(150, 180);
    list.inSight(151, 181);
    await settle();
    expect(api.asked).toHaveLength(2);
    expect(rowCount(list.get().rows)).toBe(2 * WINDOW_ROWS);
    list.inSight(380, 399);
    await settle();
    expect(rowCount(list.get().rows)).toBe(500);
    list.inSight(480, 499);
    await settle();
    expect(api.asked).toHaveLength(3);
  });

  it("shows a new status at once and reads the window again after a while, without moving a row", async () => {
    const api = fakeApi(50);
    const list = createJourneyList({ query: {}, probe: true, ask: api.ask });
    list.open();
    await settle();
    const before = [...loadedRows(list.get().rows)].map(({ uuid }) => uuid);
    api.state.newest = 53;
    list.onMessage(somethingChanged(50));
    expect(rowAt(list.get().rows, 0)?.status).toBe("completed");
    expect(api.asked).toHaveLength(1);

    await vi.advanceTimersByTimeAsync(REFRESH_MS);
    expect([...loadedRows(list.get().rows)].map(({ uuid }) => uuid)).toEqual(before);
    expect([...list.get().rows.fresh]).toEqual([row(53).uuid, row(52).uuid, row(51).uuid]);

    list.restart();
    await settle();
    expect(rowAt(list.get().rows, 0)?.uuid).toBe(row(53).uuid);
    expect(list.get().rows.fresh.size).toBe(0);
  });

  it("asks soon after a change, and at most once a second while things go on changing", async () => {
    const api = fakeApi(50);
    const list = createJourneyList({ query: {}, probe: true, ask: api.ask });
    list.open();
    await settle();
    api.asked.length = 0;
    for (let step = 0; step < 30; step++) {
      list.onMessage(somethingChanged(50 - step));
      await vi.advanceTimersByTimeAsync(100);
    }
    await vi.advanceTimersByTimeAsync(REFRESH_MS);
    // Each time the window in sight, and what is new above it: at 0.15, 1.15, 2.15 and 3.15 s.
    expect(api.asked).toHaveLength(8);
  });

  it("reads a window that changed out of sight again when it comes in sight", async () => {
    const api = fakeApi(500);
    const list = createJourneyList({ query: {}, probe: true, ask: api.ask });
    list.open();
    await settle();
    list.inSight(150, 199);
    await settle();
    list.inSight(0, 20);
    list.onMessage(somethingChanged(120));
    await vi.advanceTimersByTimeAsync(REFRESH_MS);
    api.asked.length = 0;
    list.inSight(250, 270);
    list.inSight(251, 271);
    await settle();
    expect(api.asked.map(({ cursor }) => cursor)).toEqual(["301"]);
    list.inSight(252, 272);
    await settle();
    expect(api.asked).toHaveLength(1);
  });

  it("has nothing new when it is pinned to the past", async () => {
    const api = fakeApi(50);
    const list = createJourneyList({ query: { to: row(40).started_at }, probe: false, ask: api.ask });
    list.open();
    await settle();
    api.state.newest = 60;
    list.onMessage(somethingChanged(39));
    await vi.advanceTimersByTimeAsync(REFRESH_MS);
    expect(rowAt(list.get().rows, 0)?.uuid).toBe(row(39).uuid);
    expect(list.get().rows.fresh.size).toBe(0);
  });

  it("fills an empty list as soon as there is something", async () => {
    const api = fakeApi(0);
    const list = createJourneyList({ query: {}, probe: true, ask: api.ask });
    list.open();
    await settle();
    expect(rowCount(list.get().rows)).toBe(0);
    api.state.newest = 1;
    list.onMessage(somethingChanged(1));
    await vi.advanceTimersByTimeAsync(REFRESH_MS);
    expect(rowCount(list.get().rows)).toBe(1);
  });

  it("keeps its rows when a question fails, and says why", async () => {
    const api = fakeApi(500);
    const list = createJourneyList({ query: {}, probe: true, ask: api.ask });
    list.open();
    await settle();
    api.state.fail = true;
    list.inSight(180, 199);
    await settle();
    expect(list.get().error).toEqual(new Error("the bus is away"));
    expect(rowCount(list.get().rows)).toBe(WINDOW_ROWS);
    // Scrolling doesn't ask again and again; trying again does.
    list.inSight(181, 199);
    expect(api.asked).toHaveLength(2);
    api.state.fail = false;
    list.restart();
    await settle();
    expect(list.get().error).toBeUndefined();
  });

  it("begins with the rows it is given and freshens them", async () => {
    const api = fakeApi(50);
    const first = createJourneyList({ query: {}, probe: true, ask: api.ask });
    first.open();
    await settle();
    first.close();
    const again = createJourneyList({ query: {}, probe: true, ask: api.ask, initial: first.get().rows });
    expect(again.get().loading).toBe(false);
    api.state.newest = 51;
    again.open();
    await settle();
    expect([...again.get().rows.fresh]).toEqual([row(51).uuid]);
  });

  it("is silent after it was closed, and goes on when opened again", async () => {
    const api = fakeApi(50);
    const list = createJourneyList({ query: {}, probe: true, ask: api.ask });
    list.open();
    list.close();
    list.open();
    await settle();
    expect(rowCount(list.get().rows)).toBe(50);
    list.onMessage(somethingChanged(50));
    list.close();
    const before = api.asked.length;
    await vi.advanceTimersByTimeAsync(REFRESH_MS);
    expect(api.asked).toHaveLength(before);
  });
});
