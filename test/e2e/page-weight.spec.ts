// How much script a page needs before it can be used, as it would go over a network: compressed.

import { gzipSync } from "node:zlib";
import type { Page, Response } from "@playwright/test";
import { expect, test } from "../support/e2e-console.ts";

const MAXIMUM_SCRIPT_BYTES = 300_000;

/** The compressed sizes of the scripts that were fetched until the page showed what it is there for, largest first. */
async function scripts(page: Page, path: string, essential: string): Promise<{ name: string; bytes: number }[]> {
  const fetched: Promise<{ name: string; bytes: number }>[] = [];
  const onResponse = (response: Response) => {
    if (response.request().resourceType() !== "script") return;
    const name = new URL(response.url()).pathname;
    fetched.push(response.body().then((body) => ({ name, bytes: gzipSync(body).length })));
  };
  page.on("response", onResponse);
  await page.goto(path);
  await expect(page.locator(essential).first()).toBeVisible();
  page.off("response", onResponse);
  return (await Promise.all(fetched)).sort((a, b) => b.bytes - a.bytes);
}

test("every page but the designer loads under 300 kB of script", async ({ page, api, console: running }) => {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  const { uuid } = await api.post<{ uuid: string }>("/journeys", { name: "onboarding", data: {} });
  const pages = {
    "/journeys": '[role="row"]',
    "/flows": "h1",
    "/services": "h1",
    "/cluster": "h1",
    "/activity": "h1",
    [`/journeys/${uuid}`]: ".react-flow__node",
  };
  for (const [path, essential] of Object.entries(pages)) {
    const loaded = await scripts(page, running.origin + path, essential);
    const bytes = loaded.reduce((total, script) => total + script.bytes, 0);
    const largest = loaded.slice(0, 8).map((script) => `${script.name}: ${script.bytes}`);
    expect(bytes, path).toBeGreaterThan(0);
    expect(bytes, [path, ...largest].join("\n")).toBeLessThan(MAXIMUM_SCRIPT_BYTES);
  }
});
