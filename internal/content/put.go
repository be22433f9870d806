package content

import (
	"context"
	"hash/crc32"
	"slices"
	"time"

	"fazt/internal/database"
)

// Put stores content of a few chunks under its hash, unless it is stored already.
func Put(tx *database.Tx, hash Hash, data []byte) (blob int64, added bool, err error) {
	replace, err := disownDamaged(tx, hash)
	if err != nil {
		return 0, false, err
	}
	added, err = tx.First("INSERT INTO blobs (hash, size, created_at) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING RETURNING id",
		func(r *database.Row) { blob = r.Int64(0) }, hash[:], len(data), time.Now())
	if err != nil {
		return 0, false, err
	}
	if !added {
		_, err = tx.First("SELECT id FROM blobs WHERE hash = ?", func(r *database.Row) { blob = r.Int64(0) }, hash[:])
		return blob, false, err
	}
	n := 0
	for chunk := range slices.Chunk(data, ChunkSize) {
		if err := putChunk(tx, blob, n, chunk, len(data) > ChunkSize); err != nil {
			return 0, false, err
		}
		n++
	}
	return blob, true, replaceDamaged(tx, replace, blob)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli) //nolint:gochecknoglobals // a table that nothing changes

// chunkSum returns the CRC-32C of a chunk, which disks and file systems use too: every processor has an instruction for
// it. Verifying the SHA-256 of the whole would require all other chunks.
func chunkSum(data []byte) int64 { return int64(crc32.Checksum(data, castagnoli)) }

// putChunk stores a chunk, with its checksum if the blob has several chunks.
func putChunk(tx *database.Tx, blob int64, n int, data []byte, several bool) error {
	var sum any
	if several {
		sum = chunkSum(data)
	}
	return tx.Exec("INSERT INTO chunks (blob_id, n, data, sum) VALUES (?, ?, ?, ?)", blob, n, data, sum)
}

// Has reports whether content is stored, as far as it can be read.
func (s *Store) Has(ctx context.Context, hash Hash) (found bool) {
	_ = s.db.Read(context.WithoutCancel(ctx), func(c *database.Conn) (err error) {
		found, err = c.First("SELECT 1 FROM blobs WHERE hash = ?", func(*database.Row) {}, hash[:])
		return err
	})
	return found
}
