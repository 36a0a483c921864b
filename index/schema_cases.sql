-- The index of one hall, after schema.sql: cases, alerts, search, accounts.

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
  source_id   TEXT NOT NULL,         -- the feed's own id of the event: the same again changes nothing; with ~2, ~3 … a row that was changed
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

-- Whether somebody complained is asked for every visit that changes.
CREATE INDEX complaints_by_window ON events (window, at_us) WHERE type = 'complaint';
CREATE INDEX complaints_by_case ON events (case_id) WHERE type = 'complaint';

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

-- --- alerts (预警) -----------------------------------------------------------------------------------------------------

-- What a rule proposes to look at; a person decides. Made again whenever what a rule reads of a visit changes, but never where a
-- person has decided.
CREATE TABLE alerts (
  id        INTEGER PRIMARY KEY,
  rule      TEXT NOT NULL,           -- of alert_rules.cpp
  level     TEXT NOT NULL,           -- blue, yellow, red
  visit     INTEGER NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
  window    TEXT NOT NULL,           -- of the visit
  from_us   INTEGER NOT NULL,        -- what to look at
  to_us     INTEGER,                 -- NULL: not over yet
  raised_us INTEGER NOT NULL,        -- when it was proposed last
  state     TEXT NOT NULL,           -- proposed, confirmed, dismissed; withdrawn: the facts came to be others before anybody decided
  decision  INTEGER,                 -- alert_decisions.id of the newest; NULL: nobody has decided
  UNIQUE (visit, rule)
) STRICT;
CREATE INDEX alerts_by_time ON alerts (from_us);
CREATE INDEX alerts_by_window ON alerts (window, from_us);
CREATE INDEX alerts_by_level ON alerts (level, from_us);
CREATE INDEX alerts_open ON alerts (from_us, id, level) WHERE state = 'proposed';

-- What persons said of an alert. Rows are only ever added; the newest counts. A visit with one is never removed.
CREATE TABLE alert_decisions (
  id     INTEGER PRIMARY KEY,
  alert  INTEGER NOT NULL REFERENCES alerts (id),
  action TEXT NOT NULL,              -- confirm, dismiss
  login  TEXT NOT NULL,              -- of the person, as it was then
  name   TEXT NOT NULL,
  reason TEXT NOT NULL,
  at_us  INTEGER NOT NULL
) STRICT;
CREATE INDEX alert_decisions_by_alert ON alert_decisions (alert, id);

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
