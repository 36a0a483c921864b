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
