-- From version 3 to 4: agents and their shots. What the columns mean is said in ../schema.sql.
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

ALTER TABLE shots ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
ALTER TABLE shots ADD COLUMN locked INTEGER NOT NULL DEFAULT 0;
