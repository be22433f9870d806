-- API keys, the answers kept for repeated requests, and the app an upload belongs to.

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

-- Answers to requests with an Idempotency-Key. Nothing here can be read without that key: it is not stored.
CREATE TABLE answers (
  name       BLOB    NOT NULL PRIMARY KEY, -- hash of the caller, the operation and the Idempotency-Key
  request    BLOB    NOT NULL,             -- keyed hash of the request
  answer     BLOB    NOT NULL,             -- encrypted under the Idempotency-Key
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_age ON answers (created_at);

-- NULL = the app did not exist when the upload began, and its commit makes it.
ALTER TABLE uploads ADD COLUMN app_id TEXT REFERENCES apps (id) ON DELETE CASCADE;
CREATE INDEX uploads_app ON uploads (app_id);
