package database

import (
	"maps"
	"sync"
)

// Changes are the rows that were changed since the last call of TakeChanges: the values of the watched columns, by
// table.
type Changes struct {
	All  bool // anything may have changed
	Rows map[string][]string
}

// changes collects what writes change in the watched tables. Changes of a transaction are published only after its
// commit, when reads can see them.
type changes struct {
	watched map[string]string
	open    map[[2]string]bool // of the current transaction; used by the writer only

	mu   sync.Mutex
	all  bool
	rows map[[2]string]bool
}

func newChanges(watched map[string]string) *changes {
	return &changes{watched: watched, open: map[[2]string]bool{}, all: true, rows: map[[2]string]bool{}}
}

// note adds a row of the current transaction.
func (w *changes) note(table, value string) { w.open[[2]string{table, value}] = true }

// begin drops the changes of a transaction that was undone; commit publishes those of one that was committed.
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
