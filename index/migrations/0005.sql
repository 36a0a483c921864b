-- From version 4 to 5: what feeds say. What the columns mean is said in ../schema.sql.
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
