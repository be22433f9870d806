-- How much each app keeps besides its deployments, and what a self-test measured.

-- One row for each app, kept by the triggers below: whatever changes what apps keep, a person's SQL and the removal of
-- expired entries too, changes the sums in the same transaction. A store that is added later adds its columns and triggers.
CREATE TABLE usage (
  app_id    TEXT    NOT NULL PRIMARY KEY REFERENCES apps (id) ON DELETE CASCADE,
  keys      INTEGER NOT NULL DEFAULT 0, -- entries in kv, those of the app's users too
  key_bytes INTEGER NOT NULL DEFAULT 0  -- of their keys and values
) STRICT, WITHOUT ROWID;

INSERT INTO usage (app_id, keys, key_bytes)
  SELECT id, (SELECT count(*) FROM kv WHERE app_id = id), (SELECT coalesce(sum(octet_length(key) + octet_length(value)), 0) FROM kv WHERE app_id = id)
  FROM apps;

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

-- What a self-test of this instance found, one row for each kind of measurement.
CREATE TABLE measurements (
  name        TEXT    NOT NULL PRIMARY KEY,
  value       TEXT    NOT NULL, -- JSON
  measured_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
