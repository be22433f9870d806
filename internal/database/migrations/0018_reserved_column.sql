-- "only" is a reserved word in PostgreSQL; statements have to name the column unquoted in both.
ALTER TABLE last_version RENAME COLUMN only TO id;
ALTER TABLE content_check RENAME COLUMN only TO id;
