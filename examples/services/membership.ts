/** Memberships of groups. Fails with `group_closed` for the group "closed". */
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

interface MembershipRow {
  membership_id: string;
  user_id: string | null;
  group_name: string;
}

function addMembership(call: Call): unknown {
  const fields = fieldsOf(call.data);
  const group = text(fields, "group") ?? "everyone";
  if (group === "closed") {
    throw new ServiceFailure("group_closed", `group ${group} takes no new members`, { retryable: false });
  }
  return call.commit((db) => {
    if (foundNothing(call, "removed"))
      return handOn(call.data, { added: false, note: "there was nothing to restore" });
    const membership_id = text(fields, "membership_id") ?? identifier("m", call);
    const { changes } = db
      .prepare(
        `INSERT OR IGNORE INTO memberships (membership_id, user_id, group_name, journey, step, added_at)
         VALUES (?, ?, ?, ?, ?, ?)`,
      )
      .run(membership_id, text(fields, "user_id") ?? null, group, call.uuid, call.step, new Date().toISOString());
    if (changes > 0) logEffect(db, call, `added ${membership_id}`);
    return handOn(call.data, { membership_id, group, added: changes > 0 });
  });
}

function removeMembership(call: Call): unknown {
  const fields = fieldsOf(call.data);
  const { where, values } = meantBy(call, [
    ["membership_id", text(fields, "membership_id")],
    ["user_id", text(fields, "user_id")],
  ]);
  return call.commit((db) => {
    const row = db.prepare<string[], MembershipRow>(`SELECT * FROM memberships WHERE ${where}`).get(...values);
    if (!row) return handOn(call.data, { removed: false, note: "there is no such membership" });
    db.prepare("DELETE FROM memberships WHERE membership_id = ?").run(row.membership_id);
    logEffect(db, call, `removed ${row.membership_id}`);
    return handOn(call.data, { membership_id: row.membership_id, group: row.group_name, removed: true });
  });
}

export const membership: Sample = {
  definition: defineService({
    name: "membership",
    version: "1",
    functions: { add_membership: addMembership, remove_membership: removeMembership },
  }),
  migrations: [
    `CREATE TABLE memberships (
       membership_id TEXT PRIMARY KEY,
       user_id TEXT,
       group_name TEXT NOT NULL,
       journey TEXT NOT NULL,
       step TEXT NOT NULL,
       added_at TEXT NOT NULL
     );
     CREATE INDEX memberships_journey ON memberships (journey);
     CREATE INDEX memberships_user ON memberships (user_id);
     ${EFFECTS_TABLE}`,
  ],
};
