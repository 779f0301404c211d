// The designer as an operator uses it: drawing by mouse, by keyboard alone, importing, exporting, publishing.

import { readFile } from "node:fs/promises";
import type { Locator, Page } from "@playwright/test";
import type { FlowRecord } from "../../engine/core/protocol.ts";
import type { JourneyView } from "../../engine/core/view.ts";
import { expectNothingFromAxe } from "../support/e2e-axe.ts";
import { expect, test } from "../support/e2e-console.ts";

const port = (page: Page, node: string, side: "input" | "output", index = 0) =>
  page.locator(`[data-node-id="${node}"] [data-port-transput-type="${side}"]`).nth(index);
const head = (page: Page, node: string) => page.locator(`[data-node-id="${node}"] .ag-node-head`);

/** The first page has to have its token before another one is opened. */
async function open(page: Page, path: string): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.goto(new URL(path, page.url()).href);
}

async function drag(page: Page, from: Locator, to: Locator): Promise<void> {
  const [a, b] = [await centre(from), await centre(to)];
  await page.mouse.move(a.x, a.y);
  await page.mouse.down();
  await page.mouse.move((a.x + b.x) / 2, (a.y + b.y) / 2 + 12, { steps: 4 });
  await page.mouse.move(b.x, b.y, { steps: 4 });
  await page.mouse.up();
}

async function centre(locator: Locator): Promise<{ x: number; y: number }> {
  await expect(locator).toBeVisible();
  const box = await locator.boundingBox();
  if (box === null) throw new Error("not on the page");
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function addFromPalette(page: Page, call: string): Promise<void> {
  const search = page.getByLabel("Search functions, or write service.function");
  await search.fill(call);
  await page.getByRole("button", { name: call.slice(call.lastIndexOf(".") + 1), exact: true }).click();
  await search.fill("");
}

/** The steps of a published flow with what they come after, without the start. */
function edgesOf(record: FlowRecord): Record<string, string[]> {
  const nodes = (record.workflow.nodes ?? record.workflow) as Record<
    string,
    { type: string; connections: { inputs: Record<string, { nodeId: string }[]> } }
  >;
  return Object.fromEntries(
    Object.entries(nodes)
      .filter(([, node]) => node.type !== "start")
      .map(([id, node]) => [
        id,
        Object.values(node.connections.inputs)
          .flat()
          .map((link) => link.nodeId),
      ]),
  );
}

async function publish(page: Page, name?: string): Promise<void> {
  await page.getByRole("button", { name: "Publish…" }).click();
  const sheet = page.getByRole("dialog");
  if (name !== undefined) await sheet.getByLabel("Name").fill(name);
  await sheet.getByRole("button", { name: /^Publish version/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name ?? /.+/);
  await expect(page).not.toHaveURL(/\/(design|draw)(\?|$)/);
}

test("a flow is drawn by dragging, told what undoes it, published, and runs", async ({ page, api }) => {
  await open(page, "/flows");
  await page.getByRole("link", { name: "Draw a flow" }).click();
  for (const call of ["user.create_user", "license.add_license", "membership.add_membership"])
    await addFromPalette(page, call);
  await page.getByRole("button", { name: "Show all", exact: true }).click();

  await drag(page, port(page, "start", "output"), port(page, "create_user", "input"));
  await drag(page, port(page, "create_user", "output"), port(page, "add_license", "input"));
  // Anywhere on the node is as good as its port.
  await drag(page, port(page, "add_license", "output"), head(page, "add_membership"));
  await drag(page, port(page, "add_membership", "output"), head(page, "create_user"));
  await expect(page.getByText("That would be a circle")).toBeVisible();

  await head(page, "add_license").click();
  const negations = page.getByRole("combobox", { name: /^Undone by/ });
  await expect(negations).toBeVisible();
  for (let left = await page.locator(".mantine-TagsInput-pill").count(); left > 0; left -= 1)
    await negations.press("Backspace");
  for (const name of ["remove_license", "log_removal"]) {
    await negations.fill(name);
    await negations.press("Enter");
  }
  await head(page, "add_membership").click();
  await page.getByLabel("Timeout", { exact: true }).first().fill("7s");

  await publish(page, "hand-drawn");
  const record = await api.get<FlowRecord>("/flows/hand-drawn/1");
  expect(edgesOf(record)).toEqual({
    create_user: ["start"],
    add_license: ["create_user"],
    add_membership: ["add_license"],
  });
  expect(record.workflow).toMatchObject({
    negations: { license: { add_license: ["remove_license", "log_removal"] } },
    steps: { add_membership: { timeout: "7s" } },
  });
  const journey = await api.post<JourneyView>("/journeys?wait=15000", { name: "hand-drawn", data: { user: "ada" } });
  expect(journey.status).toBe("completed");
});

test("what was drawn is undone, redone, and kept as a draft over a reload", async ({ page }) => {
  await open(page, "/flows/onboarding/design");
  const steps = page.getByRole("tab", { name: /^Steps/ });
  await expect(steps).toHaveText("Steps (3)");
  await head(page, "add_license").or(page.locator(".ag-node-head").nth(2)).first().click();
  await page.keyboard.press("Delete");
  await expect(steps).toHaveText("Steps (2)");
  await page.keyboard.press("Control+z");
  await expect(steps).toHaveText("Steps (3)");
  await page.keyboard.press("Control+Shift+z");
  await expect(steps).toHaveText("Steps (2)");
  await expect(page.getByText(/draft kept/)).toBeVisible();

  await page.reload();
  await expect(page.getByText("This is your draft of")).toBeVisible();
  await expect(steps).toHaveText("Steps (2)");
  await page.getByRole("button", { name: /^Back to version/ }).click();
  await expect(steps).toHaveText("Steps (3)");
});

test("pan and zoom stay where they were when the canvas is mounted anew", async ({ page }) => {
  await open(page, "/flows/order/design");
  const canvas = page.locator(".ag-flume");
  const frame = await canvas.boundingBox();
  if (frame === null) throw new Error("no canvas");
  await page.mouse.move(frame.x + frame.width / 2, frame.y + 12);
  await page.mouse.down();
  await page.mouse.move(frame.x + frame.width / 2 - 70, frame.y + 42, { steps: 4 });
  await page.mouse.up();
  await page.mouse.wheel(0, 24);
  const node = page.locator(".ag-node-head").nth(1);
  const before = await node.boundingBox();
  await page.getByRole("tab", { name: /^Steps/ }).click();
  await page.getByRole("button", { name: /^Remove approve_order/ }).click();
  await expect(page.getByRole("tab", { name: /^Steps/ })).toHaveText("Steps (3)");
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  const after = await node.boundingBox();
  expect(Math.abs((after?.x ?? 0) - (before?.x ?? 99))).toBeLessThan(2);
  expect(Math.abs((after?.y ?? 0) - (before?.y ?? 99))).toBeLessThan(2);
});

test("connections are taken by their end, led to another step, let go, and never cut by a click", async ({
  page,
}) => {
  await open(page, "/flows/order/design");
  const lines = page.locator(".ag-flume path[data-connection-id]");
  const shown = () =>
    lines.evaluateAll((paths) =>
      paths
        .map((path) => `${path.getAttribute("data-output-node-id")} ${path.getAttribute("data-input-node-id")}`)
        .sort(),
    );
  await expect(lines).toHaveCount(5);
  const before = await shown();
  const end = port(page, "approve_order", "input", 0);
  await end.click();
  await drag(page, end, head(page, "approve_order"));
  expect(await shown()).toEqual(before);

  await drag(page, end, head(page, "authorize_card"));
  await expect(page.getByText("already comes after").or(lines.nth(4))).not.toHaveCount(0);
  const led = await shown();
  expect(led).toContain("create_ticket authorize_card");
  expect(led).not.toContain("create_ticket approve_order");
  await page.keyboard.press("Control+z");
  await expect.poll(shown).toEqual(before);

  await drag(page, end, page.locator(".ag-flume-stage"));
  await expect.poll(shown).not.toContain("create_ticket approve_order");
  await drag(page, port(page, "create_ticket", "output"), head(page, "approve_order"));
  await expect.poll(shown).toEqual(before);
});

test("the Steps table draws the same flow by keyboard alone", async ({ page, api }) => {
  await open(page, "/flows/new/draw");
  await page.getByRole("tab", { name: /^Steps/ }).focus();
  await page.keyboard.press("Enter");
  const add = page.getByRole("combobox", { name: "Function of the new step" });
  for (const call of ["order.create_order", "ticket.create_ticket", "card.authorize_card", "order.approve_order"]) {
    await add.focus();
    await page.keyboard.type(call);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /^Add after/ }).focus();
    await page.keyboard.press("Enter");
  }
  // Each came after the one before it; the ticket and the card shall be parallel.
  await setAfter(page, "authorize_card", ["create_ticket"], ["create_order"]);
  await setAfter(page, "approve_order", [], ["create_ticket"]);
  await page.getByRole("button", { name: "Settings of approve_order" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Id", { exact: true })).toBeFocused();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("approve");
  await page.keyboard.press("Enter");
  await publish(page, "by-keyboard");
  expect(edgesOf(await api.get<FlowRecord>("/flows/by-keyboard/1"))).toEqual({
    create_order: ["start"],
    create_ticket: ["create_order"],
    authorize_card: ["create_order"],
    approve: ["authorize_card", "create_ticket"],
  });
});

async function setAfter(page: Page, step: string, remove: string[], add: string[]): Promise<void> {
  await page.getByRole("button", { name: `Change what ${step} comes after` }).focus();
  await page.keyboard.press("Enter");
  const field = page.getByRole("combobox", { name: `${step} comes after` });
  await expect(field).toBeFocused();
  for (const _ of remove) await page.keyboard.press("Backspace");
  for (const name of add) {
    await page.keyboard.type(name);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
  }
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
}

test("a bare Flume export comes back as the same flow", async ({ page, api }) => {
  await open(page, "/flows/order/design");
  await expect(page.getByRole("tab", { name: /^Steps/ })).toHaveText("Steps (4)");
  await page.getByRole("button", { name: "Export" }).click();
  const waiting = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Bare Flume export" }).click();
  const file = await (await waiting).path();
  const exported = JSON.parse(await readFile(file, "utf8"));
  const flows = await api.get<{ flows: { name: string; versions: { version: string }[] }[] }>("/flows");
  const version = flows.flows.find(({ name }) => name === "order")?.versions[0]?.version ?? "";
  const original = await api.get<FlowRecord>(`/flows/order/${version}`);

  await open(page, "/flows/new/draw");
  const choosing = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Import…" }).click();
  await (await choosing).setFiles({
    name: "order-again.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify(exported)),
  });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("order-again");
  await publish(page, "order-again");
  const again = await api.get<FlowRecord>("/flows/order-again/1");
  expect(edgesOf(again)).toEqual(edgesOf(original));
  expect(again.workflow.negations).toEqual(original.workflow.negations);
});

test("nodes of unknown types are shown, mapped, and never dropped", async ({ page, api }) => {
  const node = (id: string, type: string, inputs: object, outputs: object) => ({
    id,
    type,
    x: 0,
    y: 0,
    width: 180,
    inputData: {},
    connections: { inputs, outputs },
  });
  const flume = {
    a: node("a", "start", {}, { go: [{ nodeId: "b", portName: "in" }] }),
    b: node("b", "Create a user", { in: [{ nodeId: "a", portName: "go" }] }, {}),
  };
  await open(page, "/flows");
  const choosing = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Import…" }).click();
  await (await choosing).setFiles({
    name: "foreign.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify(flume)),
  });
  const dialog = page.getByRole("dialog", { name: "What node types mean" });
  await expect(dialog).toBeVisible();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(page.locator('[data-kind="unknown"]')).toHaveText(/Create a user/);
  await page.getByRole("button", { name: "1 error" }).click();
  await page.getByRole("button", { name: "Say what it means…" }).click();
  await dialog.getByRole("combobox", { name: '"Create a user"' }).fill("user.create_user");
  await page.keyboard.press("Escape");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("button", { name: "no findings" })).toBeVisible();
  await publish(page, "foreign");
  const record = await api.get<FlowRecord>("/flows/foreign/1");
  expect(record.workflow).toMatchObject({
    types: { "Create a user": "user.create_user" },
    nodes: { b: { type: "Create a user" } },
  });
});

test("the next version is suggested with what differs, and findings stop it", async ({ page, api }) => {
  await open(page, "/flows/order/design");
  await page.locator(".ag-node-head", { hasText: "create_ticket" }).click();
  const timeout = page.getByLabel("Timeout", { exact: true }).first();
  await timeout.fill("soon");
  await expect(page.getByText(/"soon" can't be used/)).toBeVisible();
  await page.getByRole("button", { name: "Publish…" }).click();
  const sheet = page.getByRole("dialog");
  const go = sheet.getByRole("button", { name: /^Publish version/ });
  await expect(go).toBeDisabled();
  await sheet.getByRole("button", { name: "Cancel" }).click();
  await timeout.fill("20s");
  await page.getByRole("button", { name: "Publish…" }).click();
  await expect(sheet.getByText(/timeout 20s/)).toBeVisible();
  await sheet.getByRole("button", { name: "Side by side" }).click();
  await expect(sheet.locator(".cm-mergeView")).toBeVisible();
  await go.click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("order");
  const { flows } = await api.get<{ flows: { name: string; versions: { version: string }[] }[] }>("/flows");
  expect(flows.find(({ name }) => name === "order")?.versions).toHaveLength(2);
});

test("it says beforehand what a failing step undoes", async ({ page }) => {
  await open(page, "/flows/order/design");
  await page.getByRole("tab", { name: "What if a step fails?" }).click();
  await page.locator(".ag-node-head", { hasText: "approve_order" }).click();
  await expect(page.getByText("3 negations go out, in 2 levels")).toBeVisible();
  const levels = page.getByRole("tabpanel").getByRole("listitem");
  await expect(levels.nth(0)).toContainText("ticket.cancel_ticket");
  await expect(levels.nth(0)).toContainText("card.release_card");
  await expect(levels.nth(1)).toContainText("order.reject_order");
});

test("functions are dragged from the palette, and files dropped on the designer", async ({ page }) => {
  await open(page, "/flows/new/draw");
  await page
    .getByRole("button", { name: "create_user", exact: true })
    .dragTo(page.locator(".ag-flume"), { targetPosition: { x: 200, y: 60 } });
  const box = await head(page, "create_user").boundingBox();
  const canvas = await page.locator(".ag-flume").boundingBox();
  expect(Math.abs((box?.y ?? 0) + (box?.height ?? 0) / 2 - (canvas?.y ?? 0) - 60)).toBeLessThan(12);

  const file = { name: "dropped", workflow: { a: { type: "user.create_user" }, b: { type: "user.create_user" } } };
  const transfer = await page.evaluateHandle((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], "dropped.flow.json", { type: "application/json" }));
    return data;
  }, JSON.stringify(file));
  await page.locator(".ag-flume").dispatchEvent("drop", { dataTransfer: transfer });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("dropped");
  await expect(page.getByRole("tab", { name: /^Steps/ })).toHaveText("Steps (2)");
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(head(page, "create_user")).toBeVisible();
});

test("a node's menu tells what its failure undoes; a flow's name may hold dots and slashes", async ({
  page,
  api,
}) => {
  const name = "billing/eu.v2";
  await api.post("/flows", {
    name,
    version: "1.0",
    schema_version: "1",
    workflow: { a: { id: "a", type: "user.create_user" } },
  });
  await open(page, `/flows/${encodeURIComponent(name)}/design`);
  await head(page, "a").click({ button: "right" });
  await page.getByRole("menuitem", { name: "What if it fails?" }).click();
  await expect(page.getByText("Nothing has to be undone.")).toBeVisible();
  await head(page, "a").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Duplicate" }).click();
  await expect(page.getByRole("tab", { name: /^Steps/ })).toHaveText("Steps (2)");
  await page.goto(new URL(`/flows/${encodeURIComponent(name)}`, page.url()).href);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
  await expect(page.getByText("As it is undone (anti-graph)")).toBeVisible();
});

test("nothing of the canvas is loaded before the designer is opened", async ({ page }) => {
  const scripts: string[] = [];
  page.on("request", (request) => {
    if (request.resourceType() === "script") scripts.push(request.url());
  });
  await open(page, "/flows");
  await expect(page.getByRole("link", { name: "onboarding" })).toBeVisible();
  expect(scripts.filter((url) => /designer|run-graphs|flow-diff/.test(url))).toEqual([]);
  await page.getByRole("link", { name: "Draw a flow" }).click();
  await expect(head(page, "start")).toBeVisible();
  expect(scripts.filter((url) => /designer/.test(url))).not.toEqual([]);
});

for (const scheme of ["light", "dark"] as const) {
  test(`axe finds nothing on the pages of flows, ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    const check = (what: string) => expectNothingFromAxe(page, what);
    await open(page, "/flows");
    await expect(page.getByRole("link", { name: "onboarding" })).toBeVisible();
    await check("list");
    await page.getByRole("link", { name: "onboarding" }).click();
    await expect(page.getByText("As it is undone (anti-graph)")).toBeVisible();
    await check("flow");
    await page.getByRole("link", { name: /^Design from/ }).click();
    await expect(page.locator(".ag-node-head").nth(3)).toBeVisible();
    await check("designer");
    await page.locator(".ag-node-head").nth(2).click();
    for (const tab of ["Steps", "What if", "Findings"]) {
      await page.getByRole("tab", { name: new RegExp(`^${tab}`) }).click();
      await check(`designer, ${tab}`);
    }
    await page.getByRole("textbox", { name: "Timeout" }).first().fill("1 minute");
    await page.getByRole("button", { name: "Publish…" }).click();
    await check("publish, with an error");
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("textbox", { name: "Timeout" }).first().fill("1m");
    await page.getByRole("button", { name: "Publish…" }).click();
    await page.getByRole("button", { name: "Side by side" }).click();
    await expect(page.locator(".cm-mergeView")).toBeVisible();
    await check("publish, side by side");
  });
}
