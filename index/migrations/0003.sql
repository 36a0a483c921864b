-- From version 2 to 3: the purge. What the columns mean is said in ../schema.sql.
CREATE TABLE garbage (
  stream      INTEGER NOT NULL REFERENCES streams (id),
  start_us    INTEGER NOT NULL,
  duration_us INTEGER NOT NULL,
  store       INTEGER NOT NULL REFERENCES stores (id),
  bytes       INTEGER NOT NULL,
  sha256      BLOB NOT NULL,
  rule        TEXT NOT NULL,
  since_us    INTEGER NOT NULL,
  PRIMARY KEY (stream, start_us)
) STRICT, WITHOUT ROWID;

CREATE TABLE purges (
  stream   INTEGER NOT NULL REFERENCES streams (id),
  begin_us INTEGER NOT NULL,
  end_us   INTEGER NOT NULL,
  rule     TEXT NOT NULL,
  first_us INTEGER NOT NULL,
  last_us  INTEGER NOT NULL,
  segments INTEGER NOT NULL,
  bytes    INTEGER NOT NULL,
  sha256   BLOB NOT NULL,
  PRIMARY KEY (stream, begin_us)
) STRICT, WITHOUT ROWID;

CREATE TABLE purge_clock (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  believed_us INTEGER NOT NULL
) STRICT;

CREATE TABLE misdated (
  from_us     INTEGER PRIMARY KEY,
  to_us       INTEGER NOT NULL,
  recorded_us INTEGER NOT NULL
) STRICT;
