// What axe has to say against a page: nothing.

import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** Fails, softly, with each violation and the elements it is about. `where`: which page, and in which state. */
export async function expectNothingFromAxe(page: Page, where: string): Promise<void> {
  // The legacy mode differs for frames only, of which there are none, and takes half the time.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join("; ")}`);
  expect.soft(found, where).toEqual([]);
}
