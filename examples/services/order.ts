/** Orders: pending, then approved or rejected. An undone order stays, rejected. Fails with `invalid_amount`. */
import type Database from "better-sqlite3";
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

interface OrderRow {
  order_id: string;
  status: "pending" | "approved" | "rejected";
}

function createOrder(call: Call): unknown {
  const fields = fieldsOf(call.data);
  const amount = number(fields, "amount") ?? 100;
  const quantity = number(fields, "quantity") ?? 1;
  if (amount <= 0 || quantity <= 0) {
    throw new ServiceFailure("invalid_amount", "amount and quantity must be above 0", { retryable: false });
  }
  return call.commit((db) => {
    const order_id = identifier("o", call);
    const { changes } = db
      .prepare(
        `INSERT INTO orders (order_id, customer, amount, quantity, status, journey, step, created_at)
         VALUES (?, ?, ?, ?, 'pending', ?, ?, ?)
         ON CONFLICT (order_id) DO UPDATE SET status = 'pending' WHERE status = 'rejected'`,
      )
      .run(
        order_id,
        text(fields, "customer") ?? text(fields, "name") ?? "Somebody",
        amount,
        quantity,
        call.uuid,
        call.step,
        new Date().toISOString(),
      );
    if (changes > 0) logEffect(db, call, `created ${order_id}`);
    return handOn(call.data, { order_id, amount, quantity, status: "pending" });
  });
}

function approveOrder(call: Call): unknown {
  return call.commit((db) => {
    const row = findOrder(db, call);
    if (!row) throw new ServiceFailure("order_not_found", "there is no such order", { retryable: false });
    if (row.status === "rejected") {
      throw new ServiceFailure("order_rejected", `order ${row.order_id} is rejected already`, { retryable: false });
    }
    setStatus(db, call, row, "approved");
    return handOn(call.data, { order_id: row.order_id, status: "approved" });
  });
}

function rejectOrder(call: Call): unknown {
  return call.commit((db) => {
    const row = findOrder(db, call);
    if (!row) return handOn(call.data, { rejected: false, note: "there is no such order" });
    setStatus(db, call, row, "rejected");
    return handOn(call.data, { order_id: row.order_id, status: "rejected", rejected: true });
  });
}

function findOrder(db: Database.Database, call: Call): OrderRow | undefined {
  const { where, values } = meantBy(call, [["order_id", text(fieldsOf(call.data), "order_id")]]);
  return db.prepare<string[], OrderRow>(`SELECT * FROM orders WHERE ${where}`).get(...values);
}

function setStatus(db: Database.Database, call: Call, row: OrderRow, status: OrderRow["status"]): void {
  if (row.status === status) return;
  db.prepare("UPDATE orders SET status = ? WHERE order_id = ?").run(status, row.order_id);
  logEffect(db, call, `${status} ${row.order_id}`);
}

export const order: Sample = {
  definition: defineService({
    name: "order",
    version: "1",
    functions: { create_order: createOrder, approve_order: approveOrder, reject_order: rejectOrder },
  }),
  migrations: [
    `CREATE TABLE orders (
       order_id TEXT PRIMARY KEY,
       customer TEXT NOT NULL,
       amount REAL NOT NULL,
       quantity INTEGER NOT NULL,
       status TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'rejected')),
       journey TEXT NOT NULL,
       step TEXT NOT NULL,
       created_at TEXT NOT NULL
     );
     CREATE INDEX orders_journey ON orders (journey);
     ${EFFECTS_TABLE}`,
  ],
};
