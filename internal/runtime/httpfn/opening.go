package httpfn

import (
	"context"
	"runtime"
	"sync"

	"golang.org/x/sync/semaphore"
)

// opensAtOnce is how many streamed bodies of an app may be starting their functions at the same time: half the number of
// processors. Starting one costs a VM, which is the most expensive thing a client gets for the head of a request.
func opensAtOnce() int64 { return int64(max(1, runtime.GOMAXPROCS(0)/2)) }

// openings bounds, per app, the streams that are starting. The zero value is ready.
type openings struct {
	mu   sync.Mutex
	apps map[string]*opening
}

// opening is the streams of one app that are starting or waiting for their turn.
type opening struct {
	sem   *semaphore.Weighted
	users int
}

// turn is held by a stream that is starting. A nil turn holds nothing.
type turn struct {
	of  *openings
	app string
}

// wait returns a turn, in order of arrival, or nil when ctx ends first.
func (o *openings) wait(ctx context.Context, app string) *turn {
	o.mu.Lock()
	p := o.apps[app]
	if p == nil {
		p = &opening{sem: semaphore.NewWeighted(opensAtOnce())}
		if o.apps == nil {
			o.apps = map[string]*opening{}
		}
		o.apps[app] = p
	}
	p.users++
	o.mu.Unlock()
	if p.sem.Acquire(ctx, 1) != nil {
		o.left(app)
		return nil
	}
	return &turn{of: o, app: app}
}

// left removes one that waited or was starting. The last one removes the entry of its app.
func (o *openings) left(app string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := o.apps[app]
	if p.users--; p.users == 0 {
		delete(o.apps, app)
	}
}

// done passes the turn to the next stream.
func (t *turn) done() {
	if t == nil {
		return
	}
	t.of.mu.Lock()
	sem := t.of.apps[t.app].sem
	t.of.mu.Unlock()
	sem.Release(1)
	t.of.left(t.app)
}
