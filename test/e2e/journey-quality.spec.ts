// What the page of one journey promises beside what it does: accessible in both themes, light enough, fast enough.

import { gzipSync } from "node:zlib";
import { expectNothingFromAxe } from "../support/e2e-axe.ts";
import { type ApiClient, expect, test } from "../support/e2e-console.ts";
import { BAD_HIRE, startJourney } from "../support/e2e-journeys.ts";
import { LARGE_JOIN, largeFlow } from "../support/large-flow.ts";

const MAXIMUM_SCRIPT_BYTES = 300_000;

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing on the page of one journey, ${colorScheme}`, async ({ page, api }) => {
    const { uuid } = await startJourney(api, "onboarding", BAD_HIRE, ["rolled_back"]);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const address = `${new URL(page.url()).origin}/journeys/${uuid}`;
    await page.goto(address);
    await expect(page.locator(".ag-step-box").first()).toBeVisible();
    await expectNothingFromAxe(page, "a failed step");
    for (const tab of ["Undo", /^Events/, "Settings"] as const) {
      await page.getByRole("tab", { name: tab }).click();
      await expectNothingFromAxe(page, `the tab ${tab}`);
    }
    await page.getByRole("slider", { name: "Moment shown" }).press("Home");
    await expectNothingFromAxe(page, "a moment of the past");
    await page.goto(`${address}?step=&tab=operators`);
    await expect(page.getByRole("tab", { name: /^Who did what/ })).toBeVisible();
    await expectNothingFromAxe(page, "who did what");
    await page.getByRole("button", { name: "Replay…" }).click();
    await expect(page.getByRole("button", { name: "Start the new journey" })).toBeEnabled();
    await expectNothingFromAxe(page, "the sheet of an action");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Compare…" }).click();
    await page.getByRole("dialog").getByRole("combobox", { name: "its step" }).click();
    await page.getByRole("option", { name: "license.add_license" }).click();
    await expect(page.locator(".cm-mergeView")).toBeVisible();
    await expectNothingFromAxe(page, "the comparison");
  });
}

test("the page of one journey loads under 300 kB of script", async ({ page, api, context }) => {
  const { uuid } = await startJourney(api, "onboarding", BAD_HIRE, ["rolled_back"]);
  const tab = await context.newPage();
  const sizes: Promise<number>[] = [];
  tab.on("response", (response) => {
    if (response.request().resourceType() !== "script") return;
    sizes.push(response.body().then((body) => gzipSync(body).length));
  });
  await tab.goto(`${new URL(page.url()).origin}/journeys/${uuid}`);
  await expect(tab.locator(".ag-step-box").first()).toBeVisible();
  await expect(tab.getByRole("link", { name: /^fromanager / })).toBeVisible();
  const bytes = (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(MAXIMUM_SCRIPT_BYTES);
});

test("a journey of 200 steps opens at once on the step that failed, and draws only what can be seen", async ({
  page,
  api,
}) => {
  test.slow();
  await api.post("/flows", largeFlow());
  const small = await startJourney(api, "onboarding", BAD_HIRE, ["rolled_back"]);
  const large = await startLarge(api);
  await page.goto(`${new URL(page.url()).origin}/journeys/${small.uuid}`);
  await expect(page.locator(".ag-step-box").first()).toBeVisible();
  const details = page.getByRole("complementary", { name: "Details" });
  // From within the page, as a click on a row does it: the scripts are there already.
  await page.evaluate((uuid) => {
    history.pushState({}, "", `/journeys/${uuid}`);
    window.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  }, large.uuid);

  await expect(page).toHaveTitle(new RegExp(large.uuid.slice(0, 8)));
  const failed = page.locator(`.ag-step-box[data-step="${LARGE_JOIN}"]`);
  await expect(failed).toBeInViewport({ ratio: 0.99 });
  await expect(failed).toContainText("failed");
  expect((await failed.boundingBox())?.width, "large enough to read").toBeGreaterThan(140);
  await expect(details).toContainText("takes no new members");
  const rows = page.getByRole("list", { name: "Steps" }).getByRole("button");
  await expect(rows.filter({ hasText: "membership.add_membership" })).toBeInViewport();

  expect(await page.locator(".ag-step-box").count()).toBeLessThan(60);
  expect(await rows.count()).toBeLessThan(80);
  await rows.first().press("End");
  await expect(details).toContainText("after_200");
});

test("a journey that the pointer rests on is read before it is opened", async ({ page, api }) => {
  const { uuid } = await startJourney(api, "onboarding", BAD_HIRE, ["rolled_back"]);
  await page.goto(`${new URL(page.url()).origin}/journeys`);
  const events = page.waitForResponse((response) => response.url().endsWith(`/journeys/${uuid}/events`));
  const flow = page.waitForResponse((response) => response.url().endsWith("/flows/onboarding/1/compiled"));
  await page
    .getByRole("row")
    .filter({ hasText: uuid.slice(0, 8) })
    .hover();
  expect((await events).ok()).toBe(true);
  expect((await flow).ok()).toBe(true);
});

/** Its own steps are tried for as long as two hundred calls take on a busy machine. */
async function startLarge(api: ApiClient): Promise<{ uuid: string }> {
  const { uuid } = await api.post<{ uuid: string }>("/journeys", { name: "large", data: BAD_HIRE });
  await expect
    .poll(async () => (await api.get<{ status: string }>(`/journeys/${uuid}`)).status, { timeout: 120_000 })
    .toBe("rolled_back");
  return { uuid };
}
