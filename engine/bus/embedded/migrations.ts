/** The schema of the bus file, as numbered steps that are only added to. `user_version` counts those applied. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE topics (
    name TEXT PRIMARY KEY,
    partitions INTEGER NOT NULL,
    compacted INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- One row for each partition of a topic. "next" is the offset of the next record as retention last saw it; records
  -- above it count more, so that appends need not write here.
  CREATE TABLE logs (
    id INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    start INTEGER NOT NULL DEFAULT 0,
    next INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic, partition)
  ) STRICT;

  -- All partitions one after the other in the order of writing: a commit then touches the table's last page and small
  -- index pages only, about half the pages of a table clustered by partition and offset.
  CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    key TEXT,
    value TEXT,
    headers TEXT,
    UNIQUE (log, offset)
  ) STRICT;

  -- How far a group has come. "work": the positions of workers, which retention never overtakes.
  CREATE TABLE positions (
    id INTEGER PRIMARY KEY,
    consumer_group TEXT NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    next INTEGER NOT NULL,
    work INTEGER NOT NULL,
    UNIQUE (consumer_group, topic, partition)
  ) STRICT;

  -- The workers' state; "owner" is the id of their position. What is restored at a start is apart from closed entries,
  -- which are only looked up: it stays small, however much has ended. An entry may stand in both; then "state" counts.
  CREATE TABLE state (
    id INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (owner, key)
  ) STRICT;

  -- In the order of "closed_at": an entry that is closed again gets a new id.
  CREATE TABLE closed_state (
    id INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    closed_at INTEGER NOT NULL,
    UNIQUE (owner, key)
  ) STRICT;
  `,
];

/** Marks the file as a bus file ("AGBU"), so that another SQLite file is never taken for one. */
export const APPLICATION_ID = 0x41474255;
