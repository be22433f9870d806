-- The CRC-32C of a chunk of content that has several, so that one can be checked without the others. NULL where the content is
-- one chunk, whose hash says as much, and where an earlier version stored it: the next check of content adds it.
ALTER TABLE chunks ADD COLUMN sum INTEGER;

-- Content that was found to be damaged. The next upload of the same content takes its place.
CREATE TABLE damage (
  blob_id  INTEGER NOT NULL PRIMARY KEY REFERENCES blobs (id) ON DELETE CASCADE,
  cause    TEXT    NOT NULL,
  found_at INTEGER NOT NULL
) STRICT;

-- How far the check of all content in the background has come.
CREATE TABLE content_check (
  only     INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
  next     INTEGER NOT NULL, -- blobs up to this one were checked; 0 = the round has ended
  began_at INTEGER NOT NULL,
  ended_at INTEGER -- of the last whole round; NULL = there was none
) STRICT;
