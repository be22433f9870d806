-- Which deployments were live, and in which order. A rollback goes to previous_id: the deployment that was live when this
-- one went live. Going back to a deployment leaves its previous_id as it is, so that the next rollback goes further back.
ALTER TABLE deployments ADD COLUMN live_at INTEGER; -- when it last went live; NULL = never
ALTER TABLE deployments ADD COLUMN previous_id TEXT REFERENCES deployments (id) ON DELETE SET NULL;
CREATE INDEX deployments_previous ON deployments (previous_id);

-- This was not recorded until now. The existing deployments count as having been live in the order of their numbers.
UPDATE deployments SET
  live_at = coalesce((SELECT since FROM live WHERE live.deployment_id = deployments.id), created_at),
  previous_id = (SELECT p.id FROM deployments p WHERE p.app_id = deployments.app_id AND p.number < deployments.number ORDER BY p.number DESC LIMIT 1);
