package database

import "context"

const (
	vacuumSome = "PRAGMA incremental_vacuum(32)"

	// SparePages is how many free pages Compact leaves in the file, because they would soon be allocated again.
	SparePages = 1024
)

// Compact returns free pages to the disk, a few at a time, and returns their number.
func (db *DB) Compact(ctx context.Context) (given int, err error) {
	err = db.Steps(ctx, func(tx *Tx) (more bool, err error) {
		total, free, err := pageCounts(tx)
		if err != nil || free <= SparePages {
			return false, err
		}
		if err := tx.Exec(vacuumSome); err != nil {
			return false, err
		}
		left, _, err := pageCounts(tx)
		given += total - left
		return left < total, err // a file made without auto_vacuum keeps its pages
	})
	return given, err
}

func pageCounts(tx *Tx) (total, free int, err error) {
	if _, err := tx.First("PRAGMA page_count", func(r *Row) { total = r.Int(0) }); err != nil {
		return 0, 0, err
	}
	_, err = tx.First("PRAGMA freelist_count", func(r *Row) { free = r.Int(0) })
	return total, free, err
}
