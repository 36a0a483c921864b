-- From version 3 to 4: agents and their entries, what feeds say, why a visit belongs to a case, what search and timelines read. What the columns mean is said in ../schema.sql.

-- agents and their shots
CREATE TABLE agents (
  agent       TEXT PRIMARY KEY,
  workstation TEXT NOT NULL,
  public_key  BLOB NOT NULL,
  enrolled_us INTEGER NOT NULL,
  revoked_us  INTEGER,
  heard_us    INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX agents_in_force ON agents (workstation) WHERE revoked_us IS NULL;

CREATE TABLE enrolment_codes (
  code_hash   BLOB PRIMARY KEY,
  workstation TEXT NOT NULL,
  expires_us  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE agent_entries (
  stream        INTEGER NOT NULL REFERENCES streams (id),
  agent         TEXT NOT NULL,
  number        INTEGER NOT NULL,
  chain         BLOB NOT NULL,
  at_us         INTEGER NOT NULL,
  state         TEXT NOT NULL,
  detail        TEXT NOT NULL,
  nominal_us    INTEGER NOT NULL,
  configured_us INTEGER NOT NULL,
  missing       INTEGER NOT NULL,
  breaks        INTEGER NOT NULL,
  PRIMARY KEY (stream, agent)
) STRICT, WITHOUT ROWID;

-- footage
CREATE INDEX window_streams_by_stream ON window_streams (stream);
ALTER TABLE shots ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
ALTER TABLE shots ADD COLUMN locked INTEGER NOT NULL DEFAULT 0;

-- holds
CREATE TABLE holds (
  id            INTEGER PRIMARY KEY,
  placed_us     INTEGER NOT NULL UNIQUE,
  case_number   TEXT NOT NULL,
  folded        TEXT NOT NULL,
  reason        TEXT NOT NULL,
  login         TEXT NOT NULL,
  name          TEXT NOT NULL,
  lifted_us     INTEGER,
  lifted_login  TEXT,
  lifted_name   TEXT,
  lifted_reason TEXT
) STRICT;
CREATE INDEX holds_of_case ON holds (folded) WHERE lifted_us IS NULL;

CREATE TABLE held (
  hold    INTEGER NOT NULL REFERENCES holds (id),
  stream  TEXT NOT NULL,
  from_us INTEGER NOT NULL,
  to_us   INTEGER NOT NULL,
  PRIMARY KEY (hold, stream, from_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX held_by_stream ON held (stream, to_us);

CREATE TABLE holds_unlogged (
  id   INTEGER PRIMARY KEY,
  line TEXT NOT NULL
) STRICT;

-- register of views
CREATE TABLE register (
  id      INTEGER PRIMARY KEY,
  at_us   INTEGER NOT NULL,
  login   TEXT NOT NULL,
  name    TEXT NOT NULL,
  action  TEXT NOT NULL,
  stream  TEXT,
  from_us INTEGER,
  to_us   INTEGER,
  about   TEXT,
  reason  TEXT
) STRICT;
CREATE INDEX register_by_time ON register (at_us);

-- what feeds say
CREATE TABLE halls (
  id       TEXT PRIMARY KEY,
  name     TEXT NOT NULL,
  timezone TEXT NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE items ADD COLUMN promised_days INTEGER;
ALTER TABLE items ADD COLUMN promised_told_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE items ADD COLUMN risk TEXT;
ALTER TABLE items ADD COLUMN risk_told_us INTEGER NOT NULL DEFAULT 0;

ALTER TABLE events ADD COLUMN clock_offset_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN corrects TEXT;
ALTER TABLE events ADD COLUMN counts INTEGER NOT NULL DEFAULT 1;
ALTER TABLE events ADD COLUMN until_us INTEGER;
ALTER TABLE events ADD COLUMN score INTEGER;
ALTER TABLE events ADD COLUMN note TEXT;
CREATE INDEX events_by_correction ON events (source, corrects) WHERE corrects IS NOT NULL;
CREATE INDEX duty_by_clerk ON events (clerk, at_us) WHERE type IN ('roster', 'sign_in', 'sign_out');
CREATE INDEX duty_by_window ON events (window, at_us) WHERE type IN ('roster', 'sign_in', 'sign_out');

CREATE VIEW facts AS
  SELECT id, source, source_id, type, at_us, until_us, window, ticket, case_id, step, clerk, item, score, note
  FROM events WHERE counts = 1;

DROP VIEW case_steps;
CREATE VIEW case_steps AS
  SELECT id, case_id, at_us, step, window, clerk, source FROM events WHERE type = 'case_step' AND counts = 1;

CREATE VIEW ratings AS
  SELECT id, at_us, window, ticket, case_id, clerk, score, note, source FROM events WHERE type = 'rating' AND counts = 1;

CREATE VIEW complaints AS
  SELECT id, at_us, window, ticket, case_id, clerk, note, source FROM events WHERE type = 'complaint' AND counts = 1;

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

CREATE TABLE feed_clocks (
  source   TEXT NOT NULL,
  hour_us  INTEGER NOT NULL,
  ahead_us INTEGER NOT NULL,
  events   INTEGER NOT NULL,
  PRIMARY KEY (source, hour_us)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed_cursors (
  source   TEXT PRIMARY KEY,
  cursor   TEXT NOT NULL,
  moved_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- links, search

-- A visit may be inferred without a call, and links tell more: both tables are made anew, because SQLite cannot loosen a column.
CREATE TABLE visits_6 (
  id                INTEGER PRIMARY KEY,
  window            TEXT NOT NULL,
  ticket            TEXT NOT NULL,
  ticket_key        TEXT NOT NULL,
  clerk             TEXT NOT NULL,
  called_us         INTEGER NOT NULL,
  finished_us       INTEGER,
  finished_inferred INTEGER NOT NULL,
  called_event      INTEGER UNIQUE REFERENCES events (id),
  finished_event    INTEGER REFERENCES events (id),
  inferred          INTEGER NOT NULL,
  cases             INTEGER NOT NULL,
  rating            INTEGER
) STRICT;
INSERT INTO visits_6
  SELECT id, window, ticket, replace(lower(ticket), '0', ''), clerk, called_us, finished_us, finished_inferred, called_event, finished_event,
    0, (SELECT count(*) FROM links WHERE links.visit = visits.id), NULL
  FROM visits;

CREATE TABLE decisions (
  id      INTEGER PRIMARY KEY,
  visit   INTEGER NOT NULL REFERENCES visits_6 (id),
  case_id INTEGER NOT NULL REFERENCES cases (id),
  action  TEXT NOT NULL,
  login   TEXT NOT NULL,
  name    TEXT NOT NULL,
  reason  TEXT NOT NULL,
  at_us   INTEGER NOT NULL
) STRICT;
CREATE INDEX decisions_by_visit ON decisions (visit, case_id, id);

CREATE TABLE links_6 (
  case_id    INTEGER NOT NULL REFERENCES cases (id),
  visit      INTEGER NOT NULL REFERENCES visits_6 (id) ON DELETE CASCADE,
  source     TEXT NOT NULL,
  rule       TEXT NOT NULL,
  confidence REAL NOT NULL,
  from_us    INTEGER NOT NULL,
  to_us      INTEGER,
  state      TEXT NOT NULL,
  decision   INTEGER REFERENCES decisions (id),
  PRIMARY KEY (case_id, visit)
) STRICT, WITHOUT ROWID;
INSERT INTO links_6
  SELECT case_id, visit, source, rule, confidence, called_us, finished_us, 'inferred', NULL FROM links JOIN visits ON visits.id = links.visit;

DROP TABLE links;
DROP TABLE visits;
ALTER TABLE visits_6 RENAME TO visits;
ALTER TABLE links_6 RENAME TO links;
CREATE INDEX visits_by_window ON visits (window, called_us);
CREATE INDEX visits_by_clerk ON visits (clerk, called_us) WHERE clerk <> '';
CREATE INDEX visits_by_call ON visits (called_us);
CREATE INDEX visits_by_ticket ON visits (ticket_key, called_us) WHERE ticket <> '';
CREATE INDEX visits_without_case ON visits (called_us) WHERE cases = 0;
CREATE INDEX links_by_visit ON links (visit);

-- alerts
CREATE TABLE alerts (
  id        INTEGER PRIMARY KEY,
  rule      TEXT NOT NULL,
  level     TEXT NOT NULL,
  visit     INTEGER NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
  window    TEXT NOT NULL,
  from_us   INTEGER NOT NULL,
  to_us     INTEGER,
  raised_us INTEGER NOT NULL,
  state     TEXT NOT NULL,
  decision  INTEGER,
  UNIQUE (visit, rule)
) STRICT;
CREATE INDEX alerts_by_time ON alerts (from_us);
CREATE INDEX alerts_by_window ON alerts (window, from_us);
CREATE INDEX alerts_by_level ON alerts (level, from_us);
CREATE INDEX alerts_open ON alerts (from_us, id, level) WHERE state = 'proposed';

CREATE TABLE alert_decisions (
  id     INTEGER PRIMARY KEY,
  alert  INTEGER NOT NULL REFERENCES alerts (id),
  action TEXT NOT NULL,
  login  TEXT NOT NULL,
  name   TEXT NOT NULL,
  reason TEXT NOT NULL,
  at_us  INTEGER NOT NULL
) STRICT;
CREATE INDEX alert_decisions_by_alert ON alert_decisions (alert, id);

CREATE INDEX complaints_by_window ON events (window, at_us) WHERE type = 'complaint';
CREATE INDEX complaints_by_case ON events (case_id) WHERE type = 'complaint';

-- Since when and until when a screen showed a title; what was stored before is told from the shots.
CREATE TABLE sightings (
  stream   INTEGER NOT NULL REFERENCES streams (id),
  from_us  INTEGER NOT NULL,
  to_us    INTEGER,
  title    INTEGER NOT NULL REFERENCES titles (id),
  numbered INTEGER NOT NULL,
  PRIMARY KEY (stream, from_us)
) STRICT, WITHOUT ROWID;
INSERT INTO sightings
  SELECT stream, at_us, lead(at_us) OVER (PARTITION BY stream ORDER BY at_us), title, 0
  FROM (SELECT stream, at_us, title, lag(title) OVER (PARTITION BY stream ORDER BY at_us) AS before FROM shots)
  WHERE before IS NOT title;
CREATE INDEX sightings_by_title ON sightings (title, from_us);
CREATE INDEX sightings_with_number ON sightings (stream, from_us) WHERE numbered = 1;

-- What shows that somebody worked at a window; what was stored before is told from the shots, as presence.cpp does (none of them was locked).
CREATE TABLE presence (
  stream  INTEGER NOT NULL REFERENCES streams (id),
  from_us INTEGER NOT NULL,
  to_us   INTEGER,
  state   TEXT NOT NULL,
  PRIMARY KEY (stream, from_us)
) STRICT, WITHOUT ROWID;
INSERT INTO presence (stream, from_us, to_us, state)
  WITH told AS (
    SELECT stream, at_us, at_us - idle_ms * 1000 AS touched_us, idle_ms > 60000 AS idle,
      lag(at_us) OVER shot AS before_us, lag(at_us - idle_ms * 1000) OVER shot AS before_touched_us, lag(idle_ms > 60000) OVER shot AS before_idle
    FROM shots WINDOW shot AS (PARTITION BY stream ORDER BY at_us)),
  begun AS (
    SELECT stream, at_us, before_us, idle, before_us IS NULL OR at_us - before_us > 600000000 AS anew,
      max(CASE WHEN before_us IS NULL OR at_us - before_us > 600000000 THEN at_us
               WHEN idle THEN max(touched_us, before_touched_us) ELSE max(touched_us, before_us) END)
        OVER (PARTITION BY stream ORDER BY at_us) AS from_us
    FROM told WHERE before_us IS NULL OR at_us - before_us > 600000000 OR idle <> before_idle),
  ended AS (
    SELECT stream, from_us, idle, lead(from_us) OVER begin AS next_us,
      CASE WHEN lead(anew) OVER begin THEN lead(before_us) OVER begin ELSE lead(from_us) OVER begin END AS to_us
    FROM begun WINDOW begin AS (PARTITION BY stream ORDER BY at_us))
  SELECT stream, from_us, to_us, iif(idle, 'idle', 'input') FROM ended WHERE next_us IS NOT from_us;

CREATE TABLE title_numbers (
  folded TEXT NOT NULL,
  title  INTEGER NOT NULL REFERENCES titles (id),
  PRIMARY KEY (folded, title)
) STRICT, WITHOUT ROWID;
CREATE INDEX title_numbers_by_title ON title_numbers (title);

CREATE TABLE title_patterns (
  pattern TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE clerk_keys (
  key   TEXT NOT NULL,
  clerk TEXT NOT NULL,
  name  TEXT NOT NULL,
  PRIMARY KEY (key, clerk)
) STRICT, WITHOUT ROWID;

CREATE INDEX cases_by_item ON cases (item, newest_us) WHERE item IS NOT NULL;

CREATE VIRTUAL TABLE title_words USING fts5 (grams, content = '', columnsize = 0, detail = none, tokenize = 'ascii');
CREATE VIRTUAL TABLE item_words USING fts5 (grams, content = '', columnsize = 0, detail = none, tokenize = 'ascii');
CREATE VIRTUAL TABLE note_words USING fts5 (grams, content = '', columnsize = 0, detail = none, tokenize = 'ascii');
CREATE TABLE word_marks (
  texts TEXT PRIMARY KEY,
  upto  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- The titles that are there are looked through for case numbers, newest first.
INSERT INTO word_marks (texts, upto) SELECT 'numbers', max(id) + 1 FROM titles HAVING count(*) > 0;

-- timelines
CREATE TABLE spans (
  stream   INTEGER NOT NULL REFERENCES streams (id),
  begin_us INTEGER NOT NULL,
  end_us   INTEGER NOT NULL,
  PRIMARY KEY (stream, begin_us)
) STRICT, WITHOUT ROWID;
-- A span begins with each segment that comes later than the tolerance after all those before it.
INSERT INTO spans (stream, begin_us, end_us)
  SELECT stream, min(start_us), max(end_us) FROM (
    SELECT stream, start_us, end_us,
      sum(start_us > coalesce(before_us + CASE kind WHEN 'screen' THEN 60000000 ELSE 200000 END, -1))
        OVER (PARTITION BY stream ORDER BY start_us) AS number
    FROM (
      SELECT stream, start_us, start_us + duration_us AS end_us, kind,
        max(start_us + duration_us) OVER (PARTITION BY stream ORDER BY start_us ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
          AS before_us
      FROM segments JOIN streams ON streams.id = segments.stream))
  GROUP BY stream, number;
