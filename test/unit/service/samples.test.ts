import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compileFlow } from "../../../engine/core/compile.ts";
import type { ToManager } from "../../../engine/core/protocol.ts";
import { type RunningService, runService } from "../../../engine/service/run.ts";
import { openServiceStore, type ServiceStore } from "../../../engine/service/store.ts";
import { dumpSamples } from "../../../examples/services/dump.ts";
import { SAMPLES, samplePath } from "../../../examples/services/samples.ts";
import { FakeTransport, UUID } from "./fake-transport.ts";

let dataDir: string;
const open: { running: RunningService; store: ServiceStore }[] = [];
const transports = new Map<string, FakeTransport>();

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "antigraph-samples-"));
  for (const [name, sample] of Object.entries(SAMPLES)) {
    const store = openServiceStore({ path: samplePath(dataDir, name), migrations: sample.migrations });
    const transport = new FakeTransport();
    open.push({ running: await runService(sample.definition, transport, { store }), store });
    transports.set(name, transport);
  }
});
afterEach(async () => {
  for (const { running, store } of open.splice(0)) {
    await running.stop();
    store.close();
  }
  transports.clear();
  rmSync(dataDir, { recursive: true, force: true });
});

let commands = 0;
async function call(type: string, data: unknown, more: Record<string, unknown> = {}): Promise<ToManager> {
  const [service, name] = type.split(".");
  const transport = transports.get(service!)!;
  const before = transport.replies().length;
  transport.deliver({ id: `c${commands++}`, service, function: name, step: name, data, ...more });
  return (await transport.untilReplies(before + 1)).at(-1)!;
}

/** Undoes what `step` (of the function of the same name) answered. */
function undo(type: string, step: string, reply: ToManager | undefined, input: unknown = {}) {
  const output = reply?.data ?? null;
  return call(type, output ?? input, { step, undo: { step, function: step, input, output, error: null } });
}

const rows = (service: string, table: string) => dumpSamples(dataDir)[service]![table]!;

describe("the onboarding services", () => {
  test("make a user, a licence and a membership that know each other", async () => {
    const created = await call("user.create_user", { name: "Ada", plan: "team", group: "engines" });
    const licensed = await call("license.add_license", created.data);
    const joined = await call("membership.add_membership", licensed.data);
    expect(joined.data).toMatchObject({ name: "Ada", email: "ada@example.com", plan: "team", group: "engines" });
    const { user_id } = created.data as { user_id: string };
    expect(rows("license", "licenses")).toMatchObject([{ user_id, plan: "team" }]);
    expect(rows("membership", "memberships")).toMatchObject([{ user_id, group_name: "engines" }]);
  });

  test("leave nothing but the log of removals when undone", async () => {
    const created = await call("user.create_user", {});
    const licensed = await call("license.add_license", created.data);
    const [removed] = await Promise.all([
      undo("license.remove_license", "add_license", licensed),
      undo("license.log_removal", "add_license", licensed),
    ]);
    expect(removed.status).toBe("success");
    expect((await undo("user.delete_user", "create_user", created)).data).toMatchObject({ deleted: true });
    expect([rows("user", "users"), rows("license", "licenses")]).toEqual([[], []]);
    expect(rows("license", "removals")).toHaveLength(1);
  });

  test("bear undoing what isn't there, and say so", async () => {
    expect(await undo("user.delete_user", "create_user", undefined)).toMatchObject({
      status: "success",
      data: { deleted: false, note: "there is no such user" },
    });
    expect((await undo("license.remove_license", "add_license", undefined)).data).toMatchObject({ removed: false });
    expect((await undo("membership.remove_membership", "add_membership", undefined)).data).toMatchObject({
      removed: false,
    });
  });

  test("undo a step of unknown outcome by the journey and step that made it", async () => {
    await call("user.create_user", { name: "Ada" });
    expect((await undo("user.delete_user", "create_user", undefined)).data).toMatchObject({ deleted: true });
    expect(rows("user", "users")).toEqual([]);
  });

  test("never undo what another journey made", async () => {
    const other = await call("user.create_user", { user_id: "u-1" }, { uuid: UUID.replace("6b", "7c") });
    const mine = await call("user.create_user", { user_id: "u-1" });
    expect([other.data, mine.data]).toMatchObject([{ created: true }, { created: false }]);
    expect((await undo("user.delete_user", "create_user", mine)).data).toMatchObject({ deleted: false });
    expect(rows("user", "users")).toHaveLength(1);
  });

  test("give a second attempt of a step what the first one made", async () => {
    const first = await call("user.create_user", {});
    const second = await call("user.create_user", {}, { attempt: 2 });
    expect(second.data).toMatchObject({ ...(first.data as object), created: false });
    expect(rows("user", "effects")).toHaveLength(1);
  });

  test("take away by name in flows that do so, and put back what was taken", async () => {
    const created = await call("user.create_user", { name: "Ada", email: "ada@math.example" });
    const deleted = await call("user.delete_user", created.data);
    expect(deleted.data).toMatchObject({ deleted: true });
    await undo("user.create_user", "delete_user", deleted);
    const { user_id } = created.data as { user_id: string };
    expect(rows("user", "users")).toMatchObject([{ user_id, name: "Ada", email: "ada@math.example" }]);
  });

  test.each([
    ["user.create_user", { email: "nonsense" }, "invalid_email"],
    ["user.create_user", { email: "eve@blocked.example" }, "email_blocked"],
    ["membership.add_membership", { group: "closed" }, "group_closed"],
  ])("%s of %o fails with %s", async (type, data, code) => {
    expect(await call(type, data)).toMatchObject({ status: "failure", error: { code, retryable: false } });
  });

  test("add_license fails once the seats of the enterprise plan are taken", async () => {
    for (let n = 0; n < 5; n += 1) await call("license.add_license", { plan: "enterprise" }, { step: `s${n}` });
    expect(await call("license.add_license", { plan: "enterprise" })).toMatchObject({
      status: "failure",
      error: { code: "quota_exceeded" },
    });
  });
});

describe("the order services", () => {
  test("approve an order behind a join of ticket and card", async () => {
    const created = await call("order.create_order", { customer: "Ada", amount: 250, quantity: 2 });
    const ticket = await call("ticket.create_ticket", created.data);
    const card = await call("card.authorize_card", created.data);
    const approved = await call("order.approve_order", { create_ticket: ticket.data, authorize_card: card.data });
    expect(approved.data).toMatchObject({ status: "approved", amount: 250 });
    expect(rows("order", "orders")).toMatchObject([{ status: "approved" }]);
  });

  test("keep what was undone, with its end", async () => {
    const created = await call("order.create_order", {});
    const ticket = await call("ticket.create_ticket", created.data);
    const card = await call("card.authorize_card", created.data);
    await undo("card.release_card", "authorize_card", card);
    await undo("ticket.cancel_ticket", "create_ticket", ticket);
    await undo("order.reject_order", "create_order", created);
    expect(rows("order", "orders")).toMatchObject([{ status: "rejected" }]);
    expect(rows("ticket", "tickets")).toMatchObject([{ status: "cancelled" }]);
    expect(rows("card", "authorizations")).toMatchObject([{ status: "released" }]);
    expect((await undo("card.release_card", "authorize_card", card)).data).toMatchObject({ released: false });
    expect(rows("card", "effects")).toHaveLength(2);
  });

  test("tell progress while a ticket is prepared", async () => {
    await call("ticket.create_ticket", { preparation_ms: 30 });
    expect(
      transports
        .get("ticket")!
        .all()
        .map(({ status }) => status),
    ).toEqual(["inprogress", "success"]);
  });

  test.each([
    ["order.create_order", { amount: -1 }, "invalid_amount"],
    ["order.approve_order", {}, "order_not_found"],
    ["ticket.create_ticket", { quantity: 21 }, "workshop_full"],
    ["card.authorize_card", { amount: 1001 }, "card_refused"],
    ["card.authorize_card", { card: "expired" }, "card_expired"],
  ])("%s of %o fails with %s", async (type, data, code) => {
    expect(await call(type, data)).toMatchObject({ status: "failure", error: { code, retryable: false } });
  });
});

describe("the sample flows", () => {
  const read = (file: string) =>
    JSON.parse(readFileSync(new URL(`../../../examples/${file}`, import.meta.url), "utf8"));

  test.each(["onboarding", "order", "new-hire"])("%s has no findings and calls functions that exist", (name) => {
    const { flow, findings } = compileFlow(read(`flows/${name}.flow.json`));
    expect(findings).toEqual([]);
    for (const step of Object.values(flow!.steps)) {
      const functions = Object.keys(SAMPLES[step.service]!.definition.functions);
      expect(functions).toEqual(expect.arrayContaining([step.function, ...step.negations]));
    }
  });

  test("onboarding is the same flow as its bare Flume export with the samples' negations", () => {
    const full = read("flows/onboarding.flow.json");
    const bare = { ...full, workflow: read("flows/onboarding-bare.json") };
    expect(compileFlow(bare, { negations: read("negations.json") })).toEqual(compileFlow(full));
  });
});
