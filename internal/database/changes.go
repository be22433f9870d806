package database

import (
	"maps"
	"sync"
)

// Changes are the rows that were changed since they were asked for last: the values of the watched columns, by table.
type Changes struct {
	All  bool // anything may have changed
	Rows map[string][]string
}

// changes gathers what writes change in the watched tables. What a transaction has changed is told of only once it is
// committed: who reads then, reads it.
type changes struct {
	watched map[string]string
	open    map[[2]string]bool // of the transaction at work; the writer's alone

	mu   sync.Mutex
	all  bool
	rows map[[2]string]bool
}

func newChanges(watched map[string]string) *changes {
	return &changes{watched: watched, open: map[[2]string]bool{}, all: true, rows: map[[2]string]bool{}}
}

// note adds a row of the transaction at work.
func (w *changes) note(table, value string) { w.open[[2]string{table, value}] = true }

// begin forgets what a transaction that was undone had changed, and commit makes known what one that was kept has.
func (w *changes) begin() { clear(w.open) }

func (w *changes) commit() {
	if len(w.open) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.Copy(w.rows, w.open)
}

func (w *changes) everything() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = true
}

// TakeChanges is what was committed since the last call; at first, everything. A read that begins afterwards sees it.
func (db *DB) TakeChanges() Changes {
	w := db.writer.changes
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := Changes{All: w.all, Rows: map[string][]string{}}
	for at := range w.rows {
		taken.Rows[at[0]] = append(taken.Rows[at[0]], at[1])
	}
	w.all = false
	clear(w.rows)
	return taken
}

// ChangedAll makes the next TakeChanges say that anything may have changed.
func (db *DB) ChangedAll() { db.writer.changes.everything() }
