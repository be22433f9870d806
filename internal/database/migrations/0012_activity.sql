-- The activity log: who did what.

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
-- What goes first, and every filter of the log: each leads to the newest entries without a look at the others.
CREATE INDEX activity_weight   ON activity (weight, id);
CREATE INDEX activity_action   ON activity (action, id);
CREATE INDEX activity_result   ON activity (result, id) WHERE result <> 'ok';
CREATE INDEX activity_actor    ON activity (actor, id);
CREATE INDEX activity_who      ON activity (actor_id, id) WHERE actor_id <> '';
CREATE INDEX activity_name     ON activity (actor_name, id) WHERE actor_name <> '';
CREATE INDEX activity_type     ON activity (resource_type, id);
CREATE INDEX activity_resource ON activity (resource, id) WHERE resource <> '';
CREATE INDEX activity_app      ON activity (app_id, id) WHERE app_id <> '';

-- The version that ran last, so that an upgrade is seen.
CREATE TABLE last_version (
  only    INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
  version TEXT    NOT NULL
) STRICT;

-- Console lines are numbered in the same way from now on: old ones get the numbers they would have.
UPDATE OR IGNORE app_log SET id = at * 1000 + id;
