-- What can be many rows is stored and removed over many writes, so that no other write waits for all of them: the files of
-- a deployment, what an app keeps, its logs. The rows go by an id that is in its table only once all are there, and no longer when they are
-- being removed: no foreign key can hold for them. Rows that belong to nothing are never read, and are removed in the
-- background. Taking the keys away leaves the rows as they are (https://www.sqlite.org/lang_altertable.html, section 7).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ' REFERENCES apps (id) ON DELETE CASCADE', '') WHERE type = 'table' AND name IN ('kv', 'app_log', 'net_log');
UPDATE sqlite_schema SET sql = replace(sql, ' REFERENCES deployments (id) ON DELETE CASCADE', '') WHERE type = 'table' AND name = 'deployment_files';
UPDATE sqlite_schema SET sql = replace(sql, ' REFERENCES uploads (id) ON DELETE CASCADE', '') WHERE type = 'table' AND name = 'upload_files';
PRAGMA writable_schema = RESET;

ALTER TABLE uploads ADD COLUMN announced INTEGER NOT NULL DEFAULT 1; -- 0 = its upload_files are still being stored
ALTER TABLE uploads ADD COLUMN stage     TEXT;                       -- the id of the deployment it will be
ALTER TABLE uploads ADD COLUMN files     INTEGER;                    -- of it, once its deployment_files are all stored
ALTER TABLE uploads ADD COLUMN bytes     INTEGER;
CREATE INDEX uploads_stage ON uploads (stage) WHERE stage IS NOT NULL;

-- Ids of apps that are not there, or not yet, of which there may be rows.
CREATE TABLE leftovers (
  app_id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TRIGGER leftovers_of_removed_app AFTER DELETE ON apps BEGIN
  INSERT OR IGNORE INTO leftovers (app_id) VALUES (OLD.id);
END;

-- The content that takes the place of the damaged one, wherever it is used, over many writes; NULL while there is none.
ALTER TABLE damage ADD COLUMN mended_by INTEGER REFERENCES blobs (id);
