// The page of one journey against a real console: it undoes itself on screen, is rolled back and replayed by hand, and
// shows any moment of its past.

import type { Page } from "@playwright/test";
import type { JourneyView } from "../../engine/core/view.ts";
import { type ApiClient, expect, test } from "../support/e2e-console.ts";
import { BAD_HIRE, eventsOf, GOOD_HIRE, sentTogether, startJourney, untilStatus } from "../support/e2e-journeys.ts";

/** The box of a step in the graph. */
const box = (page: Page, step: string) => page.locator(`.ag-step-box[data-step="${step}"]`);
const status = (page: Page) => page.locator("main").getByRole("heading", { level: 1 }).locator("..");
const why = (page: Page) => page.getByRole("region", { name: "Why" });
const details = (page: Page) => page.getByRole("complementary", { name: "Details" });
const slider = (page: Page) => page.getByRole("slider", { name: "Moment shown" });

async function open(page: Page, uuid: string, search = ""): Promise<void> {
  await page.goto(`${new URL(page.url()).origin}/journeys/${uuid}${search}`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.locator(".ag-step-box").first()).toBeVisible();
}

/** The dry run as the sheet lists it: names by level, sorted. */
async function plannedLevels(page: Page): Promise<string[][]> {
  const levels = page.getByRole("dialog").getByRole("list", { name: /^Level / });
  const found: string[][] = [];
  for (const level of await levels.all()) found.push((await level.locator("b").allTextContents()).sort());
  return found;
}

async function completed(api: ApiClient): Promise<JourneyView> {
  return startJourney(api, "onboarding", GOOD_HIRE, ["completed"]);
}

test("a journey that fails is undone on screen, and the page says why", async ({ page, api }) => {
  // Held until the page has been looked at, however long that takes.
  const held = { rate: 0, delay_ms: 100_000 };
  const lastUndo = { service: "user", function: "delete_user", ...held };
  await api.put("/faults", { faults: [{ service: "membership", function: "add_membership", ...held }, lastUndo] });
  const { uuid } = await api.post<{ uuid: string }>("/journeys", { name: "onboarding", data: BAD_HIRE });
  await open(page, uuid);
  await expect(box(page, "create_user")).toHaveAttribute("data-status", "succeeded");
  await expect(status(page)).toContainText("running");

  // While the last undo takes its time, the graph shows the way back.
  await api.put("/faults", { faults: [lastUndo] });
  await expect(status(page)).toContainText("rolling back");
  await expect(box(page, "add_membership")).toHaveAttribute("data-status", "failed");
  await expect(box(page, "add_license")).toHaveAttribute("data-status", "undone");
  await expect(box(page, "create_user")).toHaveAttribute("data-status", "undoing");
  await expect(page.locator('.ag-edge-undo[data-walk="walked"]')).toHaveCount(1);
  await expect(page.locator('.ag-edge-undo[data-walk="active"]')).toHaveCount(1);

  await api.put("/faults", { faults: [] });
  await expect(status(page)).toContainText("rolled back");
  await expect(box(page, "create_user")).toHaveAttribute("data-status", "undone");
  await expect(why(page)).toHaveText(
    "Why: membership.add_membership failed (group closed takes no new members, group_closed), so the journey was " +
      "undone. license.add_license and user.create_user were undone, in this order.",
  );
  expect(sentTogether(await eventsOf(api, uuid)).slice(3)).toEqual([
    ["license.log_removal", "license.remove_license"],
    ["user.delete_user"],
  ]);
});

test("a completed journey is rolled back by hand: exactly what the dry run listed is sent", async ({ page, api }) => {
  const { uuid, seq } = await completed(api);
  await open(page, uuid);
  await page.getByRole("button", { name: "Roll back…" }).click();
  const sheet = page.getByRole("dialog", { name: "Roll back" });
  await expect(sheet.getByRole("radio", { name: /The whole journey/ })).toBeChecked();
  await expect(sheet.getByText("4 commands", { exact: true })).toBeVisible();
  const planned = await plannedLevels(page);
  expect(planned).toEqual([
    ["membership.remove_membership"],
    ["license.log_removal", "license.remove_license"],
    ["user.delete_user"],
  ]);
  // The graph, the causes and the time line stay in sight beside it.
  await expect(box(page, "create_user")).toBeInViewport();

  await sheet.getByLabel("Reason").fill("the customer called, ticket 4411");
  await sheet.getByRole("button", { name: "Send 1 + 2 + 1 commands" }).click();
  await expect(sheet.getByText(/^Done\./)).toBeVisible();
  await expect(status(page)).toContainText("rolled back");
  await untilStatus(api, uuid, ["rolled_back"]);

  const after = (await eventsOf(api, uuid)).filter((event) => event.seq > seq);
  expect(sentTogether(after)).toEqual(planned);
  const commands = await api.get<{ records: { key: string; headers: { id?: string } }[] }>(
    "/topics/fromanager/records?offset=start&limit=1000",
  );
  const sent = commands.records.filter(({ key, headers }) => key === uuid && headers.id?.includes("/undo/"));
  expect(sent).toHaveLength(planned.flat().length);

  await sheet.getByRole("button", { name: "Close", exact: true }).last().click();
  await expect(why(page)).toContainText("rolled it back (“the customer called, ticket 4411”)");
  await page.getByRole("tab", { name: /^Who did what/ }).click();
  await expect(details(page)).toContainText("“the customer called, ticket 4411”");
});

test("a journey is rolled back only to a step, and goes on from there", async ({ page, api }) => {
  const { uuid } = await completed(api);
  await open(page, uuid);
  await page.getByRole("button", { name: "Roll back…" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("radio", { name: /Back to a step/ }).check();
  await expect(sheet.getByText("Choose the step to go back to.")).toBeVisible();
  await expect(sheet.getByRole("button", { name: /^(Send|Roll back)/ })).toBeDisabled();
  await sheet.getByRole("combobox", { name: "Go back to" }).click();
  await page.getByRole("option", { name: "license.add_license" }).click();
  await expect.poll(() => plannedLevels(page)).toEqual([["membership.remove_membership"]]);
  await sheet.getByRole("button", { name: "Send 1 command" }).click();
  await expect(sheet.getByText(/^Done\./)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(status(page)).toContainText("held");
  await page.getByRole("button", { name: "Resume…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Send 1 command" }).click();
  await expect(status(page)).toContainText("completed");
});

test("a journey is replayed with another input, and the two are linked", async ({ page, api }) => {
  const { uuid } = await startJourney(api, "onboarding", BAD_HIRE, ["rolled_back"]);
  await open(page, uuid);
  await page.getByRole("button", { name: "Replay…" }).click();
  const sheet = page.getByRole("dialog");
  const input = sheet.getByRole("textbox", { name: "Input" });
  await expect(input).toContainText('"group": "closed"');
  await input.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(JSON.stringify({ ...BAD_HIRE, group: "sales" }));
  await sheet.getByLabel("Reason").fill("the group is open now");
  await sheet.getByRole("button", { name: "Start the new journey" }).click();
  await sheet.getByText("The new journey is").getByRole("link").click();

  await expect(page).not.toHaveURL(new RegExp(uuid));
  await expect(status(page)).toContainText("completed");
  await expect(status(page)).toContainText("replay of");
  const replay = /journeys\/([0-9a-f-]{36})/.exec(page.url())?.[1] ?? "";
  const journey = await api.get<JourneyView>(`/journeys/${replay}`);
  expect([journey.replay_of, journey.input]).toEqual([uuid, { ...BAD_HIRE, group: "sales" }]);
  await page.getByRole("link", { name: new RegExp(uuid.slice(-6)) }).click();
  await expect(status(page)).toContainText("replayed as");
});

test("the cursor of the time line moves graph, details and causes to that moment", async ({ page, api }) => {
  const { uuid } = await startJourney(api, "onboarding", BAD_HIRE, ["rolled_back"]);
  const events = await eventsOf(api, uuid);
  await open(page, uuid);
  await slider(page).focus();
  await page.keyboard.press("Home");
  await expect(status(page)).toContainText("running");
  await expect(box(page, "create_user")).toHaveAttribute("data-status", "waiting");
  await expect(why(page)).toHaveCount(0);
  await page.keyboard.press("ArrowRight");
  await expect(box(page, "create_user")).toHaveAttribute("data-status", "dispatched");

  const failed = events.findIndex(({ type }) => type === "step.failed") + 1;
  for (let seq = 2; seq < failed; seq += 1) await page.keyboard.press("ArrowRight");
  await expect(box(page, "add_membership")).toHaveAttribute("data-status", "failed");
  await expect(box(page, "add_license")).toHaveAttribute("data-status", "succeeded");
  await expect(slider(page)).toHaveAttribute("aria-valuenow", String(failed));
  await expect(page).toHaveURL(new RegExp(`seq=${failed}`));

  // The address is the moment: a colleague sees the same.
  await page.reload();
  await expect(box(page, "add_license")).toHaveAttribute("data-status", "succeeded");
  await page.getByRole("button", { name: "Back to live" }).first().click();
  await expect(box(page, "add_license")).toHaveAttribute("data-status", "undone");
  await expect(page).not.toHaveURL(/seq=/);
});

test("dragging the cursor looks at an earlier moment", async ({ page, api }) => {
  const { uuid } = await completed(api);
  await open(page, uuid);
  const knob = await slider(page).boundingBox();
  if (knob === null) throw new Error("the cursor is drawn");
  const [x, y] = [knob.x + knob.width / 2, knob.y + knob.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x - 150, y, { steps: 5 });
  await expect(page.getByText("not live")).toBeVisible();
  await expect(status(page)).toContainText("running");
  await page.mouse.move(x + 40, y, { steps: 5 });
  await page.mouse.up();
  await expect(page.getByText("not live")).toHaveCount(0);
  await expect(status(page)).toContainText("completed");
});

test("everything is reached by keyboard: steps, tabs, the action and its sheet", async ({ page, api }) => {
  const { uuid } = await startJourney(api, "onboarding", BAD_HIRE, ["rolled_back"]);
  await open(page, uuid);
  const steps = page.getByRole("list", { name: "Steps" });
  await steps.getByRole("button", { name: /add_membership/ }).focus();
  await page.keyboard.press("Home");
  await expect(steps.getByRole("button", { name: /user.create_user, undone/ })).toBeFocused();
  await expect(details(page).getByRole("heading", { name: "user.create_user" })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await expect(details(page).getByRole("tab", { name: "Undo" })).toHaveAttribute("aria-selected", "true");
  await expect(details(page)).toContainText("delete_user, try 1 of 1");

  await details(page).getByRole("tab", { name: "Undo" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(details(page).getByRole("tab", { name: /^Events/ })).toBeFocused();
  await expect(details(page)).toContainText("undo.succeeded");

  await page.keyboard.press("a");
  const sheet = page.getByRole("dialog", { name: "Replay the journey" });
  await expect(sheet).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);
  await page.keyboard.press("?");
  await expect(page.getByText("The action most likely to settle it")).toBeVisible();
});

test("a step shows its commands and replies as records, and leads to them", async ({ page, api }) => {
  const { uuid } = await completed(api);
  const dispatched = (await eventsOf(api, uuid)).find(
    ({ type, step }) => type === "step.dispatched" && step === "add_license",
  );
  await open(page, uuid, "?step=add_license");
  const command = details(page).getByRole("link", { name: /^fromanager / });
  await expect(command).toBeVisible();
  const [partition, offset] =
    /partition=(\d+)&offset=(\d+)/.exec((await command.getAttribute("href")) ?? "")?.slice(1) ?? [];
  const { records } = await api.get<{ records: { headers: { id?: string } }[] }>(
    `/topics/fromanager/records?partition=${partition}&offset=${offset}&limit=1`,
  );
  expect(records[0]?.headers.id).toBe(dispatched?.id);
  await details(page)
    .getByRole("link", { name: /^tomanager / })
    .click();
  await expect(page).toHaveURL(/\/cluster\/topics\/tomanager\?partition=\d+&offset=\d+/);
});

test("events can be filtered, opened and gone to", async ({ page, api }) => {
  const { uuid } = await startJourney(api, "onboarding", BAD_HIRE, ["rolled_back"]);
  await open(page, uuid, "?step=&tab=events");
  const list = details(page).getByRole("list", { name: "Events" });
  await details(page).getByLabel("Filter events").fill("group_closed");
  await expect(list.getByRole("button", { name: /rollback.started/ })).toBeVisible();
  await expect(list.getByRole("button", { name: /step.succeeded/ })).toHaveCount(0);
  await list.getByRole("button", { name: /step.failed/ }).click();
  await expect(list.getByRole("region", { name: /^Event \d+/ })).toContainText('"group_closed"');
  await list.getByRole("button", { name: "Show this moment" }).click();
  await expect(page.getByText("not live")).toBeVisible();
  await expect(status(page)).toContainText("running");
});

test("two steps, and two journeys, are compared", async ({ page, api }) => {
  const one = await completed(api);
  const other = await startJourney(api, "onboarding", { ...GOOD_HIRE, name: "Grace Hopper" }, ["completed"]);
  await open(page, one.uuid, "?step=create_user");
  await details(page)
    .getByRole("button", { name: /^Compare/ })
    .click();
  const sheet = page.getByRole("dialog", { name: "Compare" });
  await sheet.getByLabel("with journey").fill(other.uuid);
  await expect(sheet.locator(".cm-mergeView")).toContainText("Grace Hopper");
  await expect(sheet.locator(".cm-mergeView")).toContainText("Ada Lovelace");
});

test("an address of no journey says so and leads on", async ({ page }) => {
  const origin = new URL(page.url()).origin;
  await page.goto(`${origin}/journeys/00000000-0000-4000-8000-000000000000`);
  await expect(page.getByRole("heading", { name: "There is no such journey" })).toBeVisible();
  await page.getByRole("link", { name: "All journeys" }).click();
  await expect(page).toHaveURL(/\/journeys$/);
});

test("without a connection what is shown stays, and is marked", async ({ page, api, console: running }) => {
  const { uuid } = await completed(api);
  await open(page, uuid);
  await running.stop();
  await expect(page.getByText("not connected: may be out of date")).toBeVisible();
  await expect(box(page, "create_user")).toHaveAttribute("data-status", "succeeded");
});
