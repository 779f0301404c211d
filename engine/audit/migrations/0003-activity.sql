-- Operators' actions, one row each however many events an action made.
CREATE TABLE activity (
  at_ms INTEGER NOT NULL,
  journey_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  action_id TEXT NOT NULL,
  action TEXT NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  outcome TEXT NOT NULL,
  PRIMARY KEY (at_ms, journey_id, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX activity_by_action ON activity (journey_id, action_id);
CREATE INDEX activity_by_actor ON activity (actor, at_ms);
