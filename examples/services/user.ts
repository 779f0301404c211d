/** Accounts. Fails with `invalid_email` and `email_blocked` (any address at blocked.example). */
import { type Call, defineService, ServiceFailure } from "../../engine/service/define.ts";
import {
  EFFECTS_TABLE,
  fieldsOf,
  foundNothing,
  handOn,
  identifier,
  logEffect,
  meantBy,
  type Sample,
  text,
} from "./sample.ts";

interface UserRow {
  user_id: string;
  name: string;
  email: string;
}

function createUser(call: Call): unknown {
  const fields = fieldsOf(call.data);
  const name = text(fields, "name") ?? "Somebody";
  const email = text(fields, "email") ?? `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, ".")}@example.com`;
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) {
    throw new ServiceFailure("invalid_email", `"${email}" is no e-mail address`, { retryable: false });
  }
  if (email.endsWith("@blocked.example")) {
    throw new ServiceFailure("email_blocked", `${email} is on the block list`, { retryable: false });
  }
  return call.commit((db) => {
    if (foundNothing(call, "deleted"))
      return handOn(call.data, { created: false, note: "there was nothing to restore" });
    const user_id = text(fields, "user_id") ?? identifier("u", call);
    const { changes } = db
      .prepare(
        "INSERT OR IGNORE INTO users (user_id, name, email, journey, step, created_at) VALUES (?, ?, ?, ?, ?, ?)",
      )
      .run(user_id, name, email, call.uuid, call.step, new Date().toISOString());
    if (changes > 0) logEffect(db, call, `created ${user_id}`);
    return handOn(call.data, { user_id, name, email, created: changes > 0 });
  });
}

function deleteUser(call: Call): unknown {
  const { where, values } = meantBy(call, [["user_id", text(fieldsOf(call.data), "user_id")]]);
  return call.commit((db) => {
    const row = db.prepare<string[], UserRow>(`SELECT * FROM users WHERE ${where}`).get(...values);
    if (!row) return handOn(call.data, { deleted: false, note: "there is no such user" });
    db.prepare("DELETE FROM users WHERE user_id = ?").run(row.user_id);
    logEffect(db, call, `deleted ${row.user_id}`);
    const { name, email } = row;
    return handOn(call.data, { user_id: row.user_id, name, email, deleted: true });
  });
}

export const user: Sample = {
  definition: defineService({
    name: "user",
    version: "1",
    functions: { create_user: createUser, delete_user: deleteUser },
  }),
  migrations: [
    `CREATE TABLE users (
       user_id TEXT PRIMARY KEY,
       name TEXT NOT NULL,
       email TEXT NOT NULL,
       journey TEXT NOT NULL,
       step TEXT NOT NULL,
       created_at TEXT NOT NULL
     );
     CREATE INDEX users_journey ON users (journey);
     ${EFFECTS_TABLE}`,
  ],
};
