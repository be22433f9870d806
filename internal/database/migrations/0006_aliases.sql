-- Aliases that redirect or split, and whole host names of apps.

CREATE TABLE aliases_new (
  name       TEXT    NOT NULL PRIMARY KEY, -- the first label of a host
  kind       TEXT    NOT NULL CHECK (kind IN ('app', 'redirect', 'split', 'reserved')),
  app_id     TEXT    REFERENCES apps (id) ON DELETE CASCADE,
  url        TEXT, -- where a redirect leads
  status     INTEGER CHECK (status IN (301, 302, 307, 308)),
  keep_path  INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK ((kind = 'app') = (app_id IS NOT NULL)),
  CHECK ((kind = 'redirect') = (url IS NOT NULL) AND (url IS NULL) = (status IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO aliases_new (name, kind, app_id, created_at, updated_at) SELECT name, kind, app_id, created_at, updated_at FROM aliases;
DROP TABLE aliases;
ALTER TABLE aliases_new RENAME TO aliases;
CREATE INDEX aliases_app ON aliases (app_id);

-- The apps between which a split divides its visitors.
CREATE TABLE arms (
  alias  TEXT    NOT NULL REFERENCES aliases (name) ON UPDATE CASCADE ON DELETE CASCADE,
  app_id TEXT    NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  weight INTEGER NOT NULL CHECK (weight BETWEEN 1 AND 100), -- of an alias they sum to 100
  token  TEXT    NOT NULL UNIQUE, -- arm_…; what the cookie of a visitor says
  PRIMARY KEY (alias, app_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX arms_app ON arms (app_id);

CREATE TABLE domains (
  host       TEXT    NOT NULL PRIMARY KEY, -- canonical: lower case, ASCII, no port, no root dot
  app_id     TEXT    NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX domains_app ON domains (app_id);
