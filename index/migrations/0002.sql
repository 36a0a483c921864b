-- From version 1 to 2: what the cameras' own clocks said. What the columns mean is said in ../schema.sql.
CREATE TABLE clock_offsets (
  stream    INTEGER NOT NULL REFERENCES streams (id),
  at_us     INTEGER NOT NULL,
  offset_us INTEGER NOT NULL,
  error_us  INTEGER NOT NULL,
  PRIMARY KEY (stream, at_us)
) STRICT, WITHOUT ROWID;
