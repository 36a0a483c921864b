-- From version 5 to 6: links, search. What the columns mean is said in ../schema.sql.

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

CREATE TABLE title_numbers (
  folded TEXT NOT NULL,
  title  INTEGER NOT NULL REFERENCES titles (id),
  PRIMARY KEY (folded, title)
) STRICT, WITHOUT ROWID;
CREATE INDEX title_numbers_by_title ON title_numbers (title);

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
