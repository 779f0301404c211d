// What stands around every page, and the pages Services, Cluster and Activity; axe on all of them in both themes.

import type { Page } from "@playwright/test";
import { expectNothingFromAxe } from "../support/e2e-axe.ts";
import { expect, startConsole, test } from "../support/e2e-console.ts";

async function open(page: Page, address: string): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.goto(new URL(address, page.url()).href);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing on any page in ${colorScheme}`, async ({ page, api }) => {
    test.slow();
    const input = { name: "onboarding", data: { name: "Ada", group: "closed" } };
    const { uuid } = await api.post<{ uuid: string }>("/journeys?wait=20000", input);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const pages: [string, RegExp][] = [
      ["/journeys", /rolled back/],
      ["/journeys?view=groups", /takes no new members/],
      ["/journeys?q=nothing-has-this", /No journey fits/],
      [`/journeys/${uuid}`, /failed/],
      ["/services", /heartbeats come/],
      ["/services/membership", /add_membership/],
      ["/cluster", /Consumer groups/],
      ["/cluster/topics/tomanager", /create_user/],
      [`/cluster/topics/tomanager?key=${uuid}`, /looked through, to the end/],
      ["/activity", /Nobody has done anything yet/],
      ["/no/such/page", /There is nothing at/],
    ];
    for (const [address, text] of pages) {
      await open(page, address);
      await expect(page.getByRole("main").getByText(text).first()).toBeVisible();
      await expectNothingFromAxe(page, `${address} in ${colorScheme}`);
    }
    await open(page, "/journeys");
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
    await expectNothingFromAxe(page, `the help in ${colorScheme}`);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await expect(page.getByRole("dialog", { name: "Command palette" })).toBeVisible();
    await expectNothingFromAxe(page, `the palette in ${colorScheme}`);
  });
}

test("the frame says which profile and environment this is, and whether a manager runs", async ({ page }) => {
  await expect(page).toHaveTitle("Journeys · DEV embedded · Antigraph");
  await expect(page.getByRole("banner").getByText("DEV · embedded")).toBeVisible();
  await expect(page.getByText("live", { exact: true })).toBeVisible();
  const manager = page.getByRole("button", { name: /^Manager running here · 12 of 12 partitions/ });
  await manager.click();
  await page.getByRole("button", { name: "Stop the manager here" }).click();
  await expect(page.getByRole("button", { name: /^Manager stopped here/ })).toBeVisible();
  await page.getByRole("button", { name: "Start the manager here" }).click();
  await expect(manager).toBeVisible();
});

test("the palette leads to pages, and to a journey by its uuid", async ({ page, api }) => {
  const { uuid } = await api.post<{ uuid: string }>("/journeys", { name: "onboarding", data: {} });
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Command palette" });
  await palette.getByRole("textbox").fill("who did");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/activity$/);
  await page.keyboard.press("Control+k");
  await palette.getByRole("textbox").fill(`see ${uuid.toUpperCase()}`);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/journeys/${uuid}$`));
});

test("a page without a token says how to come by one; a second tab asks the first", async ({
  page,
  console,
  browser,
}) => {
  const second = await page.context().newPage();
  await second.goto(`${console.origin}/services`);
  await expect(second.getByRole("heading", { level: 1, name: "Services" })).toBeVisible();

  const stranger = await browser.newPage();
  await stranger.goto(console.openUrl);
  await expect(stranger.getByText("was used already")).toBeVisible();
  await stranger.getByLabel("Token").fill("wrong");
  await stranger.getByRole("button", { name: "Open" }).click();
  await expect(stranger.getByText("The console refused this page's token.")).toBeVisible();
  await stranger.getByLabel("Token").fill(console.token);
  await stranger.getByRole("button", { name: "Open" }).click();
  await expect(stranger.getByRole("heading", { level: 1, name: "Journeys" })).toBeVisible();
  await stranger.close();
});

test("a service is made to fail on purpose, every page says so, and it is turned off again", async ({
  page,
  api,
}) => {
  await open(page, "/services/ticket");
  await page.getByLabel("Error message").fill("the venue burned down");
  await page.getByRole("button", { name: "Make it so" }).click();
  await expect(page.getByText("fails 100 % of its calls with “the venue burned down”")).toBeVisible();
  await open(page, "/journeys");
  await expect(page.getByText(/Faults are on: ticket\.\S+ fails 100 %/)).toBeVisible();
  await page.getByRole("button", { name: "Turn all off" }).click();
  await expect(page.getByText(/Faults are on/)).toBeHidden();
  expect(await api.get<{ faults: unknown[] }>("/faults")).toMatchObject({ faults: [] });
});

test("a record is produced by hand, is dead, says why, and goes out again as it was, or mended", async ({
  page,
  api,
}) => {
  await open(page, "/cluster/topics/tomanager");
  await page.getByRole("button", { name: "Produce a record" }).click();
  const sheet = page.getByRole("dialog", { name: "Produce a record to tomanager" });
  await sheet.getByRole("textbox", { name: "Value of the record" }).fill("not JSON at all");
  await sheet.getByRole("button", { name: "Write the record" }).click();
  await expect(sheet).toBeHidden();

  await open(page, "/cluster");
  await page.getByRole("link", { name: "look at them" }).click();
  await page.getByRole("button", { name: /^Open the record/ }).click();
  const details = page.getByRole("complementary", { name: /^Record at/ });
  await expect(details).toContainText("not JSON at all");
  await expect(details).toContainText("malformed");
  await details.getByRole("button", { name: "Send again…" }).click();
  const resend = page.getByRole("dialog", { name: "Send again to tomanager" });
  await resend.getByRole("textbox", { name: "Reason" }).fill("to see whether it helps");
  await resend.getByRole("button", { name: "Send 1 record" }).click();
  await expect(resend).toBeHidden();
  // It was no better the second time; the page follows the topic.
  await expect(page.getByRole("button", { name: /^Open the record/ })).toHaveCount(2);

  await details.getByRole("button", { name: "Send again…" }).click();
  await resend.getByRole("button", { name: "Mend it first…" }).click();
  const uuid = "6b1f0c3e-2a57-4b0e-9d7c-0a8e1f3b5c7d";
  const mended = { uuid, service: "manager", function: "start", status: "success", name: "onboarding", data: {} };
  const again = page.getByRole("dialog", { name: "Mend and send to tomanager" });
  await again.getByLabel("Key").fill(uuid);
  await again.getByRole("textbox", { name: "Value of the record" }).fill(JSON.stringify(mended));
  await again.getByRole("button", { name: "Write the record" }).click();
  await expect.poll(async () => (await api.get<{ status: string }>(`/journeys/${uuid}`)).status).toBe("completed");
});

test("the pages say when they aren't connected, keep what they show, and go on by themselves", async ({
  page,
  console,
}) => {
  await open(page, "/services");
  await expect(page.getByText("heartbeats come").first()).toBeVisible();
  await console.stop("SIGKILL");
  await expect(page.getByText(/Not connected\. What you see is from/)).toBeVisible();
  await expect(page.getByText("heartbeats come").first()).toBeVisible();

  // Tried while nobody is there; when somebody is, the page finds out by itself.
  await page.getByRole("button", { name: "Try now" }).click();
  await expect(page.getByText(/Not connected/)).toBeVisible();

  const again = await startConsole(console.dataDir, ["--port", new URL(console.origin).port]);
  try {
    await expect(page.getByText(/Not connected/)).toBeHidden();
    await expect(page.getByText("live", { exact: true })).toBeVisible();
  } finally {
    await again.stop();
  }
});
