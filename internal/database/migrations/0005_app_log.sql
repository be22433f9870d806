-- Console lines of functions.

CREATE TABLE app_log (
  id         INTEGER NOT NULL PRIMARY KEY,
  app_id     TEXT    NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  at         INTEGER NOT NULL,
  number     INTEGER NOT NULL, -- of the deployment
  level      TEXT    NOT NULL CHECK (level IN ('debug', 'info', 'warn', 'error')),
  request_id TEXT    NOT NULL DEFAULT '',
  message    TEXT    NOT NULL
) STRICT;
CREATE INDEX app_log_app ON app_log (app_id, id);
