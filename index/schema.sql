-- The index of one hall, schema version 4: the place and its footage; schema_cases.sql goes on with cases. The two are the documentation and what
-- migrations/ must add up to (a test compares).
--
-- Conventions: _us is microseconds of UTC since 1970. Intervals are [from, to). STRICT: a column holds what it says.
-- PRAGMA application_id = 0x4D4A4958 ("MJIX"); PRAGMA user_version = schema version.

-- --- the place -------------------------------------------------------------------------------------------------------

-- The hall of the settings; one row, and one more for each id it had before.
CREATE TABLE halls (
  id       TEXT PRIMARY KEY,
  name     TEXT NOT NULL,
  timezone TEXT NOT NULL             -- how times are shown and how "yesterday" is read
) STRICT, WITHOUT ROWID;

CREATE TABLE areas (
  id         TEXT PRIMARY KEY,       -- as in the settings
  name       TEXT NOT NULL,
  removed_us INTEGER                 -- since when it is no longer in the settings; rows stay because old visits name them
) STRICT, WITHOUT ROWID;

CREATE TABLE windows (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,          -- as people say it: 3号窗口
  area       TEXT,                   -- areas.id
  removed_us INTEGER
) STRICT, WITHOUT ROWID;

-- Clerks of the settings, and those whom a feed named first (then the name is the staff number until the settings say more).
CREATE TABLE clerks (
  id   TEXT PRIMARY KEY,       -- staff number (工号)
  name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE workstations (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  clerk      TEXT,                   -- who usually sits there
  removed_us INTEGER
) STRICT, WITHOUT ROWID;

-- --- footage ---------------------------------------------------------------------------------------------------------

CREATE TABLE stores (
  id   INTEGER PRIMARY KEY,          -- short, because every segment row carries it
  name TEXT NOT NULL UNIQUE          -- as in the settings
) STRICT;

CREATE TABLE streams (
  id            INTEGER PRIMARY KEY,
  key           TEXT NOT NULL UNIQUE,  -- cam-w1.main
  kind          TEXT NOT NULL,         -- main, sub, screen
  device        TEXT NOT NULL,         -- camera or workstation
  name          TEXT NOT NULL,
  purpose       TEXT NOT NULL,         -- why it records (PIPL art. 26), shown to reviewers
  legal_basis   TEXT NOT NULL,
  configured_us INTEGER NOT NULL,      -- the coverage ledger begins here
  removed_us    INTEGER                -- and ends here
) STRICT;

-- Which streams showed a window, when. An old case opens the camera that watched that window then.
CREATE TABLE window_streams (
  window  TEXT NOT NULL,
  stream  INTEGER NOT NULL REFERENCES streams (id),
  role    TEXT NOT NULL,             -- counter, screen, area
  from_us INTEGER NOT NULL,
  to_us   INTEGER,                   -- NULL: still so
  PRIMARY KEY (window, stream, role, from_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX window_streams_by_stream ON window_streams (stream);

-- A stretch of a stream with one codec configuration and one clock mapping.
CREATE TABLE runs (
  stream        INTEGER NOT NULL REFERENCES streams (id),
  start_us      INTEGER NOT NULL,
  mime          TEXT NOT NULL,
  video_init    BLOB NOT NULL,       -- ftyp + moov of the video track alone
  width         INTEGER NOT NULL,
  height        INTEGER NOT NULL,
  audio         TEXT NOT NULL,
  time_error_us INTEGER NOT NULL,    -- bound of |wall time of a sample − true time|
  PRIMARY KEY (stream, start_us)
) STRICT, WITHOUT ROWID;

-- One closed file each. 20 million rows in a large hall, so differences instead of whole times.
CREATE TABLE segments (
  stream       INTEGER NOT NULL REFERENCES streams (id),
  start_us     INTEGER NOT NULL,     -- with the stream, the file's name
  run_age_us   INTEGER NOT NULL,     -- start_us − runs.start_us
  duration_us  INTEGER NOT NULL,
  store        INTEGER NOT NULL REFERENCES stores (id),
  bytes        INTEGER NOT NULL,
  header_bytes INTEGER NOT NULL,     -- ftyp + moov + uuid: where the first fragment begins
  suspect      INTEGER NOT NULL,     -- 1: a write or fsync failed; the bytes may not be there
  sha256       BLOB NOT NULL,        -- of the file; the next segment's file carries it too (the chain)
  fragments    BLOB NOT NULL,        -- fragment_codec.h; of a camera joined to places of about 2 s (joined.h)
  PRIMARY KEY (stream, start_us)
) STRICT, WITHOUT ROWID;

-- Footage without a break, of closed segments: a row for hours or days, so that a timeline of 90 days need not read a row for each
-- minute. Kept with every row of segments (spans.cpp). A hole that has a row in gaps is one all the same.
CREATE TABLE spans (
  stream   INTEGER NOT NULL REFERENCES streams (id),
  begin_us INTEGER NOT NULL,
  end_us   INTEGER NOT NULL,
  PRIMARY KEY (stream, begin_us)
) STRICT, WITHOUT ROWID;

-- Time without footage, with a cause. Never overlaps a fragment of its stream. At most one per stream is open.
CREATE TABLE gaps (
  stream   INTEGER NOT NULL REFERENCES streams (id),
  begin_us INTEGER NOT NULL,
  end_us   INTEGER,                  -- NULL: still open
  cause    TEXT NOT NULL,            -- GapCause by name
  detail   TEXT NOT NULL,            -- a sentence for people
  PRIMARY KEY (stream, begin_us)
) STRICT, WITHOUT ROWID;

-- Segments on their way out: no longer in the ledger, their file perhaps still there. From the decision to the moment when the
-- file is durably gone; whatever happens in between, the next turn of the purge goes on from here.
CREATE TABLE garbage (
  stream      INTEGER NOT NULL REFERENCES streams (id),
  start_us    INTEGER NOT NULL,      -- with the stream, the file's name
  duration_us INTEGER NOT NULL,
  store       INTEGER NOT NULL REFERENCES stores (id),
  bytes       INTEGER NOT NULL,
  sha256      BLOB NOT NULL,
  rule        TEXT NOT NULL,         -- why it may go: 'retention.days = 90'
  since_us    INTEGER NOT NULL,      -- when that was decided
  PRIMARY KEY (stream, start_us)
) STRICT, WITHOUT ROWID;

-- Every deletion leaves a record. What was deleted on one day (UTC) by one rule, with no footage left between, is one row, so that the
-- table stays small. A gap within it stays the gap it was.
CREATE TABLE purges (
  stream   INTEGER NOT NULL REFERENCES streams (id),
  begin_us INTEGER NOT NULL,         -- all footage of [begin_us, end_us) is gone
  end_us   INTEGER NOT NULL,
  rule     TEXT NOT NULL,
  first_us INTEGER NOT NULL,         -- when its first file was gone
  last_us  INTEGER NOT NULL,         -- and its last
  segments INTEGER NOT NULL,
  bytes    INTEGER NOT NULL,
  sha256   BLOB NOT NULL,            -- of the newest of them: the chain goes on from here
  PRIMARY KEY (stream, begin_us)
) STRICT, WITHOUT ROWID;

-- Footage that must not be deleted, because of a case or because somebody named streams and an interval. Rows are never removed, and a
-- hold is only ever widened. Each change is also a line of holds.log beside the index's folder, from which a lost index takes them again.
CREATE TABLE holds (
  id            INTEGER PRIMARY KEY,
  placed_us     INTEGER NOT NULL UNIQUE,  -- by this holds.log knows it: two holds never have the same
  case_number   TEXT NOT NULL,       -- as typed; empty: a hold of streams
  folded        TEXT NOT NULL,       -- as cases.folded; the case need not be in this index
  reason        TEXT NOT NULL,
  login         TEXT NOT NULL,       -- of who placed it, as it was then
  name          TEXT NOT NULL,
  lifted_us     INTEGER,             -- NULL: in force
  lifted_login  TEXT,
  lifted_name   TEXT,
  lifted_reason TEXT
) STRICT;
CREATE INDEX holds_of_case ON holds (folded) WHERE lifted_us IS NULL;

-- What a hold protects. Intervals of one hold may overlap; several holds may protect the same second.
CREATE TABLE held (
  hold    INTEGER NOT NULL REFERENCES holds (id),
  stream  TEXT NOT NULL,             -- streams.key; the stream need not be in this index
  from_us INTEGER NOT NULL,
  to_us   INTEGER NOT NULL,
  PRIMARY KEY (hold, stream, from_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX held_by_stream ON held (stream, to_us);

-- Lines that holds.log does not have yet: written before the transaction that made them commits, so empty unless the log cannot be written.
CREATE TABLE holds_unlogged (
  id   INTEGER PRIMARY KEY,
  line TEXT NOT NULL
) STRICT;

-- Who looked at what, and asked for what to be decided or held: rows are only ever added. Each is also a line of register.log beside the index's folder, written first; from there
-- a lost index takes them again.
CREATE TABLE register (
  id      INTEGER PRIMARY KEY,      -- the number of its line in register.log
  at_us   INTEGER NOT NULL,
  login   TEXT NOT NULL,            -- of who did it, as it was then
  name    TEXT NOT NULL,
  action  TEXT NOT NULL,            -- view, search, register (read this), decide, hold, lift, alert
  stream  TEXT,                     -- streams.key; the stream need not be in this index; NULL: of no one stream
  from_us INTEGER,                  -- what was opened, in whole minutes; NULL: no interval
  to_us   INTEGER,
  about   TEXT,                     -- case number, query, number of the hold or alert
  reason  TEXT                      -- as it was given
) STRICT;
CREATE INDEX register_by_time ON register (at_us);

-- One row: how late it is at least, as far as the purge believes the host's clock (purge_clock.h).
CREATE TABLE purge_clock (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  believed_us INTEGER NOT NULL
) STRICT;

-- Footage dated [from_us, to_us) was recorded while the host's clock was wrong, really not before recorded_us; its age counts from there.
CREATE TABLE misdated (
  from_us     INTEGER PRIMARY KEY,
  to_us       INTEGER NOT NULL,
  recorded_us INTEGER NOT NULL
) STRICT;

-- The clock of a camera compared with ours, by its sender reports: now and then, and when it jumps. Footage is never dated by it.
CREATE TABLE clock_offsets (
  stream    INTEGER NOT NULL REFERENCES streams (id),
  at_us     INTEGER NOT NULL,
  offset_us INTEGER NOT NULL,        -- camera − ours
  error_us  INTEGER NOT NULL,        -- bound of how wrong that is
  PRIMARY KEY (stream, at_us)
) STRICT, WITHOUT ROWID;

-- Window titles and programs repeat all day: each is stored once.
CREATE TABLE titles (
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- What a workstation's screen was about at the instant of a shot. The picture is a fragment of the stream.
CREATE TABLE shots (
  stream  INTEGER NOT NULL REFERENCES streams (id),
  at_us   INTEGER NOT NULL,
  title   INTEGER NOT NULL REFERENCES titles (id),
  program INTEGER NOT NULL REFERENCES titles (id),
  idle_ms INTEGER NOT NULL,
  kind    INTEGER NOT NULL DEFAULT 0,  -- 1: no picture of its own, every pixel was as in the shot before
  locked  INTEGER NOT NULL DEFAULT 0,  -- 1: the session was locked
  PRIMARY KEY (stream, at_us)
) STRICT, WITHOUT ROWID;

-- What shows that somebody worked at a window, as one of its streams saw it (so far a workstation's screen; a camera may be another
-- witness). No row says that nobody was there: the clerk may have talked, or read paper. Goes with its shots. Rows of a stream do not overlap;
-- where a row ends as another of the same state begins, there was one touch between. A screen that an agent found locked makes no shots but a
-- gap (screen_locked): that counts as locked too, without a row here.
CREATE TABLE presence (
  stream  INTEGER NOT NULL REFERENCES streams (id),
  from_us INTEGER NOT NULL,          -- of idle: of the last input
  to_us   INTEGER,                   -- NULL: to the stream's last shot
  state   TEXT NOT NULL,             -- input (keyboard or mouse within 60 s), idle, locked
  PRIMARY KEY (stream, from_us)
) STRICT, WITHOUT ROWID;

-- --- agents of workstations --------------------------------------------------------------------------------------------

-- Every key that was ever enrolled; at most one of a workstation is in force.
CREATE TABLE agents (
  agent       TEXT PRIMARY KEY,      -- first 16 hex digits of SHA-256 of the key
  workstation TEXT NOT NULL,
  public_key  BLOB NOT NULL,         -- Ed25519
  enrolled_us INTEGER NOT NULL,
  revoked_us  INTEGER,               -- since when it may not come any more: revoked, or another was enrolled
  heard_us    INTEGER                -- when it last proved itself (once an hour)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX agents_in_force ON agents (workstation) WHERE revoked_us IS NULL;

-- Codes that were given out and not used yet.
CREATE TABLE enrolment_codes (
  code_hash   BLOB PRIMARY KEY,      -- SHA-256 of the code: a copy of the index enrols nobody
  workstation TEXT NOT NULL,
  expires_us  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How far the entries of an agent are durable here: all up to `number`.
CREATE TABLE agent_entries (
  stream        INTEGER NOT NULL REFERENCES streams (id),
  agent         TEXT NOT NULL,
  number        INTEGER NOT NULL,
  chain         BLOB NOT NULL,       -- SHA-256 of that entry: what the next must name; zero: not known
  at_us         INTEGER NOT NULL,    -- its moment
  state         TEXT NOT NULL,       -- GapCause by name, if it said that there is no picture; else empty
  detail        TEXT NOT NULL,
  nominal_us    INTEGER NOT NULL,    -- of its newest shot: longer than configured: thinned, its spool is tight
  configured_us INTEGER NOT NULL,
  missing       INTEGER NOT NULL,    -- numbers up to `number` of which nothing is here
  breaks        INTEGER NOT NULL,    -- entries that did not name the hash of the one before
  PRIMARY KEY (stream, agent)
) STRICT, WITHOUT ROWID;
