/**
 * Tickets for the workshop that makes what was ordered. Fails with `workshop_full` for more than 20 pieces. With
 * `preparation_ms` in its data it takes that long and tells its progress every second.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Call, defineService, ServiceFailure } from "../../engine/service/define.ts";
import {
  EFFECTS_TABLE,
  fieldsOf,
  handOn,
  identifier,
  logEffect,
  meantBy,
  number,
  type Sample,
  text,
} from "./sample.ts";

const CAPACITY_PIECES = 20;
const PROGRESS_EVERY_MS = 1_000;
const LONGEST_PREPARATION_MS = 10 * 60_000;

interface TicketRow {
  ticket_id: string;
}

async function createTicket(call: Call): Promise<unknown> {
  const fields = fieldsOf(call.data);
  const quantity = number(fields, "quantity") ?? 1;
  if (quantity > CAPACITY_PIECES) {
    const message = `the workshop takes ${CAPACITY_PIECES} pieces at once, not ${quantity}`;
    throw new ServiceFailure("workshop_full", message, { retryable: false });
  }
  const preparationMs = Math.min(number(fields, "preparation_ms") ?? 0, LONGEST_PREPARATION_MS);
  for (let passedMs = 0; passedMs < preparationMs; passedMs += PROGRESS_EVERY_MS) {
    call.progress({ prepared: Math.round((100 * passedMs) / preparationMs) });
    await sleep(Math.min(PROGRESS_EVERY_MS, preparationMs - passedMs), undefined, { signal: call.signal });
  }
  return call.commit((db) => {
    const ticket_id = identifier("t", call);
    const { changes } = db
      .prepare(
        `INSERT INTO tickets (ticket_id, order_id, quantity, status, journey, step, created_at)
         VALUES (?, ?, ?, 'open', ?, ?, ?)
         ON CONFLICT (ticket_id) DO UPDATE SET status = 'open' WHERE status = 'cancelled'`,
      )
      .run(ticket_id, text(fields, "order_id") ?? null, quantity, call.uuid, call.step, new Date().toISOString());
    if (changes > 0) logEffect(db, call, `opened ${ticket_id}`);
    return handOn(call.data, { ticket_id, quantity });
  });
}

function cancelTicket(call: Call): unknown {
  const { where, values } = meantBy(call, [["ticket_id", text(fieldsOf(call.data), "ticket_id")]]);
  return call.commit((db) => {
    const open = `SELECT * FROM tickets WHERE status = 'open' AND ${where}`;
    const row = db.prepare<string[], TicketRow>(open).get(...values);
    if (!row) return handOn(call.data, { cancelled: false, note: "there is no such open ticket" });
    db.prepare("UPDATE tickets SET status = 'cancelled' WHERE ticket_id = ?").run(row.ticket_id);
    logEffect(db, call, `cancelled ${row.ticket_id}`);
    return handOn(call.data, { ticket_id: row.ticket_id, cancelled: true });
  });
}

export const ticket: Sample = {
  definition: defineService({
    name: "ticket",
    version: "1",
    functions: { create_ticket: createTicket, cancel_ticket: cancelTicket },
  }),
  migrations: [
    `CREATE TABLE tickets (
       ticket_id TEXT PRIMARY KEY,
       order_id TEXT,
       quantity INTEGER NOT NULL,
       status TEXT NOT NULL CHECK (status IN ('open', 'cancelled')),
       journey TEXT NOT NULL,
       step TEXT NOT NULL,
       created_at TEXT NOT NULL
     );
     CREATE INDEX tickets_journey ON tickets (journey);
     ${EFFECTS_TABLE}`,
  ],
};
