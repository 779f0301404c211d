// Steps that call nobody: approvals are found and given, sub-journeys and elements lead to their journeys and back,
// conditions stand on the edges.

import type { Page } from "@playwright/test";
import { type ApiClient, expect, test } from "../support/e2e-console.ts";
import { GOOD_HIRE, startJourney, untilStatus } from "../support/e2e-journeys.ts";
import { flowFile } from "../support/journey-spec.ts";

const details = (page: Page) => page.getByRole("complementary", { name: "Details" });
const box = (page: Page, step: string) => page.locator(`.ag-step-box[data-step="${step}"]`);
/** A step in the list below the graph. */
const outline = (page: Page, step: string) =>
  page
    .getByRole("list", { name: "Steps" })
    .getByRole("button", { name: new RegExp(`^${step}`) })
    .first();
const main = (page: Page) => page.getByRole("main");

async function open(page: Page, address: string): Promise<void> {
  await page.goto(new URL(address, page.url()).href);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
}

async function publish(api: ApiClient): Promise<void> {
  await api.post(
    "/flows",
    flowFile({
      name: "hiring",
      edges: { boss: [], hire: ["boss"], crew: ["hire"] },
      calls: { boss: "manager.approve", hire: "manager.journey", crew: "manager.each" },
      negations: {},
      steps: {
        boss: { when: "input.size() > 0" },
        hire: { flow: "onboarding", input: "input[0]" },
        crew: { flow: "onboarding", items: "input", concurrency: 2, retry: { maximumAttempts: 1 } },
      },
    }),
  );
}

test("an approval is found in the list, given on the journey's page, and what it lets run is a link away", async ({
  page,
  api,
}) => {
  await publish(api);
  const crew = [GOOD_HIRE, { ...GOOD_HIRE, group: "closed" }, GOOD_HIRE];
  const { uuid } = await startJourney(api, "hiring", crew, ["held"]);
  await startJourney(api, "onboarding", GOOD_HIRE, ["completed"]);

  await open(page, "/journeys");
  await page.getByRole("button", { name: "Approvals (1)" }).click();
  await expect(page).toHaveURL(/waiting=approval/);
  await expect(main(page).getByRole("row").filter({ hasText: "hiring" })).toHaveCount(1);
  await expect(main(page).getByRole("row").filter({ hasText: "onboarding" })).toHaveCount(0);
  await main(page).getByRole("row").filter({ hasText: "hiring" }).click();

  await expect(page.getByRole("region", { name: "Why" })).toContainText("It waits for a person to approve boss.");
  await expect(box(page, "boss")).toContainText("waits for a person");
  await expect(page.locator(".ag-edge-condition")).toHaveText([/if input\.size\(\) > 0/]);
  await page.getByRole("button", { name: "Approve boss…" }).click();
  const sheet = page.getByRole("dialog", { name: "Approve boss" });
  await sheet.getByRole("textbox", { name: "Reason" }).fill("they are good people");
  await sheet.getByRole("button", { name: /^Send|^Approve/ }).click();
  await expect(sheet.getByText("Done.")).toBeVisible();
  await sheet.getByRole("button", { name: "Close" }).last().click();

  // One of the crew is refused, so the step fails, and the journeys of the others are rolled back.
  await untilStatus(api, uuid, ["rolled_back"]);
  await outline(page, "crew").click();
  await page.getByRole("tab", { name: "Forward" }).click();
  const elements = details(page).getByRole("list", { name: "Elements" }).getByRole("listitem");
  await expect(elements).toHaveCount(3);
  await expect(elements.nth(1)).toContainText("failed");
  await details(page).getByText("failed 1", { exact: true }).click();
  await expect(elements).toHaveCount(1);
  await elements.getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("onboarding");
  await expect(main(page)).toContainText("step crew of");

  // And back to the one that ran it.
  await main(page).getByRole("link", { name: /…/ }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("hiring");
  await outline(page, "hire").click();
  await page.getByRole("tab", { name: "Forward" }).click();
  await expect(details(page)).toContainText("The journey it runs");
  await expect(details(page)).toContainText("rolled back");
  await expect(details(page)).not.toContainText("gone from the topic");
});

test("the designer's graph shows what has to hold for an edge, as it is written", async ({ page, api }) => {
  await publish(api);
  await open(page, "/flows/hiring/design");
  const graph = page.locator(".ag-run-graphs figure").first();
  const conditions = graph.locator(".react-flow__edge[aria-label*=' if ']");
  await expect(conditions).toHaveCount(1);
  await expect(conditions).toHaveAttribute("aria-label", / if input\.size\(\) > 0$/);
  await expect(conditions.locator(".react-flow__edge-text")).toContainText("input.size() > 0");
  // As it opens, the last step may lie half beyond the edge.
  await graph.getByRole("button", { name: "Show all: As it runs" }).click();
  await graph.getByText("crew", { exact: true }).click();
  await page.getByLabel("Only when").fill("steps.hire.ok == true");
  await expect(conditions).toHaveCount(2);
  await expect(conditions.last()).toHaveAttribute("aria-label", / if steps\.hire\.ok == true$/);
  await expect(conditions.last().locator("tspan")).toHaveText(["steps.hire.ok ==", "true"]);
});
