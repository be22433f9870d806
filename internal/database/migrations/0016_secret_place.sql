-- A secret belongs to a scheme and a port too: HTTPS (http = plain HTTP too) and one port (0 = the first of the entry).
-- Those that are stored were not set otherwise.
ALTER TABLE net_secrets ADD COLUMN http INTEGER NOT NULL DEFAULT 0;
ALTER TABLE net_secrets ADD COLUMN port INTEGER NOT NULL DEFAULT 0;
