package hosting

import (
	"net/http"
	"slices"
	"sync"

	"fazt/internal/database"
)

// unreadMost is how many addresses are remembered: more would not help anybody to see what is wrong.
const unreadMost = 16

// unread remembers which files the disk could not read.
type unread struct {
	mu    sync.Mutex
	names []string
}

// note takes the outcome of a request.
func (d *unread) note(r *http.Request, err error) {
	if err == nil || !database.IsUnreadable(err) {
		return
	}
	name := r.Host + r.URL.Path
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.names) < unreadMost && !slices.Contains(d.names, name) {
		d.names = append(d.names, name)
	}
}

func (d *unread) list() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string{}, d.names...)
}
