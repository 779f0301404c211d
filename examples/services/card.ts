/** Card authorisations. Fails with `card_refused` above 1,000, and with `card_expired` for the card "expired". */
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

const LIMIT = 1_000;

interface AuthorizationRow {
  authorization_id: string;
}

function authorizeCard(call: Call): unknown {
  const fields = fieldsOf(call.data);
  const amount = number(fields, "amount") ?? 100;
  const card = text(fields, "card") ?? "4000-0000";
  if (card === "expired") throw new ServiceFailure("card_expired", "the card has expired", { retryable: false });
  if (amount > LIMIT) {
    throw new ServiceFailure("card_refused", `the card's limit is ${LIMIT}, not ${amount}`, { retryable: false });
  }
  return call.commit((db) => {
    const authorization_id = identifier("a", call);
    const { changes } = db
      .prepare(
        `INSERT INTO authorizations (authorization_id, order_id, card, amount, status, journey, step, created_at)
         VALUES (?, ?, ?, ?, 'held', ?, ?, ?)
         ON CONFLICT (authorization_id) DO UPDATE SET status = 'held' WHERE status = 'released'`,
      )
      .run(
        authorization_id,
        text(fields, "order_id") ?? null,
        card,
        amount,
        call.uuid,
        call.step,
        new Date().toISOString(),
      );
    if (changes > 0) logEffect(db, call, `held ${amount} as ${authorization_id}`);
    return handOn(call.data, { authorization_id, amount });
  });
}

function releaseCard(call: Call): unknown {
  const { where, values } = meantBy(call, [["authorization_id", text(fieldsOf(call.data), "authorization_id")]]);
  return call.commit((db) => {
    const held = `SELECT * FROM authorizations WHERE status = 'held' AND ${where}`;
    const row = db.prepare<string[], AuthorizationRow>(held).get(...values);
    if (!row) return handOn(call.data, { released: false, note: "there is no such authorization" });
    db.prepare("UPDATE authorizations SET status = 'released' WHERE authorization_id = ?").run(row.authorization_id);
    logEffect(db, call, `released ${row.authorization_id}`);
    return handOn(call.data, { authorization_id: row.authorization_id, released: true });
  });
}

export const card: Sample = {
  definition: defineService({
    name: "card",
    version: "1",
    functions: { authorize_card: authorizeCard, release_card: releaseCard },
  }),
  migrations: [
    `CREATE TABLE authorizations (
       authorization_id TEXT PRIMARY KEY,
       order_id TEXT,
       card TEXT NOT NULL,
       amount REAL NOT NULL,
       status TEXT NOT NULL CHECK (status IN ('held', 'released')),
       journey TEXT NOT NULL,
       step TEXT NOT NULL,
       created_at TEXT NOT NULL
     );
     CREATE INDEX authorizations_journey ON authorizations (journey);
     ${EFFECTS_TABLE}`,
  ],
};
