// Actions on the page of one journey when something is in the way: a rollback that is stuck, somebody who was faster,
// production.

import type { Page } from "@playwright/test";
import type { JourneyView } from "../../engine/core/view.ts";
import { type ApiClient, expect, test } from "../support/e2e-console.ts";
import { BAD_HIRE, eventsOf, GOOD_HIRE, startJourney, untilStatus } from "../support/e2e-journeys.ts";

const status = (page: Page) => page.locator("main").getByRole("heading", { level: 1 }).locator("..");

async function open(page: Page, uuid: string): Promise<void> {
  await page.goto(`${new URL(page.url()).origin}/journeys/${uuid}`);
  await expect(page.locator(".ag-step-box").first()).toBeVisible();
}

/** A journey whose rollback is stuck at remove_license. */
async function stuckJourney(api: ApiClient): Promise<JourneyView> {
  await api.put("/faults", { faults: [{ service: "license", function: "remove_license", rate: 1, message: "409" }] });
  let journey: JourneyView | undefined;
  // The services hear of the fault a moment later; until then journeys are undone.
  await expect(async () => {
    journey = await startJourney(api, "onboarding", BAD_HIRE, ["rolled_back", "rollback_failed"]);
    expect(journey.status).toBe("rollback_failed");
  }).toPass();
  return journey as JourneyView;
}

test("a negation that failed is tried again with other data, and the rollback goes on", async ({ page, api }) => {
  const { uuid, steps } = await stuckJourney(api);
  await open(page, uuid);
  await expect(page.getByRole("region", { name: "Why" })).toContainText("remove_license failed 3 times");
  await expect(page.locator('.ag-edge-undo[data-walk="stuck"]')).toHaveCount(1);
  await api.put("/faults", { faults: [] });

  await page.getByRole("button", { name: "Retry remove_license…" }).first().click();
  const sheet = page.getByRole("dialog", { name: "Retry remove_license" });
  await expect(sheet).toContainText("Already undone: license.log_removal.");
  await sheet.getByRole("button", { name: "edit data" }).click();
  const data = sheet.getByRole("textbox", { name: "Data to send instead" });
  await expect(data).toContainText("license_id");
  await data.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(JSON.stringify({ note: "released by hand", ...Object(steps.add_license?.output) }));
  await sheet.getByLabel("Reason").fill("seat freed, OPS-4411");
  await expect(sheet.getByRole("button", { name: /^Data of license.remove_license/ })).toContainText(
    "released by hand",
  );
  await sheet.getByRole("button", { name: "Send 1 + 1 commands" }).click();
  await expect(sheet.getByText(/^Done\./)).toBeVisible();
  await untilStatus(api, uuid, ["rolled_back"]);
  await expect(status(page)).toContainText("rolled back");

  const retried = (await eventsOf(api, uuid)).findLast(
    ({ type, function: name }) => type === "undo.dispatched" && name === "remove_license",
  );
  expect(retried?.data).toMatchObject({ note: "released by hand" });
});

test("when somebody was faster the sheet says so instead of sending", async ({ page, api }) => {
  const { uuid } = await stuckJourney(api);
  await open(page, uuid);
  await page.getByRole("button", { name: "Retry remove_license…" }).first().click();
  const sheet = page.getByRole("dialog");
  await expect(sheet.getByRole("button", { name: "Send 1 + 1 commands" })).toBeEnabled();
  await api.post(`/journeys/${uuid}/actions`, { action: "skip", step: "add_license", reason: "done by hand" });
  await expect(sheet.getByText("It can't be planned.")).toBeVisible();
  await expect(sheet.getByRole("button", { name: /^(Send|Retry)/ })).toBeDisabled();
  await expect(status(page)).toContainText("rolled back");
});

test("an action that the journey refuses is refused in the sheet, with the reason", async ({ page, api }) => {
  const { uuid, seq } = await startJourney(api, "onboarding", GOOD_HIRE, ["completed"]);
  await open(page, uuid);
  await page.getByRole("button", { name: "Roll back…" }).click();
  const sheet = page.getByRole("dialog");
  await expect(sheet.getByRole("button", { name: "Send 1 + 2 + 1 commands" })).toBeEnabled();
  // A plan that never was: as if the journey had moved while the button was pressed.
  await page.route(`**/journeys/${uuid}/actions`, async (route) => {
    const body = route.request().postDataJSON();
    if (body.dry_run) return route.continue();
    return route.continue({ postData: JSON.stringify({ ...body, plan: "00000000-0000-5000-8000-000000000000" }) });
  });
  await sheet.getByRole("button", { name: "Send 1 + 2 + 1 commands" }).click();
  await expect(sheet.getByText("The journey was faster.")).toBeVisible();
  await expect(sheet.getByText("Nothing was done. The plan below is the new one.")).toBeVisible();
  await page.unroute(`**/journeys/${uuid}/actions`);
  // The refusal is an event of its own: the plan is made anew for it, and until it is there nothing can be sent.
  await expect(page.getByText(`event ${seq + 1} of ${seq + 1}`)).toBeVisible();
  await sheet.getByRole("button", { name: "Try again" }).click();
  await sheet.getByRole("button", { name: "Send 1 + 2 + 1 commands" }).click();
  await expect(sheet.getByText(/^Done\./)).toBeVisible();
  const after = (await eventsOf(api, uuid)).filter((event) => event.seq > seq);
  expect(after.map(({ type }) => type).slice(0, 2)).toEqual(["action.refused", "rollback.started"]);
});

test("on prod an action asks for a reason and the end of the uuid", async ({ page, api }) => {
  const { uuid } = await startJourney(api, "onboarding", GOOD_HIRE, ["completed"]);
  await page.route("**/api/v1/info", async (route) => {
    const answer = await route.fetch();
    const info = await answer.json();
    await route.fulfill({ response: answer, json: { ...info, profile: { ...info.profile, environment: "prod" } } });
  });
  await open(page, uuid);
  await page.getByRole("button", { name: "Roll back…" }).click();
  const sheet = page.getByRole("dialog");
  await expect(sheet.getByText("PROD", { exact: true })).toBeVisible();
  const send = sheet.getByRole("button", { name: "Send 1 + 2 + 1 commands" });
  await expect(send).toBeDisabled();
  await sheet.getByLabel("Reason").fill("duplicate, INC-7");
  await expect(send).toBeDisabled();
  await sheet.getByLabel(/^Type the last six characters/).fill(uuid.slice(-6));
  await expect(send).toBeEnabled();
});

test("a read-only profile shows no actions", async ({ page, api }) => {
  const { uuid } = await startJourney(api, "onboarding", GOOD_HIRE, ["completed"]);
  await page.route("**/api/v1/info", async (route) => {
    const answer = await route.fetch();
    const info = await answer.json();
    await route.fulfill({ response: answer, json: { ...info, profile: { ...info.profile, read_only: true } } });
  });
  await open(page, uuid);
  await expect(page.getByRole("button", { name: "Compare…" })).toBeVisible();
  await expect(page.getByRole("button", { name: /^(Roll back|Replay)/ })).toHaveCount(0);
});

test("a running journey is paused, goes on, and is cancelled with what is in flight", async ({ page, api }) => {
  await api.put("/faults", { faults: [{ service: "card", function: "authorize_card", rate: 0, delay_ms: 100_000 }] });
  const data = { customer: "Grace", item: "lamp", quantity: 1, amount: 120 };
  let uuid = "";
  await expect(async () => {
    ({ uuid } = await api.post<{ uuid: string }>("/journeys", { name: "order", data }));
    const { steps } = await untilStatus(api, uuid, ["running", "completed"]);
    expect(steps.authorize_card?.status).not.toBe("succeeded");
  }).toPass();
  await open(page, uuid);
  await expect(page.locator('.ag-step-box[data-step="create_ticket"]')).toHaveAttribute("data-status", "succeeded");
  await page.getByRole("button", { name: "Pause…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Pause the journey", exact: true }).click();
  await expect(page.getByRole("dialog").getByText(/^Done\./)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(status(page)).toContainText("paused");
  await page.getByRole("button", { name: "Resume…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume the journey", exact: true }).click();
  await expect(page.getByRole("dialog").getByText(/^Done\./)).toBeVisible();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Cancel…" }).click();
  const sheet = page.getByRole("dialog", { name: "Cancel the journey" });
  await expect(sheet).toContainText("card.authorize_card is still in flight and is waited for.");
  await expect(sheet).toContainText("If it succeeds, card.release_card is sent too, in its place.");
  await sheet.getByRole("button", { name: "Send 1 + 1 commands" }).click();
  await expect(sheet.getByText(/^Done\./)).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "More" }).click();
  await expect(page.getByRole("menuitem", { name: "Terminate the journey…" })).toHaveCount(0);
  await page.keyboard.press("Escape");
  await expect(status(page)).toContainText("rolling back");
  await api.put("/faults", { faults: [] });
  await expect(status(page)).toContainText("rolled back");
});
