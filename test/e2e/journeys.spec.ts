// The page Journeys as an operator uses it: finding, following, selecting, acting on many at once.

import type { Page } from "@playwright/test";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { type ApiClient, expect, test } from "../support/e2e-console.ts";

const GOOD = { name: "Ada Lovelace", email: "ada@example.com", group: "engineering" };
const BAD = { ...GOOD, name: "Charles Babbage", email: "charles@example.com", group: "closed" };

/** Starts a journey and waits for its end. */
async function run(api: ApiClient, data: unknown): Promise<string> {
  const { uuid } = await api.post<{ uuid: string }>("/journeys?wait=20000", { name: "onboarding", data });
  return uuid;
}

/** The console's first start makes journeys of its own; what a spec makes is found by this text. */
const marked = (mark: string, data: object) => ({ ...data, note: mark });

const row = (page: Page, uuid: string) => page.getByRole("row").filter({ hasText: uuid.slice(-6) });
const search = (page: Page) => page.getByLabel("Text in ids, inputs, outputs and errors");

async function openJourneys(page: Page, address = "/journeys"): Promise<void> {
  await expect(page.getByRole("heading", { level: 1, name: "Journeys" })).toBeVisible();
  await page.goto(new URL(address, page.url()).href);
  await expect(page.getByRole("grid", { name: "Journeys" })).toBeVisible();
}

test("counts and filters stand in the address, so that a link shows a colleague the same list", async ({
  page,
  api,
}) => {
  const good = await run(api, marked("links", GOOD));
  const bad = await run(api, marked("links", BAD));
  await openJourneys(page);
  await search(page).fill("links");
  await expect(row(page, good)).toContainText("completed");
  await expect(row(page, bad)).toContainText("rolled back");

  await page.getByRole("button", { name: /^1 rolled back/ }).click();
  await expect(row(page, good)).toHaveCount(0);
  await expect(row(page, bad)).toContainText("add_membership");
  await expect(page).toHaveURL(/\?status=rolled_back&q=links$/);

  await page.reload();
  await expect(row(page, bad)).toBeVisible();
  await expect(row(page, good)).toHaveCount(0);
  await expect(search(page)).toHaveValue("links");
});

test("failures of the same cause are one group, which leads to its journeys", async ({ page, api }) => {
  const bad = await run(api, marked("groups", BAD));
  await openJourneys(page, "/journeys?q=groups");
  await page.getByText(/^Failure groups/).click();
  await page.getByRole("button", { name: /takes no new members/ }).click();
  await expect(row(page, bad)).toBeVisible();
  await expect(page).toHaveURL(/flow=onboarding/);
});

test("rows don't jump under the pointer: new journeys wait until they are asked for", async ({ page, api }) => {
  const first = await run(api, marked("pill", GOOD));
  await openJourneys(page, "/journeys?q=pill");
  await row(page, first).hover();
  const second = await run(api, marked("pill", GOOD));
  await expect(page.getByRole("button", { name: /1 new/ })).toBeVisible();
  await expect(row(page, second)).toHaveCount(0);
  await expect(page.locator("[data-index='0']")).toContainText(first.slice(-6));

  await page.getByRole("button", { name: /1 new/ }).click();
  await expect(page.locator("[data-index='0']")).toContainText(second.slice(-6));
  await expect(row(page, first)).toBeVisible();
});

test("new journeys come by themselves while nobody is at the rows", async ({ page, api }) => {
  await openJourneys(page);
  await page.mouse.move(5, 5);
  const uuid = await run(api, GOOD);
  await expect(page.locator("[data-index='0']")).toContainText(uuid.slice(-6));
  await expect(page.locator("[data-index='0']")).toContainText("completed");
});

test("the list is usable by keyboard alone, and is found again where it was left", async ({ page, api }) => {
  const older = await run(api, marked("keys", GOOD));
  await run(api, marked("keys", GOOD));
  await openJourneys(page, "/journeys?q=keys");
  await page.locator("[data-index='0']").focus();
  await page.keyboard.press("ArrowDown");
  await expect(page.locator("[data-index='1']")).toBeFocused();
  await page.keyboard.press("Space");
  await expect(page.getByText("1 journey selected")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByText("1 journey selected")).toBeHidden();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/journeys/${older}`));
  await page.goBack();
  await expect(row(page, older)).toBeVisible();
});

test("several journeys are rolled back at once by exactly the commands that the dry run listed", async ({
  page,
  api,
}) => {
  const uuids = [await run(api, marked("bulk", GOOD)), await run(api, marked("bulk", GOOD))];
  const undone = await run(api, marked("bulk", BAD));
  await openJourneys(page, "/journeys?q=bulk");
  for (const uuid of [...uuids, undone]) await row(page, uuid).getByRole("checkbox").click();
  await page.getByRole("button", { name: "Roll back…" }).click();

  const sheet = page.getByRole("dialog", { name: "Roll back 3 journeys" });
  await expect(sheet.getByText("2 journeys, 8 commands in all. 1 journey refused and left out.")).toBeVisible();
  await expect(sheet.getByRole("listitem").filter({ hasText: undone.slice(-6) })).toContainText("refused");
  const listed = await sheet.locator("summary").allTextContents();
  await sheet.getByLabel("Reason").fill("the campaign was withdrawn");
  await sheet.getByRole("button", { name: "Roll back 2 journeys" }).click();
  await expect(sheet.getByText("2 journeys done, 1 refused.")).toBeVisible();
  for (const uuid of uuids) await expect(row(page, uuid)).toContainText("rolled back");

  for (const [index, uuid] of uuids.entries()) {
    const { events } = await api.get<{ events: JourneyEvent[] }>(`/journeys/${uuid}/events`);
    const sent = events.filter(({ type }) => type === "undo.dispatched").map((e) => `${e.service}.${e.function}`);
    expect(sent.sort()).toEqual(listed[index]?.split(/ \+ | → /).sort());
    expect(events.find(({ type }) => type === "rollback.started")?.reason).toBe("the campaign was withdrawn");
  }
  await page.goto(new URL("/activity?q=withdrawn", page.url()).href);
  await expect(page.getByRole("row").filter({ hasText: "the campaign was withdrawn" })).toHaveCount(2);
});

test("a journey is started from a sheet that won't send what isn't JSON, and remembers what was sent", async ({
  page,
}) => {
  await openJourneys(page);
  await page.keyboard.press("n");
  const sheet = page.getByRole("dialog", { name: "Start a journey" });
  await sheet.getByRole("combobox", { name: "Flow" }).click();
  await page.getByRole("option", { name: "onboarding" }).click();
  const input = sheet.getByRole("textbox", { name: "Input of the journey of onboarding" });
  await input.fill('{"name": "Grace"');
  await expect(sheet.getByText(/Not valid JSON/)).toBeVisible();
  await expect(sheet.getByRole("button", { name: "Start onboarding" })).toBeDisabled();
  await input.fill('{"name": "Grace Hopper"}');
  await sheet.getByRole("button", { name: "Start onboarding" }).click();
  await expect(page).toHaveURL(/\/journeys\/[0-9a-f-]{36}$/);

  await page.keyboard.press("n");
  await expect(page.getByRole("textbox", { name: "Input of the journey of onboarding" })).toContainText(
    "Grace Hopper",
  );
});
