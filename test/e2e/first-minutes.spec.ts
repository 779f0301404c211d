// The first five minutes as the README tells them: start a journey, watch one undo itself, roll one back by hand; and
// what happens to journeys on their way when a flow gets a new version.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import type { JourneyEvent } from "../../engine/core/events.ts";
import type { FlowRecord } from "../../engine/core/protocol.ts";
import type { JourneyView } from "../../engine/core/view.ts";
import { type ApiClient, expect, test } from "../support/e2e-console.ts";

const uuidIn = (url: string): string => /\/journeys\/([0-9a-f-]{36})/.exec(url)?.[1] ?? "";

// Waits for it in the journey's own header: the list has such words too, and the address changes before the page does.
async function sees(page: Page, uuid: string, status: string): Promise<void> {
  const header = page.locator("main").getByRole("heading", { level: 1 }).locator("..");
  await expect(header.filter({ hasText: uuid.slice(-6) }).getByText(status, { exact: true })).toBeVisible();
}

async function untilEnded(api: ApiClient, uuid: string): Promise<JourneyView> {
  let journey: JourneyView | undefined;
  await expect(async () => {
    journey = await api.get<JourneyView>(`/journeys/${uuid}`);
    expect(["completed", "rolled_back"]).toContain(journey.status);
  }).toPass();
  return journey as JourneyView;
}

async function undone(api: ApiClient, uuid: string): Promise<string[]> {
  const { events } = await api.get<{ events: JourneyEvent[] }>(`/journeys/${uuid}/events`);
  return events.filter(({ type }) => type === "undo.dispatched").map((event) => event.function ?? "");
}

test("a newcomer starts a journey, watches one undo itself, and rolls one back by hand", async ({ page, api }) => {
  const first = page.getByRole("region", { name: "First steps" });
  await first.getByRole("button", { name: /^Start a journey/ }).click();
  await page.getByRole("button", { name: "Start onboarding" }).click();
  await expect(page).toHaveURL(/\/journeys\/[0-9a-f-]{36}/);
  const good = uuidIn(page.url());
  await sees(page, good, "completed");

  await page.getByRole("button", { name: /^Roll back/ }).click();
  const sheet = page.getByRole("dialog");
  await expect(sheet.getByText("membership.remove_membership", { exact: true })).toBeVisible();
  await expect(sheet.getByText("user.delete_user", { exact: true })).toBeVisible();
  await sheet.getByLabel("Reason").fill("the customer called");
  await sheet.getByRole("button", { name: /^Send / }).click();
  await sees(page, good, "rolled back");
  expect(await undone(api, good)).toEqual(["remove_membership", "remove_license", "log_removal", "delete_user"]);

  await page.getByRole("link", { name: "Journeys" }).first().click();
  await first.getByRole("button", { name: /^Watch one undo itself/ }).click();
  await expect(page).toHaveURL(/\/journeys\/[0-9a-f-]{36}/);
  const bad = uuidIn(page.url());
  await sees(page, bad, "rolled back");
  expect(await undone(api, bad)).toEqual(["remove_license", "log_removal", "delete_user"]);
});

test("journeys stay on their version when a new one is published; new ones take the newest", async ({
  page,
  api,
}) => {
  const file = fileURLToPath(new URL("../../examples/flows/onboarding.flow.json", import.meta.url));
  const flow: FlowRecord = JSON.parse(await readFile(file, "utf8"));
  await api.put("/faults", { faults: [{ service: "user", function: "create_user", rate: 0, delay_ms: 100_000 }] });
  const data = { name: "Ada Lovelace", email: "ada@example.com", group: "engineering" };
  const before = await api.post<{ uuid: string }>("/journeys", { name: "onboarding", data });
  await api.post("/flows", { ...flow, version: "2" });
  await api.put("/faults", { faults: [] });
  const after = await api.post<{ uuid: string }>("/journeys", { name: "onboarding", data });
  expect(await untilEnded(api, after.uuid)).toMatchObject({ version: "2", status: "completed" });
  expect(await untilEnded(api, before.uuid)).toMatchObject({ version: "1", status: "completed" });
  await page.goto(new URL("/flows/onboarding", page.url()).href);
  await expect(page.getByText("2 versions")).toBeVisible();
});

test("a journey that failed is replayed as a new one, linked to it", async ({ page, api }) => {
  const data = { name: "Charles Babbage", email: "charles@example.com", group: "closed" };
  const { uuid } = await api.post<{ uuid: string }>("/journeys?wait=20000", { name: "onboarding", data });
  await page.goto(new URL(`/journeys/${uuid}`, page.url()).href);
  await page.getByRole("button", { name: /^Replay/ }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Reason").fill("the group is open again");
  await sheet.getByRole("button", { name: "Start the new journey" }).click();
  await expect(async () => {
    const { journeys } = await api.get<{ journeys: { uuid: string; replay_of?: string }[] }>("/journeys?limit=50");
    expect(journeys.map((journey) => journey.replay_of)).toContain(uuid);
  }).toPass();
  const { events } = await api.get<{ events: JourneyEvent[] }>(`/journeys/${uuid}/events`);
  expect(events.at(-1)).toMatchObject({ type: "journey.replayed", reason: "the group is open again" });
});
