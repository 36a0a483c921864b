-- From version 6 to 7: size and speed. What the columns mean is said in ../schema.sql.
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
