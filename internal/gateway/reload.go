package gateway

import (
	_ "embed"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Reloader tells open pages that another deployment of their app went live, so that they reload themselves. It is for
// `fazt dev` only.
type Reloader struct {
	mu      sync.Mutex
	changed map[string]chan struct{} // by app; closed when the app changes
	closed  chan struct{}
	once    sync.Once
}

// NewReloader is a Reloader nobody listens to yet.
func NewReloader() *Reloader {
	return &Reloader{changed: map[string]chan struct{}{}, closed: make(chan struct{})}
}

// Changed reloads the open pages of an app. It is called after the new routes are in force.
func (l *Reloader) Changed(appID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c, ok := l.changed[appID]; ok {
		close(c)
		delete(l.changed, appID)
	}
}

// Close ends the streams to open pages, which would keep a server from stopping. It may be called more than once.
func (l *Reloader) Close() { l.once.Do(func() { close(l.closed) }) }

func (l *Reloader) wait(appID string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.changed[appID]
	if !ok {
		c = make(chan struct{})
		l.changed[appID] = c
	}
	return c
}

// repeat is how often a stream repeats itself: often enough that no time-out cuts it and that one which was missed does
// no harm.
const repeat = 5 * time.Second

// serve streams the id of the deployment that is live now, and again whenever it changes.
func (l *Reloader) serve(w http.ResponseWriter, r *http.Request, appID string, live func() string) error {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store, no-transform")
	w.Header().Set("X-Accel-Buffering", "no")
	control := http.NewResponseController(w)
	if _, err := fmt.Fprint(w, "retry: 500\n"); err != nil {
		return nil
	}
	tick := time.NewTicker(repeat)
	defer tick.Stop()
	for {
		changed := l.wait(appID) // before looking, so that nothing happens unseen in between
		if _, err := fmt.Fprintf(w, "data: %s\n\n", live()); err != nil {
			return nil
		}
		_ = control.Flush()
		select {
		case <-changed:
		case <-tick.C:
		case <-l.closed:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}

//go:embed reload.js
var reloadScript []byte

func serveReloadScript(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(reloadScript)
	return nil
}

// reloadTag loads the script, and tells it which deployment the page is from. The script is a file and not part of the
// page: a page's own Content-Security-Policy usually allows that.
func reloadTag(deployment string) []byte {
	return []byte(`<script src="/_fazt/reload.js?` + deployment + `" async></script>`)
}
