/**
 * Sagas as others tell them, run from their flow files in examples/flows/acceptance through the API of a console, with
 * services that keep what they did.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { JourneyEvent } from "../../engine/core/events.ts";
import type { FlowRecord } from "../../engine/core/protocol.ts";
import type { JourneyStatus, JourneyView, Preview } from "../../engine/core/view.ts";
import { openTestConsole } from "../support/running-console.ts";
import { fails, runScripted, type Script } from "../support/scripted-services.ts";
import { runCli } from "./cli-process.ts";

const FOLDER = new URL("../../examples/flows/acceptance/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith(".flow.json"));

const flowFile = (name: string): FlowRecord => JSON.parse(readFileSync(new URL(`${name}.flow.json`, FOLDER), "utf8"));

/** A console with these flows published and their services running. */
async function open(flows: readonly string[], script: Script = {}) {
  const { host, api, untilStatus } = await openTestConsole();
  const records = flows.map(flowFile);
  const effects = await runScripted(host, records, script);
  for (const record of records) expect(await api("POST", "/flows", record)).toMatchObject({ status: 201 });
  return {
    effects,
    host,
    untilStatus,
    /** The functions that took effect, in order; of one journey where it is given. */
    done: (journey?: string) =>
      effects.filter((effect) => journey === undefined || effect.journey === journey).map(({ call }) => call),
    effectOf: (call: string) => effects.find((effect) => effect.call === call),
    /** Starts a journey of the first flow, and resolves when it stands there. */
    async run(data: unknown, status: JourneyStatus): Promise<JourneyView> {
      const { body } = await api("POST", "/journeys", { name: flows[0], data });
      return await untilStatus(body.uuid, status);
    },
    act: (uuid: string, action: string, fields: Record<string, unknown> = {}) =>
      api("POST", `/journeys/${uuid}/actions`, { action, reason: "the customer called", ...fields }),
    async dryRun(uuid: string, action: string, fields: Record<string, unknown> = {}): Promise<Preview> {
      const request = { action, reason: "a look", dry_run: true, ...fields };
      return (await api("POST", `/journeys/${uuid}/actions`, request)).body;
    },
    /** The journey's audit, complete: from its start on, without gaps. */
    async audit(uuid: string): Promise<JourneyEvent[]> {
      const { body } = await api("GET", `/journeys/${uuid}/events`);
      const events: JourneyEvent[] = body.events;
      expect(events[0]).toMatchObject({ type: "journey.started", seq: 1 });
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      return events;
    },
    /** The journey that a step of this one runs. */
    async childOf(uuid: string, step: string): Promise<string> {
      const { body } = await api("GET", `/journeys/${uuid}/events`);
      const sent = (body.events as JourneyEvent[]).find((e) => e.type === "step.dispatched" && e.step === step);
      return sent?.detail?.child as string;
    },
  };
}

/** The negations sent, level after level: what went out before anything had answered stands together. */
function undoLevels(events: readonly JourneyEvent[]): string[][] {
  const levels: string[][] = [];
  let before: JourneyEvent | undefined;
  for (const event of events) {
    if (event.type === "undo.dispatched") {
      const name = `${event.service}.${event.function}`;
      if (before?.type === "undo.dispatched") levels.at(-1)?.push(name);
      else levels.push([name]);
    }
    before = event;
  }
  return levels.map((level) => level.sort());
}

const levelsOf = (preview: Preview): string[][] =>
  preview.levels.map((level) => level.map(({ service, function: called }) => `${service}.${called}`).sort());

const statuses = (journey: JourneyView): Record<string, string> =>
  Object.fromEntries(Object.entries(journey.steps).map(([id, { status }]) => [id, status]));

describe("the flow files", () => {
  test.each(FILES)("%s passes the check", async (file) => {
    const { code, out } = await runCli(["check", fileURLToPath(new URL(file, FOLDER))]);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("0 errors") });
  });
});

describe("create-order (FTGO)", () => {
  const data = { consumer_id: 7, restaurant_id: "ajanta", lines: [{ dish: "vindaloo", count: 2 }], total: 31.5 };
  const script: Script = {
    "orders.create_order": () => ({ order_id: "o-1", state: "APPROVAL_PENDING" }),
    "kitchen.create_ticket": () => ({ ticket_id: "t-9" }),
  };

  test("runs to the approved order; each service gets what its step maps", async () => {
    const shop = await open(["create-order"], script);
    const journey = await shop.run(data, "completed");
    expect(shop.done()).toEqual([
      "orders.create_order",
      "consumers.verify_consumer",
      "kitchen.create_ticket",
      "accounting.authorize_card",
      "kitchen.confirm_ticket",
      "orders.approve_order",
    ]);
    expect(shop.effectOf("consumers.verify_consumer")?.data).toEqual({ consumer_id: 7, total: 31.5 });
    expect(shop.effectOf("kitchen.create_ticket")?.data).toEqual({
      order_id: "o-1",
      restaurant_id: "ajanta",
      lines: data.lines,
    });
    expect(shop.effectOf("kitchen.confirm_ticket")?.data).toEqual({ ticket_id: "t-9" });
    expect(journey.output).toEqual({ done: "orders.approve_order" });
  });

  test("a declined card: the ticket is cancelled, then the order rejected, and nothing else", async () => {
    const shop = await open(["create-order"], { ...script, "accounting.authorize_card": fails("card_declined") });
    const journey = await shop.run(data, "rolled_back");
    expect(shop.done().slice(3)).toEqual(["kitchen.cancel_ticket", "orders.reject_order"]);
    expect(shop.effectOf("kitchen.cancel_ticket")).toMatchObject({
      data: { ticket_id: "t-9" },
      undo: { step: "create_ticket", function: "create_ticket", input: { order_id: "o-1" } },
    });
    expect(shop.effectOf("orders.reject_order")).toMatchObject({
      data: { order_id: "o-1", state: "APPROVAL_PENDING" },
      undo: { step: "create_order", input: data, output: { order_id: "o-1" } },
    });
    expect(statuses(journey)).toEqual({
      create_order: "undone",
      verify_consumer: "succeeded",
      create_ticket: "undone",
      authorize_card: "failed",
      confirm_ticket: "waiting",
      approve_order: "waiting",
    });
    expect(journey.error).toMatchObject({ code: "card_declined", message: "it is card_declined" });
    const events = await shop.audit(journey.uuid);
    expect(undoLevels(events)).toEqual([["kitchen.cancel_ticket"], ["orders.reject_order"]]);
    expect(events.find(({ type }) => type === "rollback.started")).toMatchObject({
      step: "authorize_card",
      reason: "accounting.authorize_card failed",
      error: { code: "card_declined" },
    });
  });

  test("an early validation failure: the order is rejected, and the kitchen never hears of it", async () => {
    const shop = await open(["create-order"], { ...script, "consumers.verify_consumer": fails("unknown_consumer") });
    const journey = await shop.run(data, "rolled_back");
    expect(shop.done()).toEqual(["orders.create_order", "orders.reject_order"]);
    expect(journey).toMatchObject({ status: "rolled_back", rollback: { scope: "journey" } });
    const events = await shop.audit(journey.uuid);
    expect(events.filter(({ service }) => service === "kitchen")).toEqual([]);
  });

  test("once the card is authorized a failure waits for a person, whose retry goes on to the approval", async () => {
    let isOpen = false;
    const shop = await open(["create-order"], {
      ...script,
      "kitchen.confirm_ticket": (call) => (isOpen ? { accepted: true } : fails("kitchen_closed")(call)),
    });
    const held = await shop.run(data, "held");
    expect(shop.done()).not.toContain("kitchen.cancel_ticket");
    isOpen = true;
    expect((await shop.act(held.uuid, "retry", { step: "confirm_ticket" })).status).toBe(202);
    const journey = await shop.untilStatus(held.uuid, "completed");
    expect(journey.steps.confirm_ticket).toMatchObject({ status: "succeeded", attempts: 2 });
    expect(shop.done().slice(-2)).toEqual(["kitchen.confirm_ticket", "orders.approve_order"]);
  });
});

describe("open-account", () => {
  const data = { address: "Weesp 1", email: "ada@example.org", iban: "NL00" };
  const script: Script = { "accounts.create_account": () => ({ account_id: "a-1" }) };

  test("what was added is taken away in reverse when the bank refuses", async () => {
    const bank = await open(["open-account"], { ...script, "banks.add_bank_account": fails("iban_unknown") });
    const journey = await bank.run(data, "rolled_back");
    expect(bank.done()).toEqual([
      "accounts.create_account",
      "addresses.add_address",
      "emails.add_email",
      "emails.remove_email",
      "addresses.clear_postal_addresses",
      "accounts.close_account",
    ]);
    expect(bank.effectOf("emails.remove_email")).toMatchObject({
      data: { done: "emails.add_email" },
      undo: { step: "add_email", input: { account_id: "a-1", email: "ada@example.org" } },
    });
    expect(undoLevels(await bank.audit(journey.uuid))).toEqual([
      ["emails.remove_email"],
      ["addresses.clear_postal_addresses"],
      ["accounts.close_account"],
    ]);
  });

  test("a completed one is undone by hand as its dry run said, the last step first", async () => {
    const bank = await open(["open-account"], script);
    const { uuid } = await bank.run(data, "completed");
    const plan = await bank.dryRun(uuid, "rollback");
    expect(levelsOf(plan)).toEqual([
      ["banks.disconnect_bank_accounts"],
      ["emails.remove_email"],
      ["addresses.clear_postal_addresses"],
      ["accounts.close_account"],
    ]);
    await bank.act(uuid, "rollback", { plan: plan.plan, seq: plan.seq });
    await bank.untilStatus(uuid, "rolled_back");
    expect(bank.done().slice(4)).toEqual(levelsOf(plan).flat());
    expect((await bank.audit(uuid)).find(({ type }) => type === "rollback.started")).toMatchObject({
      actor: bank.host.info.actor,
      reason: "the customer called",
    });
  });

  test("a negation that fails stops there, loudly; done by hand, the rest goes on", async () => {
    const bank = await open(["open-account"], {
      ...script,
      "banks.add_bank_account": fails("iban_unknown"),
      "addresses.clear_postal_addresses": fails("archive_locked"),
    });
    const failed = await bank.run(data, "rollback_failed");
    expect(statuses(failed)).toMatchObject({
      add_email: "undone",
      add_address: "undo_failed",
      create_account: "succeeded",
    });
    expect(bank.done()).not.toContain("accounts.close_account");
    await bank.act(failed.uuid, "skip", { step: "add_address" });
    const journey = await bank.untilStatus(failed.uuid, "rolled_back");
    expect(statuses(journey)).toMatchObject({ add_address: "undone", create_account: "undone" });
    const byHand = (await bank.audit(failed.uuid)).filter(({ type }) => type === "undo.settled_by_hand");
    expect(byHand).toMatchObject([
      { step: "add_address", function: "clear_postal_addresses", actor: expect.any(String) },
    ]);
  });
});

describe("food-delivery", () => {
  const courier = { delivery: "courier", meal: "gözleme" };

  test("by courier: the shelf is skipped, the join gets what ran", async () => {
    const town = await open(["food-delivery"]);
    const journey = await town.run(courier, "completed");
    expect(statuses(journey)).toMatchObject({ assign_courier: "succeeded", reserve_shelf: "skipped" });
    expect(town.effectOf("orders.hand_over")?.data).toEqual({
      cook_meal: { done: "restaurant.cook_meal" },
      charge_card: { done: "payments.charge_card" },
      plan_route: { done: "couriers.plan_route" },
    });
  });

  test("for pick-up: a whole branch is skipped, step after step, and the join runs with the shelf", async () => {
    const town = await open(["food-delivery"]);
    const journey = await town.run({ ...courier, delivery: "pick-up" }, "completed");
    expect(statuses(journey)).toMatchObject({
      assign_courier: "skipped",
      plan_route: "skipped",
      reserve_shelf: "succeeded",
      thank_customer: "succeeded",
    });
    expect(Object.keys(town.effectOf("orders.hand_over")?.data as object).sort()).toEqual([
      "charge_card",
      "cook_meal",
      "reserve_shelf",
    ]);
    expect(town.done().filter((call) => call.startsWith("couriers."))).toEqual([]);
  });

  test("a failed hand-over undoes the branches side by side, each from its end, and the order last", async () => {
    const town = await open(["food-delivery"], { "orders.hand_over": fails("nobody_home") });
    const journey = await town.run(courier, "rolled_back");
    // The cooked meal is irreversible and the shelf was skipped: undo goes on past both.
    expect(undoLevels(await town.audit(journey.uuid))).toEqual([
      ["couriers.drop_route", "payments.refund_card", "restaurant.withdraw_order"],
      ["couriers.release_courier"],
      ["orders.cancel_order"],
    ]);
    expect(statuses(journey)).toMatchObject({
      cook_meal: "succeeded",
      reserve_shelf: "skipped",
      place_order: "undone",
    });
    expect(town.done().at(-1)).toBe("orders.cancel_order");
    expect(town.done()).not.toContain("counter.free_shelf");
  });
});

describe("money-transfer", () => {
  const data = { from: "NL01", to: "NL02", amount: 100 };
  const script: Script = {
    "accounts.debit_account": () => ({ booking: "b-1" }),
    "clearing.submit_payment": () => ({ reference: "c-1" }),
  };

  test("before the pivot a failure rolls back by itself", async () => {
    const bank = await open(["money-transfer"], { ...script, "clearing.submit_payment": fails("rejected") });
    await bank.run(data, "rolled_back");
    expect(bank.done().slice(2)).toEqual(["accounts.return_debit", "limits.release_limit"]);
    expect(bank.effectOf("accounts.return_debit")).toMatchObject({
      data: { booking: "b-1" },
      undo: { step: "debit_account", input: { account: "NL01", amount: 100 } },
    });
  });

  test("after it the journey is held; rolling back is refused without force, and audited; with force all is undone", async () => {
    const bank = await open(["money-transfer"], { ...script, "accounts.credit_account": fails("account_blocked") });
    const { uuid, steps } = await bank.run(data, "held");
    expect(steps).toMatchObject({ submit_payment: { status: "succeeded" }, credit_account: { status: "failed" } });
    expect(bank.done()).toEqual(["limits.reserve_limit", "accounts.debit_account", "clearing.submit_payment"]);

    const refused = await bank.act(uuid, "rollback", { dry_run: true });
    expect(refused).toMatchObject({ status: 409, body: { code: "past_pivot" } });
    for (const action of ["rollback", "cancel"]) await bank.act(uuid, action);
    const plan = await bank.dryRun(uuid, "rollback", { force: true });
    expect(levelsOf(plan)).toEqual([
      ["clearing.recall_payment"],
      ["accounts.return_debit"],
      ["limits.release_limit"],
    ]);
    await bank.act(uuid, "rollback", { force: true });

    await bank.untilStatus(uuid, "rolled_back");
    expect(bank.done().slice(3)).toEqual(levelsOf(plan).flat());
    expect(bank.effectOf("clearing.recall_payment")).toMatchObject({
      data: { reference: "c-1" },
      undo: { input: { debit: "b-1", to: "NL02", amount: 100 } },
    });
    const events = await bank.audit(uuid);
    expect(events.filter(({ type }) => type === "action.refused")).toMatchObject([
      { error: { code: "past_pivot" }, detail: { action: "rollback" } },
      { error: { code: "past_pivot" }, detail: { action: "cancel" } },
    ]);
  });

  test("held past the pivot, it is completed by saying what really happened", async () => {
    const bank = await open(["money-transfer"], { ...script, "accounts.credit_account": fails("account_blocked") });
    const { uuid } = await bank.run(data, "held");
    await bank.act(uuid, "complete", { step: "credit_account", output: { booking: "by phone" } });
    const journey = await bank.untilStatus(uuid, "completed");
    expect(journey.steps.credit_account).toMatchObject({ status: "succeeded", output: { booking: "by phone" } });
    expect(bank.done().at(-1)).toBe("notices.send_advice");
  });
});

describe("order-with-payment", () => {
  const data = { sku: "lamp", amount: 80, card: "4711" };
  const script: Script = { "orders.create_order": () => ({ order_id: "o-1" }) };
  const flows = ["order-with-payment", "payment"];

  test("the payment is a journey of its own, linked, with the step's data as its input", async () => {
    const shop = await open(flows, script);
    const { uuid } = await shop.run(data, "completed");
    const payment = await shop.childOf(uuid, "pay");
    const child = await shop.untilStatus(payment, "completed");
    expect(child).toMatchObject({
      name: "payment",
      input: { order_id: "o-1", amount: 80, card: "4711" },
      parent: { uuid, step: "pay" },
    });
    expect(shop.effectOf("shipping.book_shipment")?.data).toEqual({
      reserve_stock: { done: "warehouse.reserve_stock" },
      pay: { done: "ledger.post_entry" },
    });
  });

  test("without a shipment the payment is rolled back beside the stock, and the order cancelled after both", async () => {
    const shop = await open(flows, { ...script, "shipping.book_shipment": fails("no_carrier") });
    const { uuid } = await shop.run(data, "rolled_back");
    const payment = await shop.childOf(uuid, "pay");
    const child = await shop.untilStatus(payment, "rolled_back");
    expect(shop.done(payment)).toEqual([
      "cards.authorize",
      "cards.capture",
      "ledger.post_entry",
      "ledger.post_reversal",
      "cards.refund",
      "cards.void_authorization",
    ]);
    expect(child.rollback).toMatchObject({ scope: "journey", actor: "manager" });
    expect(undoLevels(await shop.audit(uuid))).toEqual([
      ["manager.rollback", "warehouse.release_stock"],
      ["orders.cancel_order"],
    ]);
    expect(shop.done().at(-1)).toBe("orders.cancel_order");
    await shop.audit(payment);
  });

  test("a declined capture undoes the payment by itself, and then what the order had done", async () => {
    const shop = await open(flows, { ...script, "cards.capture": fails("limit_exceeded") });
    const journey = await shop.run(data, "rolled_back");
    const payment = await shop.childOf(journey.uuid, "pay");
    expect(shop.done(payment)).toEqual(["cards.authorize", "cards.void_authorization"]);
    expect(journey.steps.pay).toMatchObject({ status: "failed", error: { code: "limit_exceeded" } });
    expect(shop.done(journey.uuid).slice(-2)).toEqual(["warehouse.release_stock", "orders.cancel_order"]);
  });
});

describe("trip-booking", () => {
  const data = { to: "Oslo", nights: 3 };

  test("no car: flight and hotel are cancelled side by side, the trip is closed after both", async () => {
    const agency = await open(["trip-booking"], {
      "flights.book_flight": () => ({ seat: "12A" }),
      "cars.book_car": fails("sold_out"),
    });
    const journey = await agency.run(data, "rolled_back");
    expect(agency.effectOf("flights.cancel_flight")).toMatchObject({ data: { seat: "12A" } });
    expect(statuses(journey)).toEqual({
      open_trip: "undone",
      book_flight: "undone",
      book_hotel: "undone",
      book_car: "failed",
      confirm_trip: "waiting",
    });
    expect(agency.done().at(-1)).toBe("trips.close_trip");
    expect(agency.done().filter((call) => call === "hotels.cancel_hotel")).toHaveLength(1);
    expect(agency.done()).not.toContain("cars.cancel_car");
    await agency.audit(journey.uuid);
  });

  test("a hotel that answers when the car has failed already is waited for, and cancelled", async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const agency = await open(["trip-booking"], {
      "hotels.book_hotel": async () => {
        asked.resolve();
        await answer.promise;
        return { room: 7 };
      },
      "cars.book_car": async (call) => {
        await asked.promise;
        return fails("sold_out")(call);
      },
    });
    const { uuid } = await agency.run(data, "rolling_back");
    answer.resolve();
    const journey = await agency.untilStatus(uuid, "rolled_back");
    expect(agency.effectOf("hotels.cancel_hotel")).toMatchObject({ data: { room: 7 } });
    expect(agency.done().at(-1)).toBe("trips.close_trip");
    expect(statuses(journey)).toMatchObject({ book_hotel: "undone", book_car: "failed" });
    const events = await agency.audit(uuid);
    const seqOf = (type: string, step: string) => events.find((e) => e.type === type && e.step === step)?.seq ?? 0;
    expect(seqOf("step.succeeded", "book_hotel")).toBeGreaterThan(seqOf("step.failed", "book_car"));
    expect(seqOf("undo.dispatched", "open_trip")).toBeGreaterThan(seqOf("undo.succeeded", "book_hotel"));
  });

  test("all three booked: the confirmation gets all of them, by step", async () => {
    const agency = await open(["trip-booking"]);
    await agency.run(data, "completed");
    expect(agency.effectOf("trips.confirm_trip")?.data).toEqual({
      book_flight: { done: "flights.book_flight" },
      book_hotel: { done: "hotels.book_hotel" },
      book_car: { done: "cars.book_car" },
    });
  });
});
