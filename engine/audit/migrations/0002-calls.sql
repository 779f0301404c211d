-- Where calls are made from: a step of a flow version, forward or as one of its negations (undo = 1).
CREATE TABLE call_sites (
  id INTEGER PRIMARY KEY,
  flow_id INTEGER NOT NULL REFERENCES flows (id),
  step TEXT NOT NULL,
  service TEXT NOT NULL,
  function TEXT NOT NULL,
  undo INTEGER NOT NULL,
  UNIQUE (flow_id, step, service, function, undo)
) STRICT;

-- One command and how it went; outcome numbers stand in calls.ts.
CREATE TABLE calls (
  journey_id INTEGER NOT NULL,
  site_id INTEGER NOT NULL REFERENCES call_sites (id),
  attempt INTEGER NOT NULL,
  dispatched_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  outcome INTEGER NOT NULL,
  error_code TEXT,
  error_message TEXT,
  PRIMARY KEY (journey_id, site_id, attempt)
) STRICT, WITHOUT ROWID;

CREATE INDEX calls_by_site ON calls (site_id, dispatched_ms, outcome, ended_ms);
CREATE INDEX calls_open ON calls (site_id) WHERE outcome = 0;
