package static

import (
	"net/http"
	"slices"
	"sync"

	"fazt/internal/database"
)

// maxUnread is how many addresses are remembered: more would not help to see what is wrong.
const maxUnread = 16

// unread remembers which files the disk failed to read.
type unread struct {
	mu    sync.Mutex
	names []string
}

// note records the outcome of a request.
func (u *unread) note(r *http.Request, err error) {
	if err == nil || !database.IsUnreadable(err) {
		return
	}
	name := r.Host + r.URL.Path
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.names) < maxUnread && !slices.Contains(u.names, name) {
		u.names = append(u.names, name)
	}
}

func (u *unread) list() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]string{}, u.names...)
}
