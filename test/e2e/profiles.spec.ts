// Profiles: made, tested stage by stage, opened though the cluster is away, unlocked on production, and left again.

import type { Page } from "@playwright/test";
import type { Info } from "../../engine/api/schemas/console.ts";
import type { ProfileList } from "../../engine/api/schemas/profile.ts";
import { expectNothingFromAxe } from "../support/e2e-axe.ts";
import { expect, test } from "../support/e2e-console.ts";

/** Nothing listens on this port. */
const NOBODY = "127.0.0.1:1";
const sheet = (page: Page) => page.getByRole("dialog");
const banner = (page: Page) => page.getByRole("banner");

async function open(page: Page, address: string): Promise<void> {
  await page.goto(new URL(address, page.url()).href);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
}

test("the first steps lead to a form that tests a connection stage by stage and keeps no secret", async ({
  page,
  api,
}) => {
  await page.getByRole("button", { name: /^Connect to a cluster/ }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Connect to a cluster" })).toBeVisible();
  await page.getByRole("button", { name: "Test the connection" }).click();
  await expect(page.getByText("At least one, as HOST:PORT.")).toBeVisible();

  await page.getByRole("textbox", { name: "Name", exact: true }).fill("nowhere");
  await page.getByRole("textbox", { name: "Brokers" }).fill(NOBODY);
  await page.getByRole("combobox", { name: "Sign in by (SASL)" }).click();
  await page.getByRole("option", { name: "SCRAM-SHA-256" }).click();
  await page.getByRole("textbox", { name: "User" }).fill("antigraph");
  // A browser has no key store: the form says so and takes the name of a variable.
  await expect(page.getByText(/no key store/)).toBeVisible();
  await page.getByRole("textbox", { name: "Password" }).fill("$PATH");
  await page.getByRole("button", { name: "Test the connection" }).click();
  const stage = (name: string) => page.getByRole("listitem").filter({ hasText: new RegExp(`^${name} `) });
  await expect(stage("DNS")).toHaveAttribute("data-status", "ok");
  await expect(stage("TCP")).toHaveAttribute("data-status", "failed");
  await expect(stage("Transactions")).toHaveAttribute("data-status", "skipped");
  await expect(page.getByText("Stopped at TCP")).toBeVisible();

  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("row").filter({ hasText: "nowhere" })).toContainText("SCRAM-SHA-256");
  const { profiles } = await api.get<ProfileList>("/profiles");
  expect(profiles.find(({ name }) => name === "nowhere")?.kafka?.sasl?.password).toEqual({ set: true, env: "PATH" });
  await page.getByRole("link", { name: "nowhere" }).click();
  await expect(page.getByText("from the variable PATH")).toBeVisible();
});

test("production opens read-only though it can't be reached, is unlocked with a reason, and left by another tab", async ({
  page,
  api,
}) => {
  test.slow();
  await api.put("/profiles/payments", { environment: "prod", kafka: { brokers: [NOBODY] } });
  await open(page, "/journeys");
  await banner(page).getByTitle("Open another profile").click();
  await page
    .getByRole("list", { name: "Profiles" })
    .getByRole("button", { name: /payments/ })
    .click();
  await expect(sheet(page)).toContainText("Production opens read-only");
  await sheet(page).getByRole("button", { name: "Open payments" }).click();

  await expect(banner(page).getByText("PROD · payments")).toBeVisible();
  await expect(banner(page)).toContainText("read-only");
  await expect(banner(page)).toContainText("cluster away");
  await expect(page.getByRole("main")).toContainText("payments can't be reached");
  await expect(page).toHaveTitle("Journeys · PROD payments · Antigraph");
  await expect(page.getByRole("button", { name: "Start a journey" })).toHaveCount(0);

  await banner(page).getByRole("button", { name: "Unlock…" }).click();
  const unlock = sheet(page).getByRole("button", { name: "Unlock for 30 minutes" });
  await expect(unlock).toBeDisabled();
  await sheet(page).getByRole("textbox", { name: "Reason" }).fill("ticket OPS-4411");
  await unlock.click();
  await expect(banner(page).getByRole("timer")).toContainText(/unlocked (30:00|29:\d\d)/);
  await expect(page.getByRole("button", { name: "Start a journey" }).first()).toBeVisible();

  await banner(page).getByRole("button", { name: "Lock now" }).click();
  await expect(banner(page).getByRole("button", { name: "Unlock…" })).toBeVisible();
  expect((await api.get<Info>("/info")).profile.read_only).toBe(true);

  // Another tab changes the profile: this page doesn't stay on the former one.
  await api.post("/profiles/choose", { name: "embedded" });
  await expect(banner(page).getByText("DEV · embedded")).toBeVisible();
  await expect(page.getByRole("main")).not.toContainText("can't be reached");
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing on the pages about profiles, ${colorScheme}`, async ({ page, api }) => {
    test.slow();
    await api.put("/profiles/payments", {
      environment: "prod",
      kafka: {
        brokers: [NOBODY],
        sasl: {
          mechanism: "oauthbearer",
          token_url: "https://login.example.com/token",
          client_id: "a",
          client_secret: `\${PATH}`,
        },
        tls: {},
        registry: { url: "https://registry.example.com" },
      },
    });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await open(page, "/profiles");
    await expect(page.getByRole("row").filter({ hasText: "payments" })).toBeVisible();
    await expectNothingFromAxe(page, "the list");
    await open(page, "/profiles/named/payments");
    await page.getByRole("button", { name: "Test the connection" }).click();
    await expect(
      page
        .getByText("At least")
        .or(page.getByText(/Stopped at|broke off/))
        .first(),
    ).toBeVisible();
    await expectNothingFromAxe(page, "the form with a test");
    await banner(page).getByTitle("Open another profile").click();
    await expect(
      page.getByRole("list", { name: "Profiles" }).getByRole("button", { name: /payments/ }),
    ).toBeVisible();
    await expectNothingFromAxe(page, "the choice of profiles");
    await page
      .getByRole("list", { name: "Profiles" })
      .getByRole("button", { name: /payments/ })
      .click();
    await expect(sheet(page).getByRole("button", { name: "Open payments" })).toBeVisible();
    await expectNothingFromAxe(page, "the sheet that asks");
    await sheet(page).getByRole("button", { name: "Open payments" }).click();
    await expect(banner(page).getByText("PROD · payments")).toBeVisible();
    await open(page, "/cluster");
    await expect(page.getByRole("main")).toContainText("not reachable");
    await expectNothingFromAxe(page, "a cluster that is away");
    await open(page, "/journeys");
    await banner(page).getByRole("button", { name: "Unlock…" }).click();
    await expect(sheet(page).getByRole("textbox", { name: "Reason" })).toBeVisible();
    await expectNothingFromAxe(page, "production's lock");
  });
}
