package content

import (
	"context"
	"log/slog"
	"sync"

	"fazt/internal/database"
)

// Owner is a domain whose rows refer to content.
type Owner struct {
	// Holds are conditions on blobs b: a row of the owner refers to b. Content without an owner is removed.
	Holds []string
	// Replace are statements that change at most ?3 rows from referring to blob ?2 to referring to blob ?1.
	Replace []string
	// Damaged is called once for each damaged content that is found; may be nil.
	Damaged func(ctx context.Context, blob int64, cause string)
}

// Config configures a Store.
type Config struct {
	DB  *database.DB
	Log *slog.Logger // nil = silent
}

// Store holds the content of one instance. It is safe for concurrent use. A database must have only one Store, because
// the record of arriving content is in memory.
type Store struct {
	db  *database.DB
	log *slog.Logger

	// Derived from the owners, fixed once all are registered.
	unreferenced string // condition on blobs b: nothing needs b
	unowned      string // condition on blobs b: no owner references b
	replace      []string
	notify       []func(ctx context.Context, blob int64, cause string)

	collecting sync.Mutex // held by Collect: two at once would do the same work twice

	mu       sync.Mutex
	arriving map[*Arrival]int64 // the blobs without a hash that are being filled
	damaged  map[int64]bool     // blobs whose damage was reported
}

// New returns the Store for the content in c.DB. It starts nothing. Owners must register before the first Collect.
func New(c Config) *Store {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Store{
		db: c.DB, log: c.Log, unreferenced: unreferenced, unowned: "true",
		replace: []string{
			"UPDATE variants SET blob_id = ?1 WHERE (blob_id, encoding) IN (SELECT blob_id, encoding FROM variants WHERE blob_id = ?2 LIMIT ?3)",
			"UPDATE variants SET variant_id = ?1 WHERE (blob_id, encoding) IN (SELECT blob_id, encoding FROM variants WHERE variant_id = ?2 LIMIT ?3)",
		},
		arriving: map[*Arrival]int64{}, damaged: map[int64]bool{},
	}
}

// unreferenced is a condition on blobs b: nothing in this package needs b. Owners add their own conditions.
const unreferenced = `b.hash IS NOT NULL
	AND NOT EXISTS (SELECT 1 FROM variants WHERE variant_id = b.id)
	AND NOT EXISTS (SELECT 1 FROM damage WHERE mended_by = b.id)`

// Register adds an owner. It must not be called while the store is in use.
func (s *Store) Register(o Owner) {
	for _, holds := range o.Holds {
		s.unowned += " AND NOT (" + holds + ")"
		s.unreferenced += " AND NOT (" + holds + ")"
	}
	s.replace = append(s.replace, o.Replace...)
	if o.Damaged != nil {
		s.notify = append(s.notify, o.Damaged)
	}
}
