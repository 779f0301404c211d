// How much script a page needs before it can be used, as it would go over a network: compressed.

import { gzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/e2e-console.ts";

const MAXIMUM_SCRIPT_BYTES = 300_000;

/** The compressed size of every script that loading the page fetched. */
async function scriptBytes(page: Page, path: string): Promise<number> {
  const sizes: Promise<number>[] = [];
  page.on("response", (response) => {
    if (response.request().resourceType() === "script") {
      sizes.push(response.body().then((body) => gzipSync(body).length));
    }
  });
  await page.goto(path, { waitUntil: "networkidle" });
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  return (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
}

test("every page but the designer loads under 300 kB of script", async ({ page, context, console: running }) => {
  // A second tab has nothing in its cache of modules.
  for (const path of ["/journeys", "/flows", "/services", "/cluster", "/activity"]) {
    const tab = await context.newPage();
    await tab.goto(page.url());
    const bytes = await scriptBytes(tab, running.origin + path);
    expect(bytes, path).toBeGreaterThan(0);
    expect(bytes, path).toBeLessThan(MAXIMUM_SCRIPT_BYTES);
    await tab.close();
  }
});
