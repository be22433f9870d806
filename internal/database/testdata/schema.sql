CREATE TABLE settings (
  name       TEXT    NOT NULL PRIMARY KEY,
  value      TEXT    NOT NULL,
  updated_at INTEGER NOT NULL -- epoch ms, as every time in this database
, set_by TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;

CREATE TABLE users (
  id            TEXT    NOT NULL PRIMARY KEY, -- usr_…
  name          TEXT    NOT NULL UNIQUE COLLATE NOCASE,
  role          TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'user')),
  password_hash TEXT, -- argon2id, PHC string; NULL = cannot sign in with a password
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE apps (
  id         TEXT    NOT NULL PRIMARY KEY, -- app_…
  name       TEXT    NOT NULL UNIQUE,      -- a host label; what people type
  title      TEXT    NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE env (
  app_id     TEXT    NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  name       TEXT    NOT NULL,
  value      TEXT    NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (app_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE blobs (
  id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- never used again: caches go by it
  hash       BLOB    UNIQUE CHECK (length(hash) = 32), -- SHA-256; NULL while the content is still arriving
  size       INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sqlite_sequence(name,seq);

CREATE INDEX blobs_arriving ON blobs (created_at) WHERE hash IS NULL;

CREATE TABLE chunks (
  blob_id INTEGER NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
  n       INTEGER NOT NULL, -- from 0; every chunk but the last is exactly 1 MiB
  data    BLOB    NOT NULL CHECK (length(data) BETWEEN 1 AND 1048576), sum INTEGER,
  PRIMARY KEY (blob_id, n)
) STRICT;

CREATE TABLE variants (
  blob_id    INTEGER NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
  encoding   TEXT    NOT NULL CHECK (encoding IN ('zstd', 'br', 'gzip', 'none')), -- 'none': tried, nothing gained
  variant_id INTEGER REFERENCES blobs (id),
  PRIMARY KEY (blob_id, encoding)
) STRICT, WITHOUT ROWID;

CREATE INDEX variants_variant ON variants (variant_id);

CREATE TABLE deployments (
  id         TEXT    NOT NULL PRIMARY KEY, -- dep_…
  app_id     TEXT    NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  number     INTEGER NOT NULL, -- 1, 2, 3 … within the app
  digest     BLOB    NOT NULL, -- SHA-256 over paths, hashes and settings: two deployments with one digest are the same
  message    TEXT    NOT NULL DEFAULT '',
  manifest   TEXT    NOT NULL DEFAULT '{}',
  spa        INTEGER NOT NULL DEFAULT 0,
  files      INTEGER NOT NULL,
  bytes      INTEGER NOT NULL,
  created_at INTEGER NOT NULL, source TEXT, stopped_at INTEGER, live_at INTEGER, previous_id TEXT REFERENCES deployments (id) ON DELETE SET NULL, origin TEXT,
  UNIQUE (app_id, number)
) STRICT;

CREATE TABLE deployment_files (
  deployment_id TEXT    NOT NULL,
  path          TEXT    NOT NULL,
  blob_id       INTEGER NOT NULL REFERENCES blobs (id),
  PRIMARY KEY (deployment_id, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX deployment_files_blob ON deployment_files (blob_id);

CREATE TABLE programs (
  deployment_id TEXT NOT NULL PRIMARY KEY REFERENCES deployments (id) ON DELETE CASCADE,
  program       BLOB NOT NULL
) STRICT;

CREATE TABLE live (
  app_id        TEXT    NOT NULL PRIMARY KEY REFERENCES apps (id) ON DELETE CASCADE,
  deployment_id TEXT    NOT NULL REFERENCES deployments (id),
  since         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX live_deployment ON live (deployment_id);

CREATE TABLE uploads (
  id            TEXT    NOT NULL PRIMARY KEY, -- upl_…
  app_name      TEXT    NOT NULL,
  digest        BLOB    NOT NULL, -- of the deployment it will be
  settings      TEXT    NOT NULL, -- JSON: the plan without its files
  deployment_id TEXT REFERENCES deployments (id) ON DELETE CASCADE, -- set once committed
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL -- moves on with every sign of progress
, app_id TEXT REFERENCES apps (id) ON DELETE CASCADE, announced INTEGER NOT NULL DEFAULT 1, stage     TEXT, files     INTEGER, bytes     INTEGER) STRICT;

CREATE INDEX uploads_expiry ON uploads (expires_at);

CREATE INDEX uploads_plan ON uploads (app_name, digest);

CREATE INDEX uploads_deployment ON uploads (deployment_id);

CREATE TABLE upload_files (
  upload_id TEXT    NOT NULL,
  path      TEXT    NOT NULL,
  hash      BLOB    NOT NULL CHECK (length(hash) = 32),
  size      INTEGER NOT NULL,
  PRIMARY KEY (upload_id, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX upload_files_hash ON upload_files (hash);

CREATE TABLE kv (
  app_id     TEXT    NOT NULL,
  user_id    TEXT    NOT NULL DEFAULT '', -- '' = shared by the whole app
  key        TEXT    NOT NULL,
  value      TEXT    NOT NULL, -- JSON
  expires_at INTEGER, -- NULL = never
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (app_id, user_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX kv_expiry ON kv (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE app_log (
  id         INTEGER NOT NULL PRIMARY KEY,
  app_id     TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  number     INTEGER NOT NULL, -- of the deployment
  level      TEXT    NOT NULL CHECK (level IN ('debug', 'info', 'warn', 'error')),
  request_id TEXT    NOT NULL DEFAULT '',
  message    TEXT    NOT NULL
) STRICT;

CREATE INDEX app_log_app ON app_log (app_id, id);

CREATE TABLE "aliases" (
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

CREATE INDEX aliases_app ON aliases (app_id);

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

CREATE TABLE forks (
  app_id      TEXT    NOT NULL PRIMARY KEY REFERENCES apps (id) ON DELETE CASCADE,
  origin_id   TEXT    REFERENCES apps (id) ON DELETE SET NULL, -- NULL = the app was removed since
  origin_name TEXT    NOT NULL, -- what it was called then
  number      INTEGER NOT NULL  -- of its deployment
) STRICT, WITHOUT ROWID;

CREATE INDEX forks_origin ON forks (origin_id);

CREATE TABLE keys (
  id           TEXT    NOT NULL PRIMARY KEY, -- key_…
  name         TEXT    NOT NULL,
  prefix       TEXT    NOT NULL UNIQUE,      -- the part of the token that is no secret; finds the row
  hash         BLOB    NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the whole token
  scopes       TEXT    NOT NULL,             -- separated by spaces; apps by their ids, so that a rename changes nothing
  made_by      TEXT    NOT NULL DEFAULT '',  -- the key that made it, '' = the owner; revoked together with it
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER, -- NULL = never
  last_used_at INTEGER, -- NULL = never; some seconds behind
  revoked_at   INTEGER  -- NULL = in force
) STRICT;

CREATE UNIQUE INDEX keys_name ON keys (name) WHERE revoked_at IS NULL;

CREATE INDEX keys_made_by ON keys (made_by);

CREATE TABLE answers (
  name       BLOB    NOT NULL PRIMARY KEY, -- hash of the caller, the operation and the Idempotency-Key
  request    BLOB    NOT NULL,             -- keyed hash of the request
  answer     BLOB    NOT NULL,             -- encrypted under the Idempotency-Key
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX answers_age ON answers (created_at);

CREATE INDEX uploads_app ON uploads (app_id);

CREATE TABLE limits (
  path   TEXT    NOT NULL,                                -- "runtime.exec_timeout"; an unknown one is left alone
  app_id TEXT    REFERENCES apps (id) ON DELETE CASCADE,  -- NULL = for the whole instance
  value  TEXT    NOT NULL,
  set_by TEXT    NOT NULL,                                -- "owner", or "key" and its name, at the time
  set_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX limits_place ON limits (path, coalesce(app_id, ''));

CREATE INDEX limits_app ON limits (app_id);

CREATE TABLE usage (
  app_id    TEXT    NOT NULL PRIMARY KEY REFERENCES apps (id) ON DELETE CASCADE,
  keys      INTEGER NOT NULL DEFAULT 0, -- entries in kv, those of the app's users too
  key_bytes INTEGER NOT NULL DEFAULT 0  -- of their keys and values
) STRICT, WITHOUT ROWID;

CREATE TRIGGER usage_of_new_app AFTER INSERT ON apps BEGIN
  INSERT INTO usage (app_id) VALUES (NEW.id);
END;

CREATE TRIGGER usage_kv_insert AFTER INSERT ON kv BEGIN
  UPDATE usage SET keys = keys + 1, key_bytes = key_bytes + octet_length(NEW.key) + octet_length(NEW.value) WHERE app_id = NEW.app_id;
END;

CREATE TRIGGER usage_kv_delete AFTER DELETE ON kv BEGIN
  UPDATE usage SET keys = keys - 1, key_bytes = key_bytes - octet_length(OLD.key) - octet_length(OLD.value) WHERE app_id = OLD.app_id;
END;

CREATE TRIGGER usage_kv_update AFTER UPDATE ON kv
WHEN OLD.app_id = NEW.app_id AND octet_length(OLD.key) + octet_length(OLD.value) <> octet_length(NEW.key) + octet_length(NEW.value) BEGIN
  UPDATE usage SET key_bytes = key_bytes + octet_length(NEW.key) + octet_length(NEW.value) - octet_length(OLD.key) - octet_length(OLD.value) WHERE app_id = NEW.app_id;
END;

CREATE TRIGGER usage_kv_move AFTER UPDATE ON kv WHEN OLD.app_id <> NEW.app_id BEGIN
  UPDATE usage SET keys = keys - 1, key_bytes = key_bytes - octet_length(OLD.key) - octet_length(OLD.value) WHERE app_id = OLD.app_id;
  UPDATE usage SET keys = keys + 1, key_bytes = key_bytes + octet_length(NEW.key) + octet_length(NEW.value) WHERE app_id = NEW.app_id;
END;

CREATE TABLE measurements (
  name        TEXT    NOT NULL PRIMARY KEY,
  value       TEXT    NOT NULL, -- JSON
  measured_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE activity (
  -- Microseconds since 1970 when it was recorded, moved on where two would be the same: sorts, and bounds times.
  id            INTEGER NOT NULL PRIMARY KEY,
  weight        INTEGER NOT NULL CHECK (weight BETWEEN 0 AND 9),
  action        TEXT    NOT NULL,            -- noun.verb
  result        TEXT    NOT NULL CHECK (result IN ('ok', 'denied', 'failed')),
  code          TEXT    NOT NULL DEFAULT '', -- of the error
  actor         TEXT    NOT NULL CHECK (actor IN ('owner', 'user', 'key', 'system', 'anonymous')),
  actor_id      TEXT    NOT NULL DEFAULT '',
  actor_name    TEXT    NOT NULL DEFAULT '',
  address       TEXT    NOT NULL DEFAULT '',
  agent         TEXT    NOT NULL DEFAULT '', -- as the client wrote it
  resource_type TEXT    NOT NULL DEFAULT '',
  resource      TEXT    NOT NULL DEFAULT '', -- its name or id
  app_id        TEXT    NOT NULL DEFAULT '', -- stays when the app goes
  details       TEXT    NOT NULL DEFAULT ''  -- a JSON object, or nothing
) STRICT;

CREATE INDEX activity_weight   ON activity (weight, id);

CREATE INDEX activity_action   ON activity (action, id);

CREATE INDEX activity_result   ON activity (result, id) WHERE result <> 'ok';

CREATE INDEX activity_actor    ON activity (actor, id);

CREATE INDEX activity_who      ON activity (actor_id, id) WHERE actor_id <> '';

CREATE INDEX activity_name     ON activity (actor_name, id) WHERE actor_name <> '';

CREATE INDEX activity_type     ON activity (resource_type, id);

CREATE INDEX activity_resource ON activity (resource, id) WHERE resource <> '';

CREATE INDEX activity_app      ON activity (app_id, id) WHERE app_id <> '';

CREATE TABLE last_version (
  id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  version TEXT    NOT NULL
) STRICT;

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
, http INTEGER NOT NULL DEFAULT 0, port INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE UNIQUE INDEX net_secrets_place ON net_secrets (name, coalesce(app_id, ''));

CREATE INDEX net_secrets_app ON net_secrets (app_id);

CREATE TABLE net_log (
  -- Microseconds since 1970 when it was recorded, moved on where two would be the same: sorts, and bounds times.
  id         INTEGER NOT NULL PRIMARY KEY,
  app_id     TEXT    NOT NULL,
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

CREATE INDEX net_log_failed ON net_log (id) WHERE code <> '' OR status >= 500;

CREATE TABLE damage (
  blob_id  INTEGER NOT NULL PRIMARY KEY REFERENCES blobs (id) ON DELETE CASCADE,
  cause    TEXT    NOT NULL,
  found_at INTEGER NOT NULL
, mended_by INTEGER REFERENCES blobs (id)) STRICT;

CREATE TABLE content_check (
  id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  next     INTEGER NOT NULL, -- blobs up to this one were checked; 0 = the round has ended
  began_at INTEGER NOT NULL,
  ended_at INTEGER -- of the last whole round; NULL = there was none
) STRICT;

CREATE INDEX uploads_stage ON uploads (stage) WHERE stage IS NOT NULL;

CREATE TABLE leftovers (
  app_id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TRIGGER leftovers_of_removed_app AFTER DELETE ON apps BEGIN
  INSERT OR IGNORE INTO leftovers (app_id) VALUES (OLD.id);
END;

CREATE INDEX deployments_previous ON deployments (previous_id);

