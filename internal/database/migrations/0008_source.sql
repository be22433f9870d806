-- Where in a git repository a deployment came from, as JSON; NULL = from a folder or an archive.

ALTER TABLE deployments ADD COLUMN source TEXT;
