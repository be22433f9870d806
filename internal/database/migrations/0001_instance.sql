-- What the instance knows of itself and of its people.

CREATE TABLE settings (
  name       TEXT    NOT NULL PRIMARY KEY,
  value      TEXT    NOT NULL,
  updated_at INTEGER NOT NULL -- epoch ms, as every time in this database
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
  id            TEXT    NOT NULL PRIMARY KEY, -- usr_…
  name          TEXT    NOT NULL UNIQUE COLLATE NOCASE,
  role          TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'user')),
  password_hash TEXT, -- argon2id, PHC string; NULL = cannot sign in with a password
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL
) STRICT;
