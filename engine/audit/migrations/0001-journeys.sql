-- The audit cache: journey events as they were read from the topic, and what is derived from them. Everything here can
-- be made again from the topic, so the file is disposable. Migrations are only added to.

-- Counters and marks of the cache as a whole.
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Up to where the topic is ingested; written in one transaction with what was ingested.
CREATE TABLE positions (
  partition INTEGER PRIMARY KEY,
  next_offset INTEGER NOT NULL
) STRICT;

CREATE TABLE flows (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  UNIQUE (name, version)
) STRICT;

CREATE TABLE services (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- A facet is a flow version together with the set of services called so far (sorted ids, a JSON list): everything that
-- lists filter by for equality, but the status, folded into one number. A flow of n steps has about n facets.
CREATE TABLE facets (
  id INTEGER PRIMARY KEY,
  flow_id INTEGER NOT NULL REFERENCES flows (id),
  services TEXT NOT NULL,
  UNIQUE (flow_id, services)
) STRICT;

-- Journeys by facet and status, kept current with every ingested batch.
CREATE TABLE facet_counts (
  facet_id INTEGER NOT NULL,
  status INTEGER NOT NULL,
  journeys INTEGER NOT NULL,
  PRIMARY KEY (facet_id, status)
) STRICT, WITHOUT ROWID;

-- Kinds of failures: a failing function in a flow, and its message with ids and numbers taken out.
CREATE TABLE failures (
  id INTEGER PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  flow_id INTEGER NOT NULL REFERENCES flows (id),
  service TEXT NOT NULL,
  function TEXT NOT NULL,
  code TEXT,
  message TEXT NOT NULL,
  UNIQUE (flow_id, fingerprint)
) STRICT;

-- The id holds the time of the start (see journey-key.ts): so the table itself, and every index by its rowid, is in the
-- order of starts. Times are milliseconds since 1970; status numbers stand in journey-key.ts.
CREATE TABLE journeys (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL,
  facet_id INTEGER NOT NULL REFERENCES facets (id),
  status INTEGER NOT NULL,
  started_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  duration_ms INTEGER,
  seq INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  places TEXT NOT NULL,
  failure_id INTEGER REFERENCES failures (id),
  error_code TEXT,
  error_message TEXT,
  replay_of TEXT,
  parent_uuid TEXT,
  parent_step TEXT
) STRICT;

CREATE UNIQUE INDEX journeys_by_uuid ON journeys (uuid);
CREATE INDEX journeys_by_status ON journeys (status);
CREATE INDEX journeys_by_facet ON journeys (facet_id, status);
-- With the failure or the facet at hand, so that an error in any order or under other filters needs no look at rows.
CREATE INDEX journeys_by_end ON journeys (facet_id, status, ended_ms, id, failure_id) WHERE ended_ms IS NOT NULL;
CREATE INDEX journeys_by_duration ON journeys (facet_id, status, duration_ms, id, failure_id) WHERE duration_ms IS NOT NULL;
CREATE INDEX journeys_by_failure ON journeys (failure_id, status, id, facet_id) WHERE failure_id IS NOT NULL;
CREATE INDEX journeys_with_gaps ON journeys (id) WHERE missing > 0;

-- The events word for word; the others are derived from these. Clustered, so that a journey is read in one go.
CREATE TABLE events (
  journey_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (journey_id, seq)
) STRICT, WITHOUT ROWID;
