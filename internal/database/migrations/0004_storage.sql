-- What apps keep.

CREATE TABLE kv (
  app_id     TEXT    NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  user_id    TEXT    NOT NULL DEFAULT '', -- '' = shared by the whole app
  key        TEXT    NOT NULL,
  value      TEXT    NOT NULL, -- JSON
  expires_at INTEGER, -- NULL = never
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (app_id, user_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX kv_expiry ON kv (expires_at) WHERE expires_at IS NOT NULL;
