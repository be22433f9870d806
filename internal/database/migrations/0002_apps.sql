-- Apps, the host labels that lead to them, and their environment.

CREATE TABLE apps (
  id         TEXT    NOT NULL PRIMARY KEY, -- app_…
  name       TEXT    NOT NULL UNIQUE,      -- a host label; what people type
  title      TEXT    NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE aliases (
  name       TEXT    NOT NULL PRIMARY KEY, -- the first label of a host
  kind       TEXT    NOT NULL CHECK (kind IN ('app', 'reserved')),
  app_id     TEXT    REFERENCES apps (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK ((kind = 'app') = (app_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX aliases_app ON aliases (app_id);

CREATE TABLE env (
  app_id     TEXT    NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  name       TEXT    NOT NULL,
  value      TEXT    NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (app_id, name)
) STRICT, WITHOUT ROWID;
