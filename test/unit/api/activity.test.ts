import { expect, test } from "vitest";
import { listActivity } from "../../../engine/api/activity.ts";
import type { ProfileEvent } from "../../../engine/api/profile-log.ts";
import type { ActivityRow } from "../../../engine/audit/store.ts";
import { openTestApi } from "../../support/api-host.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 10, minute)).toISOString();
const onJourney = (minute: number): ActivityRow => ({
  at: at(minute),
  uuid: `00000000-0000-4000-8000-${String(minute).padStart(12, "0")}`,
  name: "onboarding",
  version: "1",
  seq: 3,
  action: "rollback",
  actor: "olga",
  reason: "a test",
  outcome: "done",
});
const onProfile = (minute: number): ProfileEvent => ({
  at: at(minute),
  profile: "shop",
  action: "profile.unlocked",
  actor: "olga",
  reason: "ticket 7",
});

/** An audit and a log with something at these minutes, newest first. */
async function withActivity(journeys: number[], profiles: number[]) {
  const { host } = await openTestApi();
  const rows = journeys.map(onJourney);
  const audit = {
    ...host.audit,
    async activity({ cursor = "0", limit = 50 }: { cursor?: string; limit?: number }) {
      const from = Number(cursor);
      const to = from + limit;
      return { activity: rows.slice(from, to), next: to < rows.length ? String(to) : null };
    },
  };
  return { audit, profiles: { ...host.profiles, events: () => profiles.map(onProfile) } };
}

/** All pages, each as the minutes of its rows. */
async function pagesOf(sources: Awaited<ReturnType<typeof withActivity>>, limit: number): Promise<number[][]> {
  const pages: number[][] = [];
  let cursor: string | undefined;
  do {
    const { activity, next } = await listActivity(sources, { limit, cursor });
    pages.push(activity.map((row) => new Date(row.at).getUTCMinutes()));
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return pages;
}

test("what was done to journeys and to profiles comes together, newest first, each once", async () => {
  const sources = await withActivity([50, 40, 30, 20, 10], [55, 45, 35, 15, 5, 4, 3, 2]);
  expect((await pagesOf(sources, 2)).flat()).toEqual([55, 50, 45, 40, 35, 30, 20, 15, 10, 5, 4, 3, 2]);
  expect(await pagesOf(sources, 50)).toEqual([[55, 50, 45, 40, 35, 30, 20, 15, 10, 5, 4, 3, 2]]);
});

test("a console without journeys shows what was done to its profiles, page by page", async () => {
  expect(await pagesOf(await withActivity([], [5, 4, 3]), 2)).toEqual([[5, 4], [3]]);
});

test("the filters hold for both", async () => {
  const sources = await withActivity([50], [55]);
  const found = async (filter: object) => (await listActivity(sources, filter)).activity.length;
  expect(await found({ action: "profile.unlocked" })).toBe(2);
  expect(await found({ action: "profile.chosen" })).toBe(1);
  expect(await found({ actor: "nobody" })).toBe(1);
  expect(await found({ q: "TICKET" })).toBe(2);
});

test("unlocking production stands in GET /activity with actor and reason", async () => {
  const t = await openTestApi();
  await t.api("PUT", "/profiles/embedded", { kind: "embedded", environment: "prod" });
  await t.api("POST", "/profiles/unlock", { reason: "ticket 7" });
  const { activity } = (await t.api("GET", "/activity?action=profile.unlocked")).body;
  expect(activity).toEqual([
    expect.objectContaining({ profile: "embedded", actor: "olga", reason: "ticket 7", outcome: "done" }),
  ]);
});
