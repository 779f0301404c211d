// The desktop host: what its window shows, what a page in it may do, and how it begins and ends.

import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "../support/desktop-app.ts";
import { descendantsOf, stillRunning } from "../support/processes.ts";

const CLI = fileURLToPath(new URL("../../engine/cli/antigraph.mjs", import.meta.url));

test("shows the console over the private protocol, without a token", async ({ launch }) => {
  const { page } = await launch();
  await expect(page.getByRole("heading", { level: 1, name: "Journeys" })).toBeVisible();
  const info = await page.evaluate(async () => (await fetch("/api/v1/info")).json());
  expect(info).toMatchObject({ product: "antigraph", profile: { kind: "embedded" } });
});

test("runs its page in a sandbox, apart from the preload and without Node", async ({ launch }) => {
  const app = await launch();
  const safe = { sandbox: true, contextIsolation: true, nodeIntegration: false, webviewTag: false };
  expect((await app.webPreferences()) ?? safe).toMatchObject(safe);
  const seen = await app.page.evaluate(() => [typeof globalThis.process, "antigraphHost" in window]);
  expect(seen).toEqual(["undefined", true]);
});

test("has a strict content security policy with a fresh nonce, and nothing violates it", async ({ launch }) => {
  const { page } = await launch();
  const violations: string[] = [];
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) violations.push(message.text());
  });
  const policies: string[] = [];
  for (const path of ["/journeys", "/flows", "/services"]) {
    const response = await page.goto(new URL(path, page.url()).href);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    policies.push(response?.headers()["content-security-policy"] ?? "");
  }
  expect(violations).toEqual([]);
  for (const policy of policies) {
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe-(inline|eval)/);
  }
  expect(new Set(policies).size).toBe(policies.length);
});

test("streams changes to the page as they happen", async ({ launch }) => {
  const { page } = await launch();
  const change = await page.evaluate(async () => {
    const stream = await fetch("/api/v1/stream?topics=journeys,flows");
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    const started = await fetch("/api/v1/journeys", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "onboarding", data: {} }),
    });
    const { uuid } = await started.json();
    let text = "";
    while (!text.includes(uuid)) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) return `ended: ${text}`;
      text += value;
    }
    await reader?.cancel();
    return text;
  });
  expect(change).toMatch(/event: changes/);
});

test("lets no page leave for another site or open a window", async ({ launch }) => {
  const app = await launch();
  await expect(app.page).toHaveURL(/\/journeys$/);
  const before = app.page.url();
  await app.page.evaluate(() => {
    const link = document.createElement("a");
    link.href = "https://example.com/";
    link.textContent = "leave";
    document.body.append(link);
    link.click();
    window.open("https://example.com/popup");
  });
  if (app.deniedWindows() !== undefined) {
    await expect.poll(() => app.deniedWindows()).toEqual(["https://example.com/popup"]);
  }
  await expect.poll(() => app.page.context().pages().length).toBe(1);
  expect(app.page.url()).toBe(before);
});

test("grants a page the clipboard for writing and nothing else", async ({ launch }) => {
  const { page } = await launch();
  const states = await page.evaluate(async () => {
    const query = async (name: string) => (await navigator.permissions.query({ name: name as PermissionName })).state;
    return {
      write: await query("clipboard-write"),
      read: await query("clipboard-read"),
      geolocation: await query("geolocation"),
      notifications: await query("notifications"),
    };
  });
  expect(states).toEqual({ write: "granted", read: "denied", geolocation: "denied", notifications: "denied" });
});

test("says in the window's title which environment it shows", async ({ launch }) => {
  const app = await launch();
  await expect.poll(() => app.title()).toMatch(/^Journeys · DEV embedded/);
});

test("goes to a page of the menu without loading anew", async ({ launch }) => {
  const app = await launch();
  await app.page.evaluate(() => {
    document.documentElement.dataset.mark = "same document";
  });
  await app.clickMenu("Flows");
  await expect(app.page.getByRole("heading", { level: 1, name: "Flows" })).toBeVisible();
  await expect(app.page.locator("html")).toHaveAttribute("data-mark", "same document");
});

test("opens on the page of a deep link, and follows later ones", async ({ launch }) => {
  const app = await launch("antigraph://services");
  await expect(app.page.getByRole("heading", { level: 1, name: "Services" })).toBeVisible();
  await app.openLink("antigraph://flows");
  await expect(app.page.getByRole("heading", { level: 1, name: "Flows" })).toBeVisible();
  await app.openLink("antigraph://api/v1/info");
  await app.openLink("antigraph://journeys?status=held");
  await expect(app.page).toHaveURL(/\/journeys\?status=held$/);
});

test("has one window for a data folder: a second start brings it to the front, on the link's page", async ({
  launch,
  spawnMain,
  dataDir,
}) => {
  const app = await launch();
  const second = spawnMain(dataDir, "antigraph://flows");
  expect(await second.exited, second.output()).toBe(0);
  expect(second.messages).toContainEqual({ type: "already running" });
  await expect(app.page.getByRole("heading", { level: 1, name: "Flows" })).toBeVisible();
  await expect.poll(() => app.isFocused()).toBe(true);
});

test("keeps a password in the system's key store: sealed at rest, never answered", async ({ launch, dataDir }) => {
  const { page } = await launch();
  const answered = await page.evaluate(async () => {
    const sasl = { mechanism: "plain", username: "olga", password: "not-for-any-file" };
    const kafka = { brokers: ["127.0.0.1:1"], sasl };
    const put = await fetch("/api/v1/profiles/shop", {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ kafka }),
    });
    return { put: await put.json(), list: await (await fetch("/api/v1/profiles")).json() };
  });
  test.skip(!answered.list.key_store.available, `this desktop has no key store: ${answered.list.key_store.why}`);
  expect(answered.put.kafka.sasl).toEqual({ mechanism: "plain", username: "olga", password: { set: true } });
  const files = await Promise.all(
    ["profiles.json", "secrets.json"].map((file) => readFile(join(dataDir, file), "utf8")),
  );
  for (const text of [...files, JSON.stringify(answered)]) expect(text).not.toContain("not-for-any-file");
  expect(Object.keys(JSON.parse(files[1] ?? ""))).toEqual(["profiles/shop/sasl.password"]);
});

test("keeps a browser console away from its data folder", async ({ launch, dataDir }) => {
  await launch();
  const args = [CLI, "console", "--port", "0", "--no-open", "--data", dataDir];
  const second = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 20_000 });
  expect(second.status).toBe(1);
  expect(second.stderr).toContain(dataDir);
  expect(second.stderr).not.toMatch(/^\s+at /m);
});

test("quits in order: nothing keeps running, and the data folder is free again", async ({ launch }) => {
  const first = await launch();
  const started = descendantsOf(first.pid);
  expect(await first.quit(), first.output()).toBe(0);
  await expect.poll(() => stillRunning(started)).toEqual([]);

  const second = await launch();
  await expect(second.page.getByRole("heading", { level: 1, name: "Journeys" })).toBeVisible();
});

test("quits when its window is closed", async ({ launch }) => {
  const app = await launch();
  await app.closeWindow();
  expect(await app.exited, app.output()).toBe(0);
});

test("quits when its launcher dies", async ({ spawnMain, dataDir }) => {
  const main = spawnMain(dataDir);
  await expect.poll(() => main.messages, { timeout: 20_000 }).toContainEqual({ type: "ready" });
  main.disconnect();
  expect(await main.exited, main.output()).toBe(0);
});

test("says why it can't start, and ends", async ({ spawnMain, dataDir }) => {
  const file = join(dataDir, "a-file");
  await writeFile(file, "");
  const main = spawnMain(join(file, "below"));
  expect(await main.exited, main.output()).toBe(1);
  expect(main.messages).toContainEqual({ type: "failed", why: expect.stringContaining(file) });
});
