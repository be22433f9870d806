-- Outbound HTTP: what functions may reach, with which credentials, and what was tried.

CREATE TABLE net_entries (
  id           TEXT    NOT NULL PRIMARY KEY, -- net_…
  app_id       TEXT    REFERENCES apps (id) ON DELETE CASCADE, -- NULL = every app
  domain       TEXT    NOT NULL,             -- canonical: api.example.com, or *.example.com for the names below
  http         INTEGER NOT NULL DEFAULT 0,   -- plain HTTP too
  ports        TEXT    NOT NULL DEFAULT '',  -- lists are separated by spaces; '' = as the entry leaves it open
  methods      TEXT    NOT NULL DEFAULT '',
  rate         INTEGER NOT NULL DEFAULT 0,   -- calls in a second
  burst        INTEGER NOT NULL DEFAULT 0,
  timeout      INTEGER NOT NULL DEFAULT 0,   -- ms
  max_response INTEGER NOT NULL DEFAULT 0,   -- bytes
  cache_ttl    INTEGER NOT NULL DEFAULT 0,   -- s
  stale        INTEGER NOT NULL DEFAULT 0,   -- s
  private      TEXT    NOT NULL DEFAULT '',  -- ranges, 192.168.1.0/24
  paths        TEXT    NOT NULL DEFAULT '',  -- templates, /bot{token}/{method}
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT;
-- NULL is no duplicate of NULL: over the bare columns, an entry for every app could be there twice.
CREATE UNIQUE INDEX net_entries_place ON net_entries (domain, coalesce(app_id, ''));
CREATE INDEX net_entries_app ON net_entries (app_id);

CREATE TABLE net_secrets (
  name         TEXT    NOT NULL,
  app_id       TEXT    REFERENCES apps (id) ON DELETE CASCADE, -- NULL = every app
  domain       TEXT    NOT NULL,             -- the only one it is sent to; as in net_entries
  inject_as    TEXT    NOT NULL CHECK (inject_as IN ('bearer', 'header', 'query', 'basic')),
  param        TEXT    NOT NULL DEFAULT '',  -- name of the header or of the query parameter
  methods      TEXT    NOT NULL DEFAULT '',
  path_prefix  TEXT    NOT NULL DEFAULT '',
  sealed       BLOB    NOT NULL,             -- the value, encrypted under a key that is not in this file
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  last_used_at INTEGER -- NULL = never; some seconds behind
) STRICT;
CREATE UNIQUE INDEX net_secrets_place ON net_secrets (name, coalesce(app_id, ''));
CREATE INDEX net_secrets_app ON net_secrets (app_id);

-- Every hop that was tried. No query, no header, no body.
CREATE TABLE net_log (
  -- Microseconds since 1970 when it was recorded, moved on where two would be the same: sorts, and bounds times.
  id         INTEGER NOT NULL PRIMARY KEY,
  app_id     TEXT    NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  request_id TEXT    NOT NULL DEFAULT '',
  method     TEXT    NOT NULL,
  scheme     TEXT    NOT NULL,
  host       TEXT    NOT NULL,             -- without the port
  port       INTEGER NOT NULL DEFAULT 0,   -- 0 = that of the scheme
  path       TEXT    NOT NULL,             -- by the template of the entry
  hop        INTEGER NOT NULL DEFAULT 0,   -- 0 = the call itself, 1 = its first redirect
  status     INTEGER NOT NULL DEFAULT 0,   -- 0 = there was no answer
  code       TEXT    NOT NULL DEFAULT '',  -- NET_…; '' = answered
  reason     TEXT    NOT NULL DEFAULT '',
  entry_id   TEXT    NOT NULL DEFAULT '',
  secret     TEXT    NOT NULL DEFAULT '',  -- the name of the one that was sent
  ms         REAL    NOT NULL DEFAULT 0,
  sent       INTEGER NOT NULL DEFAULT 0,   -- bytes
  received   INTEGER NOT NULL DEFAULT 0,   -- bytes
  cache      TEXT    NOT NULL DEFAULT '' CHECK (cache IN ('', 'hit', 'stale', 'revalidated', 'miss'))
) STRICT;
CREATE INDEX net_log_app  ON net_log (app_id, id);
CREATE INDEX net_log_host ON net_log (host, id);
-- What failed is looked for first.
CREATE INDEX net_log_failed ON net_log (id) WHERE code <> '' OR status >= 500;
