-- From nothing to version 1. What the columns mean is said in ../schema.sql.
CREATE TABLE areas (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  removed_us INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE windows (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  area       TEXT,
  removed_us INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE clerks (
  id   TEXT PRIMARY KEY,
  name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE workstations (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  clerk      TEXT,
  removed_us INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE stores (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE streams (
  id            INTEGER PRIMARY KEY,
  key           TEXT NOT NULL UNIQUE,
  kind          TEXT NOT NULL,
  device        TEXT NOT NULL,
  name          TEXT NOT NULL,
  purpose       TEXT NOT NULL,
  legal_basis   TEXT NOT NULL,
  configured_us INTEGER NOT NULL,
  removed_us    INTEGER
) STRICT;

CREATE TABLE window_streams (
  window  TEXT NOT NULL,
  stream  INTEGER NOT NULL REFERENCES streams (id),
  role    TEXT NOT NULL,
  from_us INTEGER NOT NULL,
  to_us   INTEGER,
  PRIMARY KEY (window, stream, role, from_us)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  stream        INTEGER NOT NULL REFERENCES streams (id),
  start_us      INTEGER NOT NULL,
  mime          TEXT NOT NULL,
  video_init    BLOB NOT NULL,
  width         INTEGER NOT NULL,
  height        INTEGER NOT NULL,
  audio         TEXT NOT NULL,
  time_error_us INTEGER NOT NULL,
  PRIMARY KEY (stream, start_us)
) STRICT, WITHOUT ROWID;

CREATE TABLE segments (
  stream       INTEGER NOT NULL REFERENCES streams (id),
  start_us     INTEGER NOT NULL,
  run_age_us   INTEGER NOT NULL,
  duration_us  INTEGER NOT NULL,
  store        INTEGER NOT NULL REFERENCES stores (id),
  bytes        INTEGER NOT NULL,
  header_bytes INTEGER NOT NULL,
  suspect      INTEGER NOT NULL,
  sha256       BLOB NOT NULL,
  fragments    BLOB NOT NULL,
  PRIMARY KEY (stream, start_us)
) STRICT, WITHOUT ROWID;

CREATE TABLE gaps (
  stream   INTEGER NOT NULL REFERENCES streams (id),
  begin_us INTEGER NOT NULL,
  end_us   INTEGER,
  cause    TEXT NOT NULL,
  detail   TEXT NOT NULL,
  PRIMARY KEY (stream, begin_us)
) STRICT, WITHOUT ROWID;

CREATE TABLE titles (
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE shots (
  stream  INTEGER NOT NULL REFERENCES streams (id),
  at_us   INTEGER NOT NULL,
  title   INTEGER NOT NULL REFERENCES titles (id),
  program INTEGER NOT NULL REFERENCES titles (id),
  idle_ms INTEGER NOT NULL,
  PRIMARY KEY (stream, at_us)
) STRICT, WITHOUT ROWID;

CREATE TABLE items (
  id   INTEGER PRIMARY KEY,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  UNIQUE (code, name)
) STRICT;

CREATE TABLE cases (
  id        INTEGER PRIMARY KEY,
  number    TEXT NOT NULL,
  folded    TEXT NOT NULL UNIQUE,
  reversed  TEXT NOT NULL,
  item      INTEGER REFERENCES items (id),
  newest_us INTEGER NOT NULL
) STRICT;
CREATE INDEX cases_by_beginning ON cases (folded, newest_us);
CREATE INDEX cases_by_ending ON cases (reversed, newest_us);
CREATE INDEX cases_by_newest ON cases (newest_us);

CREATE TABLE events (
  id          INTEGER PRIMARY KEY,
  source      TEXT NOT NULL,
  source_id   TEXT NOT NULL,
  type        TEXT NOT NULL,
  at_us       INTEGER NOT NULL,
  window      TEXT NOT NULL,
  ticket      TEXT NOT NULL,
  case_id     INTEGER REFERENCES cases (id),
  step        TEXT NOT NULL,
  clerk       TEXT NOT NULL,
  item        INTEGER REFERENCES items (id),
  raw         TEXT NOT NULL,
  received_us INTEGER NOT NULL,
  UNIQUE (source, source_id)
) STRICT;
CREATE INDEX events_by_window ON events (window, at_us);
CREATE INDEX events_by_case ON events (case_id, at_us) WHERE case_id IS NOT NULL;
CREATE INDEX events_by_clerk ON events (clerk, at_us) WHERE clerk <> '';

CREATE VIEW case_steps AS
  SELECT id, case_id, at_us, step, window, clerk, source FROM events WHERE type = 'case_step';

CREATE TABLE visits (
  id                INTEGER PRIMARY KEY,
  window            TEXT NOT NULL,
  ticket            TEXT NOT NULL,
  clerk             TEXT NOT NULL,
  called_us         INTEGER NOT NULL,
  finished_us       INTEGER,
  finished_inferred INTEGER NOT NULL,
  called_event      INTEGER NOT NULL UNIQUE REFERENCES events (id),
  finished_event    INTEGER REFERENCES events (id)
) STRICT;
CREATE INDEX visits_by_window ON visits (window, called_us);
CREATE INDEX visits_by_clerk ON visits (clerk, called_us) WHERE clerk <> '';

CREATE TABLE links (
  case_id      INTEGER NOT NULL REFERENCES cases (id),
  visit        INTEGER NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
  source       TEXT NOT NULL,
  rule         TEXT NOT NULL,
  confidence   REAL NOT NULL,
  confirmed_by TEXT,
  PRIMARY KEY (case_id, visit)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_visit ON links (visit);

CREATE TABLE accounts (
  id            INTEGER PRIMARY KEY,
  login         TEXT NOT NULL UNIQUE,
  display_name  TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  created_us    INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
  token_hash BLOB PRIMARY KEY,
  account    INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_expiry ON sessions (expires_us);
