/** Licences. Fails with `quota_exceeded` once the plan's seats are taken: "enterprise" has 5, other plans have no end. */
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

interface LicenseRow {
  license_id: string;
  user_id: string | null;
  plan: string;
}

function addLicense(call: Call): unknown {
  const fields = fieldsOf(call.data);
  const plan = text(fields, "plan") ?? "team";
  return call.commit((db) => {
    if (foundNothing(call, "removed"))
      return handOn(call.data, { added: false, note: "there was nothing to restore" });
    const license_id = text(fields, "license_id") ?? identifier("l", call);
    const known = db.prepare("SELECT 1 FROM licenses WHERE license_id = ?").get(license_id);
    if (known) return handOn(call.data, { license_id, plan, added: false });
    const seats = db.prepare<[string], { seats: number }>("SELECT seats FROM plans WHERE plan = ?").get(plan)?.seats;
    const taken = db.prepare<[string], number>("SELECT count(*) FROM licenses WHERE plan = ?").pluck().get(plan) ?? 0;
    if (seats !== undefined && taken >= seats) {
      throw new ServiceFailure("quota_exceeded", `plan ${plan} has ${seats} seats, and all are taken`);
    }
    db.prepare(
      "INSERT INTO licenses (license_id, user_id, plan, journey, step, added_at) VALUES (?, ?, ?, ?, ?, ?)",
    ).run(license_id, text(fields, "user_id") ?? null, plan, call.uuid, call.step, new Date().toISOString());
    logEffect(db, call, `added ${license_id}`);
    return handOn(call.data, { license_id, plan, added: true });
  });
}

function removeLicense(call: Call): unknown {
  const fields = fieldsOf(call.data);
  const { where, values } = meantBy(call, [
    ["license_id", text(fields, "license_id")],
    ["user_id", text(fields, "user_id")],
  ]);
  return call.commit((db) => {
    const row = db.prepare<string[], LicenseRow>(`SELECT * FROM licenses WHERE ${where}`).get(...values);
    if (!row) return handOn(call.data, { removed: false, note: "there is no such license" });
    db.prepare("DELETE FROM licenses WHERE license_id = ?").run(row.license_id);
    logEffect(db, call, `removed ${row.license_id}`);
    return handOn(call.data, { license_id: row.license_id, plan: row.plan, removed: true });
  });
}

function logRemoval(call: Call): unknown {
  const fields = fieldsOf(call.data);
  const license_id = text(fields, "license_id") ?? null;
  return call.commit((db) => {
    db.prepare("INSERT INTO removals (license_id, user_id, journey, step, logged_at) VALUES (?, ?, ?, ?, ?)").run(
      license_id,
      text(fields, "user_id") ?? null,
      call.uuid,
      call.undo?.step ?? call.step,
      new Date().toISOString(),
    );
    logEffect(db, call, `logged the removal of ${license_id ?? "a license that may not exist"}`);
    return handOn(call.data, { logged: true });
  });
}

export const license: Sample = {
  definition: defineService({
    name: "license",
    version: "1",
    functions: { add_license: addLicense, remove_license: removeLicense, log_removal: logRemoval },
  }),
  migrations: [
    `CREATE TABLE plans (plan TEXT PRIMARY KEY, seats INTEGER NOT NULL);
     INSERT INTO plans VALUES ('enterprise', 5);
     CREATE TABLE licenses (
       license_id TEXT PRIMARY KEY,
       user_id TEXT,
       plan TEXT NOT NULL,
       journey TEXT NOT NULL,
       step TEXT NOT NULL,
       added_at TEXT NOT NULL
     );
     CREATE INDEX licenses_journey ON licenses (journey);
     CREATE INDEX licenses_plan ON licenses (plan);
     CREATE INDEX licenses_user ON licenses (user_id);
     CREATE TABLE removals (
       n INTEGER PRIMARY KEY,
       license_id TEXT,
       user_id TEXT,
       journey TEXT NOT NULL,
       step TEXT NOT NULL,
       logged_at TEXT NOT NULL
     );
     ${EFFECTS_TABLE}`,
  ],
};
