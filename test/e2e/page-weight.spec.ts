// How much script a page needs before it can be used, as it would go over a network: compressed.

import { gzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/e2e-console.ts";

const MAXIMUM_SCRIPT_BYTES = 300_000;

/** The compressed size of every script that was fetched until the page showed what it is there for. */
async function scriptBytes(page: Page, path: string, essential: string): Promise<number> {
  const sizes: Promise<number>[] = [];
  page.on("response", (response) => {
    if (response.request().resourceType() === "script") {
      sizes.push(response.body().then((body) => gzipSync(body).length));
    }
  });
  await page.goto(path);
  await expect(page.locator(essential).first()).toBeVisible();
  return (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
}

test("every page but the designer loads under 300 kB of script", async ({ page, context, api, console: running }) => {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  const { uuid } = await api.post<{ uuid: string }>("/journeys", { name: "onboarding", data: {} });
  const pages = {
    "/journeys": '[role="row"]',
    "/flows": "h1",
    "/services": "h1",
    "/cluster": "h1",
    "/activity": "h1",
  };
  for (const [path, essential] of Object.entries({ ...pages, [`/journeys/${uuid}`]: "h1" })) {
    // Signed in by the first tab, which shares its session.
    const tab = await context.newPage();
    const bytes = await scriptBytes(tab, running.origin + path, essential);
    expect(bytes, path).toBeGreaterThan(0);
    expect(bytes, path).toBeLessThan(MAXIMUM_SCRIPT_BYTES);
    await tab.close();
  }
});
