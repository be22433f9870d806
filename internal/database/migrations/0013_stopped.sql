-- When a deployment was stopped, because runs of its function could not be ended; NULL = it was not.
ALTER TABLE deployments ADD COLUMN stopped_at INTEGER;
