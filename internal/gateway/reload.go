package gateway

import (
	_ "embed"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Reloader makes open pages reload when another deployment of their app goes live. It is for `fazt dev` only.
type Reloader struct {
	mu      sync.Mutex
	changed map[string]chan struct{} // by app; closed when the app changes
	closed  chan struct{}
	once    sync.Once
}

// NewReloader returns a Reloader without listeners.
func NewReloader() *Reloader {
	return &Reloader{changed: map[string]chan struct{}{}, closed: make(chan struct{})}
}

// Changed reloads the open pages of an app. It must be called after the new routes are in force.
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

// repeat is how often a stream repeats itself: often enough to beat any timeout and to make up for a missed message.
const repeat = 5 * time.Second

// serve streams the ID of the live deployment, now and whenever it changes.
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
		changed := l.wait(appID) // before reading live, so that no change is missed
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

// reloadTag loads the script and passes it the page's deployment. The script is a separate file because a page's own
// Content-Security-Policy usually allows that.
func reloadTag(t *Target) []byte {
	return []byte(`<script src="` + t.Product.Path("reload.js") + `?` + t.Deployment + `" async></script>`)
}
