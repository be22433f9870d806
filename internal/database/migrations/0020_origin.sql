-- The folder that a deployment was sent from, as JSON; NULL = unknown: an archive, a repository, or another client.

ALTER TABLE deployments ADD COLUMN origin TEXT;
