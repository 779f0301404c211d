/**
 * How long the page of a journey of 200 steps takes, in Chromium, on the built pages: from a click (or a change of the
 * address) until graph, time line and details are drawn. Beside it the same for a journey of a few steps, which is what
 * the page itself takes: the ratio says what the size costs, whatever else the machine does. The aim: 100 ms.
 *
 * `npm run bench -- journey-page [ROUNDS]`
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CDPSession, chromium, type Page } from "@playwright/test";
import { CHROMIUM_FLAGS, findChromium } from "../support/chromium.ts";
import { type ApiClient, apiClient, startConsole } from "../support/e2e-console.ts";
import { largeFlow } from "../support/large-flow.ts";

const ROUNDS = Number(process.argv[2] ?? 15);
const PAUSE_MS = 700;
const INPUT = { name: "Ada", email: "ada@example.com", group: "closed" };

const folder = mkdtempSync(join(tmpdir(), "antigraph-bench-"));
const running = await startConsole(folder);
const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS });
try {
  const api = apiClient(running.origin, running.token);
  await api.post("/flows", largeFlow());
  const journeys = {
    few: await undone(api, "onboarding"),
    other: await undone(api, "onboarding"),
    large: await undone(api, "large"),
  };
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(running.openUrl);
  await page.waitForFunction(() => sessionStorage.getItem("antigraph.token") !== null);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const few = { address: [] as number[], click: [] as number[], cpu: [] as number[] };
  const large = { address: [] as number[], click: [] as number[], cpu: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [times, uuid] of [
      [few, journeys.few],
      [large, journeys.large],
    ] as const) {
      // Loaded anew each time, so that nothing is known of the journey.
      await page.goto(`${running.origin}/journeys/${journeys.other}`);
      await page.locator(".ag-step-box").first().waitFor();
      await page.waitForTimeout(PAUSE_MS);
      const cpu = await mainThreadMs(session);
      times.address.push(await opened(page, uuid, "address"));
      times.cpu.push((await mainThreadMs(session)) - cpu);
      await page.goto(`${running.origin}/journeys`);
      await page.locator(`[role=row]:has(a[href="/journeys/${uuid}"])`).hover();
      await page.waitForTimeout(PAUSE_MS);
      times.click.push(await opened(page, uuid, "click"));
    }
  }
  line("from another journey, by its address", few.address, large.address);
  line("from the list, by a click", few.click, large.click);
  line("the page's thread, CPU, by its address", few.cpu, large.cpu);
} finally {
  await browser.close();
  await running.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Starts a journey that fails at its last step or where all branches join, and waits until it is undone. */
async function undone(api: ApiClient, name: string): Promise<string> {
  const { uuid } = await api.post<{ uuid: string }>("/journeys", { name, data: INPUT });
  while ((await api.get<{ status: string }>(`/journeys/${uuid}`)).status !== "rolled_back") {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return uuid;
}

/** Milliseconds until a frame with graph, rows and details of this journey has been drawn. */
function opened(page: Page, uuid: string, by: "address" | "click"): Promise<number> {
  return page.evaluate(
    ([id, how]) => {
      const isDrawn = () =>
        document.title.includes(id.slice(0, 8)) &&
        document.querySelector(".ag-step-box") !== null &&
        document.querySelector('[aria-label="Steps"] button') !== null &&
        document.querySelector('[aria-label="Details"] dl') !== null;
      performance.mark("asked");
      if (how === "click") document.querySelector<HTMLElement>(`a[href="/journeys/${id}"]`)?.click();
      else {
        history.pushState({}, "", `/journeys/${id}`);
        window.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
      }
      return new Promise<number>((resolve) => {
        const look = () => {
          if (!isDrawn()) return requestAnimationFrame(look);
          // A task behind the frame: by then it has been laid out and painted.
          const channel = new MessageChannel();
          channel.port1.onmessage = () => {
            performance.mark("drawn");
            resolve(performance.measure("open", "asked", "drawn").duration);
          };
          return requestAnimationFrame(() => channel.port2.postMessage(undefined));
        };
        look();
      });
    },
    [uuid, by] as const,
  );
}

/** CPU time that the page's thread has taken so far, whatever else the machine did meanwhile. */
async function mainThreadMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1_000;
}

function line(what: string, few: readonly number[], large: readonly number[]): void {
  const [small, big] = [median(few), median(large)];
  console.log(
    `${what.padEnd(40)} 200 steps ${big.toFixed(0).padStart(5)} ms (best ${Math.min(...large).toFixed(0)}), few steps ${small.toFixed(0).padStart(5)} ms, ratio ${(big / small).toFixed(2)}`,
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}
