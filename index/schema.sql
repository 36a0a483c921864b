-- The index of one hall, schema version 4. This file is the documentation and what migrations/ must add up to (a test compares).
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

-- --- case facts ------------------------------------------------------------------------------------------------------

-- promised_days and risk are what was said of the item for the newest moment (*_told_us), whenever it arrived.
CREATE TABLE items (
  id   INTEGER PRIMARY KEY,
  code TEXT NOT NULL,                -- may be empty when a feed only knows the name
  name TEXT NOT NULL,
  promised_days    INTEGER,          -- 承诺时限, in days
  promised_told_us INTEGER NOT NULL DEFAULT 0,
  risk             TEXT,             -- integrity risk level (廉政风险等级) A, B or C; A is the highest
  risk_told_us     INTEGER NOT NULL DEFAULT 0,
  UNIQUE (code, name)
) STRICT;

CREATE TABLE cases (
  id        INTEGER PRIMARY KEY,
  number    TEXT NOT NULL,           -- as first seen
  folded    TEXT NOT NULL UNIQUE,    -- as compared: fold_case_number()
  reversed  TEXT NOT NULL,           -- folded from its end, so that a search by ending is a range too
  item      INTEGER REFERENCES items (id),
  newest_us INTEGER NOT NULL         -- of its visits, else of its events; what lists are ordered by
) STRICT;
CREATE INDEX cases_by_beginning ON cases (folded, newest_us);
CREATE INDEX cases_by_ending ON cases (reversed, newest_us);
CREATE INDEX cases_by_newest ON cases (newest_us);

-- What feeds said, word for word and for ever. Nothing is overwritten: an event that corrects or withdraws another stands beside it and
-- makes it no longer count. Everything else about tickets, steps and clerks is derived from the events that count (the view
-- `facts`) and can be derived again; which count is a function of what is stored, not of the order in which it came (corrections.h).
CREATE TABLE events (
  id          INTEGER PRIMARY KEY,
  source      TEXT NOT NULL,         -- feed
  source_id   TEXT NOT NULL,         -- the feed's own id of the event: the same again changes nothing
  type        TEXT NOT NULL,         -- ticket_called, ticket_finished, case_step, roster, sign_in, sign_out, rating, complaint, withdrawn
  at_us       INTEGER NOT NULL,      -- by our clock; the feed said at_us + clock_offset_us
  window      TEXT NOT NULL,         -- empty: not said
  ticket      TEXT NOT NULL,
  case_id     INTEGER REFERENCES cases (id),
  step        TEXT NOT NULL,         -- accepted, supplement, concluded or the feed's own word
  clerk       TEXT NOT NULL,
  item        INTEGER REFERENCES items (id),
  raw         TEXT NOT NULL,         -- the event's JSON as received
  received_us INTEGER NOT NULL,
  clock_offset_us INTEGER NOT NULL DEFAULT 0,  -- feed's clock − ours, as the settings said when it came
  corrects    TEXT,                  -- source_id of the event of this feed that it replaces or, when withdrawn, takes back
  counts      INTEGER NOT NULL DEFAULT 1,      -- 0: corrected, withdrawn, or itself a withdrawal
  until_us    INTEGER,               -- of a roster: to the end of the duty
  score       INTEGER,               -- of a rating (好差评): 5 very satisfied … 1 very dissatisfied
  note        TEXT,                  -- words of a rating or complaint
  UNIQUE (source, source_id)
) STRICT;
CREATE INDEX events_by_window ON events (window, at_us);
CREATE INDEX events_by_case ON events (case_id, at_us) WHERE case_id IS NOT NULL;
CREATE INDEX events_by_clerk ON events (clerk, at_us) WHERE clerk <> '';
CREATE INDEX events_by_correction ON events (source, corrects) WHERE corrects IS NOT NULL;
-- Who was on duty is asked for every step; these two hold a few rows per clerk and day. The views name their condition word for
-- word, because only then SQLite uses them.
CREATE INDEX duty_by_clerk ON events (clerk, at_us) WHERE type IN ('roster', 'sign_in', 'sign_out');
CREATE INDEX duty_by_window ON events (window, at_us) WHERE type IN ('roster', 'sign_in', 'sign_out');

-- The events that count. All derivation reads this and nothing else.
CREATE VIEW facts AS
  SELECT id, source, source_id, type, at_us, until_us, window, ticket, case_id, step, clerk, item, score, note
  FROM events WHERE counts = 1;

-- The steps of a case, as the approval system saw them.
CREATE VIEW case_steps AS
  SELECT id, case_id, at_us, step, window, clerk, source FROM events WHERE type = 'case_step' AND counts = 1;

-- What people said of a visit or case at the rating device (好差评); window, ticket and clerk may be empty, case_id NULL.
CREATE VIEW ratings AS
  SELECT id, at_us, window, ticket, case_id, clerk, score, note, source FROM events WHERE type = 'rating' AND counts = 1;

CREATE VIEW complaints AS
  SELECT id, at_us, window, ticket, case_id, clerk, note, source FROM events WHERE type = 'complaint' AND counts = 1;

-- The dated mapping clerk ↔ window: [from_us, to_us). A roster says both ends (at most 31 d apart); a sign-in lasts until the same clerk
-- signs in or out anywhere, somebody else signs in at that window, or 16 h have passed. Both may be told, and differ: whoever asks decides.
-- Ask with from_us bounded from below (31 d, or 16 h for sign_in) and clerk or window given: then it is one short range of an index.
CREATE VIEW clerk_windows AS
  SELECT clerk, window, at_us AS from_us, until_us AS to_us, 'roster' AS said_by, id AS event FROM events
  WHERE type IN ('roster', 'sign_in', 'sign_out') AND type = 'roster' AND counts = 1
  UNION ALL
  SELECT clerk, window, at_us,
    min(at_us + 57600000000,
        ifnull((SELECT next.at_us FROM events AS next
                WHERE next.type IN ('roster', 'sign_in', 'sign_out') AND next.type <> 'roster' AND next.counts = 1
                  AND next.clerk = events.clerk AND next.at_us > events.at_us ORDER BY next.at_us LIMIT 1), 9223372036854775807),
        ifnull((SELECT next.at_us FROM events AS next
                WHERE next.type IN ('roster', 'sign_in', 'sign_out') AND next.type = 'sign_in' AND next.counts = 1
                  AND next.window = events.window AND next.at_us > events.at_us ORDER BY next.at_us LIMIT 1), 9223372036854775807)),
    'sign_in', id
  FROM events WHERE type IN ('roster', 'sign_in', 'sign_out') AND type = 'sign_in' AND counts = 1;

-- How far a feed's clock seems to run ahead of ours: in each hour of our clock the greatest (time it said − time it arrived). A feed that
-- tells at once is late by little, so that this is close below its true offset; an import of old facts says nothing here.
CREATE TABLE feed_clocks (
  source   TEXT NOT NULL,
  hour_us  INTEGER NOT NULL,
  ahead_us INTEGER NOT NULL,
  events   INTEGER NOT NULL,         -- that were looked at
  PRIMARY KEY (source, hour_us)
) STRICT, WITHOUT ROWID;

-- How far a feed that we ask ourselves (SQL) has been read: the greatest value of its cursor column.
CREATE TABLE feed_cursors (
  source   TEXT PRIMARY KEY,
  cursor   TEXT NOT NULL,
  moved_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One person served at one window. Derived from events and titles by links.cpp; may have no case.
CREATE TABLE visits (
  id                INTEGER PRIMARY KEY,
  window            TEXT NOT NULL,
  ticket            TEXT NOT NULL,   -- empty: no queue system told of it
  ticket_key        TEXT NOT NULL,   -- in small letters and without any zero, so that A12 finds A012; what it finds is compared again
  clerk             TEXT NOT NULL,   -- empty: nobody said
  called_us         INTEGER NOT NULL,
  finished_us       INTEGER,
  finished_inferred INTEGER NOT NULL,  -- 1: nobody said it ended, but the next ticket was called
  called_event      INTEGER UNIQUE REFERENCES events (id),  -- NULL: inferred
  finished_event    INTEGER REFERENCES events (id),
  inferred          INTEGER NOT NULL,  -- 1: no queue system told of it; steps and titles show that somebody was served
  cases             INTEGER NOT NULL,  -- links that no person rejected
  rating            INTEGER            -- what the visitor gave it (好差评): 5 very satisfied … 1 very dissatisfied
) STRICT;
CREATE INDEX visits_by_window ON visits (window, called_us);
CREATE INDEX visits_by_clerk ON visits (clerk, called_us) WHERE clerk <> '';
CREATE INDEX visits_by_call ON visits (called_us);
CREATE INDEX visits_by_ticket ON visits (ticket_key, called_us) WHERE ticket <> '';
CREATE INDEX visits_without_case ON visits (called_us) WHERE cases = 0;

-- What persons said of a visit and a case. Rows are only ever added; the newest of a pair counts. A visit with one is never removed.
CREATE TABLE decisions (
  id      INTEGER PRIMARY KEY,
  visit   INTEGER NOT NULL REFERENCES visits (id),
  case_id INTEGER NOT NULL REFERENCES cases (id),
  action  TEXT NOT NULL,             -- confirm, reject, add
  login   TEXT NOT NULL,             -- of the person, as it was then
  name    TEXT NOT NULL,
  reason  TEXT NOT NULL,
  at_us   INTEGER NOT NULL
) STRICT;
CREATE INDEX decisions_by_visit ON decisions (visit, case_id, id);

-- Why the system believes that a visit was about a case: the strongest reason of each pair, and over it a person's word.
CREATE TABLE links (
  case_id    INTEGER NOT NULL REFERENCES cases (id),
  visit      INTEGER NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
  source     TEXT NOT NULL,          -- queue, step, screen_title, rating, manual (no rule says so, only a person)
  rule       TEXT NOT NULL,          -- of links.cpp, or said_by_person
  confidence REAL NOT NULL,          -- 0 … 1
  from_us    INTEGER NOT NULL,       -- the part of the visit that was about the case
  to_us      INTEGER,                -- NULL: not over yet
  state      TEXT NOT NULL,          -- inferred, confirmed, rejected, added
  decision   INTEGER REFERENCES decisions (id),  -- whose word made the state; NULL while inferred
  PRIMARY KEY (case_id, visit)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_visit ON links (visit);

-- --- search ----------------------------------------------------------------------------------------------------------

-- Since when and until when a screen showed a title: one row where shots are many. Goes with its shots.
CREATE TABLE sightings (
  stream   INTEGER NOT NULL REFERENCES streams (id),
  from_us  INTEGER NOT NULL,         -- of its first shot
  to_us    INTEGER,                  -- NULL: to the stream's last shot
  title    INTEGER NOT NULL REFERENCES titles (id),
  numbered INTEGER NOT NULL,         -- 1: the title holds what may be a case number
  PRIMARY KEY (stream, from_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX sightings_by_title ON sightings (title, from_us);
CREATE INDEX sightings_with_number ON sightings (stream, from_us) WHERE numbered = 1;

-- What in a title may be a case number, also of a case that nobody has told of yet.
CREATE TABLE title_numbers (
  folded TEXT NOT NULL,              -- as cases.folded
  title  INTEGER NOT NULL REFERENCES titles (id),
  PRIMARY KEY (folded, title)
) STRICT, WITHOUT ROWID;
CREATE INDEX title_numbers_by_title ON title_numbers (title);

-- [cases] title_patterns of the settings: what else a case number in a title looks like.
CREATE TABLE title_patterns (
  pattern TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- How clerks' names are read aloud: wangfang and wf for 王芳.
CREATE TABLE clerk_keys (
  key   TEXT NOT NULL,
  clerk TEXT NOT NULL,
  name  TEXT NOT NULL,               -- that was read: a name that changed is read again
  PRIMARY KEY (key, clerk)
) STRICT, WITHOUT ROWID;

CREATE INDEX cases_by_item ON cases (item, newest_us) WHERE item IS NOT NULL;

-- The grams of texts (grams.h), without the texts: rowid is titles.id, items.id, and for notes 2 × decisions.id or 2 × events.id + 1.
-- The texts never change, so that these never have to: up to word_marks.upto all are in (words.h).
CREATE VIRTUAL TABLE title_words USING fts5 (grams, content = '', columnsize = 0, detail = none, tokenize = 'ascii');
CREATE VIRTUAL TABLE item_words USING fts5 (grams, content = '', columnsize = 0, detail = none, tokenize = 'ascii');
CREATE VIRTUAL TABLE note_words USING fts5 (grams, content = '', columnsize = 0, detail = none, tokenize = 'ascii');
CREATE TABLE word_marks (
  texts TEXT PRIMARY KEY,            -- titles, items, decisions, events; numbers: titles, for case numbers, newest first (titles.h)
  upto  INTEGER NOT NULL             -- the last id that was looked at
) STRICT, WITHOUT ROWID;

-- --- who may look ----------------------------------------------------------------------------------------------------

CREATE TABLE accounts (
  id            INTEGER PRIMARY KEY,
  login         TEXT NOT NULL UNIQUE,
  display_name  TEXT NOT NULL,
  password_hash TEXT NOT NULL,       -- argon2id, libsodium's string form
  created_us    INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
  token_hash BLOB PRIMARY KEY,       -- SHA-256 of the token: a copy of the index opens no session
  account    INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_expiry ON sessions (expires_us);
