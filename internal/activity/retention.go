package activity

import (
	"time"

	"fazt/internal/database"
)

const (
	pruneMost = 100         // rows one write removes: a bound that was lowered far must not hold up the writer
	pruneAll  = 5000        // rows removed in turn, about, before records that wait are stored again
	ageEvery  = time.Minute // how often is looked for rows that are too old
)

// retention keeps what a table holds of each owner below a bound. The rows of an owner are counted once, when it is
// first met; from then on the number is maintained: a count of everything on every tick is what filled the processor
// of an idle instance. It is used by one goroutine at a time.
type retention struct {
	count  string // SQL: how many rows the owner has
	excess string // SQL: removes so many rows of the owner, those that matter least first
	aged   string // SQL: removes rows with numbers below the given one, so many at most, and returns their owners
	keep   func(owner string) int
	age    func() time.Duration // 0 = for ever
	most   int                  // rows one transaction removes

	rows map[string]int
	next time.Time // when to look for what is too old
	over bool      // more is to be removed than the last time was
}

// begin prepares the retention.
func (r *retention) begin() {
	r.most = pruneMost
	r.rows, r.next = map[string]int{}, time.Now().Add(ageEvery)
}

// idle says whether there is nothing to do until rows are added.
func (r *retention) idle() bool { return !r.over && time.Now().Before(r.next) }

// store inserts n rows, and removes those that are too many or too old. insert inserts one, or none where its owner is
// gone, and says whose it is.
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

// added tells of new rows of an owner.
func (r *retention) added(tx *database.Tx, owner string, n int) error {
	if have, known := r.rows[owner]; known {
		r.rows[owner] = have + n
		return nil
	}
	_, err := tx.First(r.count, func(row *database.Row) { r.rows[owner] = row.Int(0) }, owner)
	return err
}

// prune removes what is too much and what is too old.
func (r *retention) prune(tx *database.Tx) error {
	r.over = false
	if now := time.Now(); !now.Before(r.next) {
		r.next = now.Add(ageEvery)
		if age := r.age(); age > 0 {
			if err := r.pruneAged(tx, now.Add(-age)); err != nil {
				return err
			}
		}
	}
	for owner, have := range r.rows {
		many := have - r.keep(owner)
		if many <= 0 {
			continue
		}
		if err := tx.Exec(r.excess, owner, min(many, r.most)); err != nil {
			return err
		}
		if tx.Changes() == 0 { // its app was removed, and what it left
			delete(r.rows, owner)
			continue
		}
		r.rows[owner] = have - tx.Changes()
		r.over = r.over || many > r.most
	}
	return nil
}

func (r *retention) pruneAged(tx *database.Tx, before time.Time) error {
	n := 0
	err := tx.Each(r.aged, func(row *database.Row) error {
		n++
		if owner := row.Text(0); r.rows[owner] > 0 {
			r.rows[owner]--
		}
		return nil
	}, before.UnixMicro(), r.most)
	if n == r.most {
		r.next = time.Time{} // there may be more
	}
	return err
}

// removed tells that other hands removed rows of an owner.
func (r *retention) removed(owner string, n int) {
	if have, known := r.rows[owner]; known {
		r.rows[owner] = have - n
	}
}

// forget makes the rows be counted again: a transaction was undone.
func (r *retention) forget() { clear(r.rows) }
