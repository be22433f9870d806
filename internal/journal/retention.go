package journal

import (
	"time"

	"fazt/internal/database"
)

const (
	maxPrune = 100         // rows removed in one transaction: lowering a bound far does not hold up the writer
	maxSteps = 50          // transactions without records in a row, before records that wait are stored again
	ageEvery = time.Minute // how often rows that are too old are looked for
)

// retention keeps the rows of each owner in a table below a bound. It counts the rows of an owner once, at the first
// record; from then on it maintains the number: counting everything on every tick is what filled the processor of an
// idle instance. It is used by one goroutine at a time.
type retention struct {
	count   string // SQL: counts the rows of an owner
	excess  string // SQL: removes a number of rows of an owner
	aged    string // SQL: removes a number of rows below an id, and returns their owners
	removed string // SQL: removes one row, and returns its owner
	keep    func(owner string) int
	maxAge  func() time.Duration // 0 = for ever

	rows map[string]int // of the owners met so far
	next time.Time      // when to look for rows that are too old
	over bool           // there is more to remove
}

func newRetention(t Table, keep func(owner string) int, maxAge func() time.Duration) *retention {
	return &retention{
		count:   "SELECT count(*) FROM " + t.Name + " WHERE " + t.Owner + " = ?",
		excess:  "DELETE FROM " + t.Name + " WHERE id IN (SELECT id FROM " + t.Name + " WHERE " + t.Owner + " = ? ORDER BY " + t.Order + " LIMIT ?)",
		aged:    "DELETE FROM " + t.Name + " WHERE id IN (SELECT id FROM " + t.Name + " WHERE id < ? ORDER BY id LIMIT ?) RETURNING " + t.Owner,
		removed: "DELETE FROM " + t.Name + " WHERE id = ? RETURNING " + t.Owner,
		keep:    keep,
		maxAge:  maxAge,
		rows:    map[string]int{},
		next:    time.Now().Add(ageEvery),
	}
}

// idle reports whether there is nothing to remove until rows are added.
func (r *retention) idle() bool { return !r.over && time.Now().Before(r.next) }

// store calls insert for each of n records, then removes the rows that are too many or too old. insert returns the
// owner of the record and inserts one row, or none if the owner has been removed.
func (r *retention) store(tx *database.Tx, n int, insert func(i int) (owner string, err error)) (err error) {
	defer func() {
		if err != nil {
			r.forget()
		}
	}()
	added := map[string]int{}
	for i := range n {
		owner, err := insert(i)
		if err != nil {
			return err
		}
		if tx.Changes() > 0 {
			added[owner]++
		} else {
			delete(r.rows, owner)
		}
	}
	for owner, n := range added {
		if err := r.added(tx, owner, n); err != nil {
			return err
		}
	}
	return r.prune(tx)
}

func (r *retention) added(tx *database.Tx, owner string, n int) error {
	if have, known := r.rows[owner]; known {
		r.rows[owner] = have + n
		return nil
	}
	_, err := tx.First(r.count, func(row *database.Row) { r.rows[owner] = row.Int(0) }, owner)
	return err
}

func (r *retention) prune(tx *database.Tx) error {
	r.over = false
	if now := time.Now(); !now.Before(r.next) {
		r.next = now.Add(ageEvery)
		if age := r.maxAge(); age > 0 {
			if err := r.pruneAged(tx, now.Add(-age)); err != nil {
				return err
			}
		}
	}
	for owner, have := range r.rows {
		excess := have - r.keep(owner)
		if excess <= 0 {
			continue
		}
		if err := tx.Exec(r.excess, owner, min(excess, maxPrune)); err != nil {
			return err
		}
		if tx.Changes() == 0 { // the owner was removed, and its rows with it
			delete(r.rows, owner)
			continue
		}
		r.rows[owner] = have - tx.Changes()
		r.over = r.over || excess > maxPrune
	}
	return nil
}

func (r *retention) pruneAged(tx *database.Tx, before time.Time) error {
	n, err := r.uncount(tx, r.aged, before.UnixMicro(), maxPrune)
	if n == maxPrune {
		r.next = time.Time{} // there may be more
	}
	return err
}

// remove removes one row, and returns how many there were.
func (r *retention) remove(tx *database.Tx, id int64) (int, error) {
	return r.uncount(tx, r.removed, id)
}

// uncount runs a statement that removes rows and returns their owners.
func (r *retention) uncount(tx *database.Tx, sql string, args ...any) (n int, err error) {
	err = tx.Each(sql, func(row *database.Row) error {
		n++
		if owner := row.Text(0); r.rows[owner] > 0 {
			r.rows[owner]--
		}
		return nil
	}, args...)
	return n, err
}

// forget makes the rows be counted again after a transaction was undone.
func (r *retention) forget() { clear(r.rows) }
