// Package edge serves HTTP on a listener, under limits that may change while it serves.
package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/listener"
	"fazt/internal/system"
)

// Edge serves HTTP on a listener. The limits of an http.Server must not change while it serves, so there is one for each
// set of limits: new connections go to that of the limits in force, and an older one lives on for as long as it has
// connections. A change interrupts nothing.
type Edge struct {
	Address  string // as it was asked for
	Listener net.Listener
	Handler  http.Handler
	Limits   *system.Live
	Log      *slog.Logger
	Stuck    func() bool // there are requests that will not end, and no others
}

// drain is how long running requests have to finish when the edge stops.
const drain = 10 * time.Second

// generation is the server for one set of limits.
type generation struct {
	limits system.HTTP
	server *http.Server
	queue  *handed
	open   atomic.Int64 // connections; negative is impossible
	fresh  fresh
	ended  chan struct{} // closed when it takes no connections any more
}

// fresh are the connections whose first request has not reached the handler yet.
type fresh struct {
	n     atomic.Int64
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func (f *fresh) add(c net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conns == nil {
		f.conns = map[net.Conn]struct{}{}
	}
	f.conns[c] = struct{}{}
	f.n.Store(int64(len(f.conns)))
}

func (f *fresh) remove(c net.Conn) {
	if f.n.Load() == 0 { // mostly, and all it costs a request then
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, c)
	f.n.Store(int64(len(f.conns)))
}

// connection is the key of a request's connection in its context.
type connection struct{}

// Run serves until ctx ends, then lets running requests finish.
func (e Edge) Run(ctx context.Context) error {
	failed := make(chan error, 1)
	var all []*generation // only the last takes connections; touched by accept until it has ended
	go func() { failed <- e.accept(&all) }()
	var err error
	select {
	case err = <-failed:
		err = fmt.Errorf("serve %s: %w", e.Listener.Addr(), err)
	case <-ctx.Done():
		err = e.Listener.Close()
		if served := <-failed; !errors.Is(served, net.ErrClosed) {
			err = errors.Join(err, served)
		}
	}
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	go func() { // runs that were abandoned would be waited for until the end
		defer cancel()
		for looks := 0; wait.Err() == nil && looks < stuckLooks; looks++ {
			time.Sleep(drainLook)
			if !e.Stuck() {
				looks = -1
			}
		}
	}()
	return errors.Join(err, shutdown(wait, all))
}

// drainLook is how often a drain looks whether it waits only for what does not end; after stuckLooks times in a row it gives
// those up. Between them the last answer goes out, and a request arrives whose connection was taken just before the end.
const (
	drainLook  = 50 * time.Millisecond
	stuckLooks = 20
)

// accept hands every connection to the server of the limits in force, until the listener fails.
func (e Edge) accept(all *[]*generation) error {
	var now *generation
	pause := time.Duration(0)
	for {
		conn, err := e.Listener.Accept()
		var temporary interface{ Temporary() bool } // out of file descriptors, mostly: net/http goes on likewise
		switch {
		case errors.As(err, &temporary) && temporary.Temporary():
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			e.Log.Warn("a connection could not be taken", "error", err)
			time.Sleep(pause)
			continue
		case err != nil:
			return err
		}
		pause = 0
		if limits := e.Limits.HTTP(); now == nil || !now.serves(limits) {
			if now != nil {
				now.retire()
			}
			now = e.generation(limits)
			*all = append(inUse(*all), now)
		}
		now.take(conn)
	}
}

// serves says whether the server is as these limits want it. The others of the group are read anew for every request.
func (g *generation) serves(l system.HTTP) bool {
	return g.limits.ReadHeaderTimeout == l.ReadHeaderTimeout && g.limits.WriteTimeout == l.WriteTimeout &&
		g.limits.IdleTimeout == l.IdleTimeout && g.limits.MaxHeaderBytes == l.MaxHeaderBytes
}

// generation starts a server.
func (e Edge) generation(l system.HTTP) *generation {
	g := &generation{limits: l, queue: &handed{addr: e.Listener.Addr(), conns: make(chan net.Conn), closed: make(chan struct{})}, ended: make(chan struct{})}
	g.server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, _ := r.Context().Value(connection{}).(net.Conn)
			g.fresh.remove(c)
			e.answer(w, r, c)
		}),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connection{}, c)
		},
		ReadHeaderTimeout: milliseconds(l.ReadHeaderTimeout),
		WriteTimeout:      milliseconds(l.WriteTimeout), // moved on by progress
		IdleTimeout:       milliseconds(l.IdleTimeout),
		MaxHeaderBytes:    l.MaxHeaderBytes,
		ErrorLog:          logAdapter(e.Log),
		ConnState: func(c net.Conn, state http.ConnState) {
			conn, _ := c.(*listener.Conn)
			switch {
			case state == http.StateClosed || state == http.StateHijacked:
				g.fresh.remove(c)
				g.open.Add(-1)
				if conn != nil && state == http.StateHijacked {
					conn.Hijacked()
				}
			case conn != nil && state == http.StateIdle:
				conn.Answered()
			}
		},
	}
	go func() {
		defer close(g.ended)
		_ = g.server.Serve(g.queue) // ends when the queue is closed, and only then
	}()
	return g
}

// answer has the handler answer. The end of an answer to HTTP/1.0 may be the end of the connection, and proxies speak that:
// nginx does by default. So until it is whole its end is a reset, whatever ends it: a panic, or the process.
func (e Edge) answer(w http.ResponseWriter, r *http.Request, c net.Conn) {
	conn, ok := c.(*listener.Conn)
	if !ok || r.ProtoAtLeast(1, 1) {
		e.Handler.ServeHTTP(w, r)
		return
	}
	conn.ResetOnClose(true)
	e.Handler.ServeHTTP(w, r)
	conn.ResetOnClose(false)
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func (g *generation) take(c net.Conn) {
	g.open.Add(1)
	g.fresh.add(c)
	g.queue.conns <- c
}

// retire makes the server take no more connections; those it has go on.
func (g *generation) retire() {
	g.queue.Close()
	<-g.ended
}

// inUse forgets servers whose connections are gone.
func inUse(all []*generation) []*generation {
	var kept []*generation
	for _, g := range all {
		if g.open.Load() > 0 {
			kept = append(kept, g)
		}
	}
	return kept
}

const (
	lookOpen = 2 * time.Millisecond // how often connections are looked for that are still open
	arriving = 2 * time.Second      // how long a stop waits for the first requests of connections that were taken
)

// settle waits until the first request of every connection has arrived: http.Server closes without an answer those whose
// request it reads after Shutdown has begun. Some clients connect ahead of time and send nothing, so not for long.
func (g *generation) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, arriving)
	defer cancel()
	for g.fresh.n.Load() > 0 && ctx.Err() == nil {
		time.Sleep(lookOpen)
	}
}

// shutdown lets the running requests of all servers finish, or ends them when ctx ends before.
func shutdown(ctx context.Context, all []*generation) error {
	errList := make([]error, len(all))
	var group sync.WaitGroup
	for i, g := range all {
		group.Go(func() {
			g.settle(ctx)
			err := g.server.Shutdown(ctx)
			// Shutdown does not wait for a connection that was handed over just before, and that the server has not noted yet.
			for err == nil && g.open.Load() > 0 {
				time.Sleep(lookOpen)
				err = g.server.Shutdown(ctx)
			}
			if err != nil && ctx.Err() != nil {
				err = g.server.Close()
			}
			<-g.ended
			errList[i] = err
		})
	}
	group.Wait()
	return errors.Join(errList...)
}

// handed is a listener whose connections are handed to it.
type handed struct {
	addr   net.Addr
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (h *handed) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

func (h *handed) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

func (h *handed) Addr() net.Addr { return h.addr }
