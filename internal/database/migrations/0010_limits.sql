-- Limits that differ from their defaults, and who chose the settings.

CREATE TABLE limits (
  path   TEXT    NOT NULL,                                -- "runtime.exec_timeout"; an unknown one is left alone
  app_id TEXT    REFERENCES apps (id) ON DELETE CASCADE,  -- NULL = for the whole instance
  value  TEXT    NOT NULL,
  set_by TEXT    NOT NULL,                                -- "owner", or "key" and its name, at the time
  set_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX limits_place ON limits (path, coalesce(app_id, ''));
CREATE INDEX limits_app ON limits (app_id);

-- '' = not recorded
ALTER TABLE settings ADD COLUMN set_by TEXT NOT NULL DEFAULT '';
