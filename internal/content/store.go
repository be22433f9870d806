package content

import (
	"context"
	"log/slog"
	"sync"

	"fazt/internal/database"
)

// Owner is a domain whose rows refer to content.
type Owner struct {
	// Holds are conditions on blobs b: a row of the owner refers to b. Content that no owner holds is removed.
	Holds []string
	// Replace are statements that make at most ?3 rows that refer to blob ?2 refer to blob ?1.
	Replace []string
	// Damaged is called for each content that is found to be damaged, once; nil = not at all.
	Damaged func(ctx context.Context, blob int64, cause string)
}

// Config is what a Store is made of.
type Config struct {
	DB  *database.DB
	Log *slog.Logger // nil = silent
}

// Store is the content of one instance. It is safe for concurrent use. One database has one Store: what is arriving is
// known in its memory only.
type Store struct {
	db  *database.DB
	log *slog.Logger

	// Of the owners, fixed once all are registered.
	unreferenced string // condition on blobs b that nothing needs
	unowned      string // condition on blobs b that no owner holds
	replace      []string
	notify       []func(ctx context.Context, blob int64, cause string)

	collecting sync.Mutex // held by Collect: two at once would only do everything twice

	mu       sync.Mutex
	arriving map[*Arrival]int64 // the blobs without a hash that are being filled
	damaged  map[int64]bool     // blobs whose damage was reported
}

// New returns the content in c.DB. It starts nothing. Owners register before the first Collect.
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

// unreferenced is the condition on blobs b that nothing of this package needs them. Owners add theirs.
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
