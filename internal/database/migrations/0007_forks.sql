-- What apps were forked from.

CREATE TABLE forks (
  app_id      TEXT    NOT NULL PRIMARY KEY REFERENCES apps (id) ON DELETE CASCADE,
  origin_id   TEXT    REFERENCES apps (id) ON DELETE SET NULL, -- NULL = the app was removed since
  origin_name TEXT    NOT NULL, -- what it was called then
  number      INTEGER NOT NULL  -- of its deployment
) STRICT, WITHOUT ROWID;
CREATE INDEX forks_origin ON forks (origin_id);
