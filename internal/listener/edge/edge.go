// Package edge serves HTTP on a listener, with limits that can change while it serves.
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

// Edge serves HTTP on a listener. The limits of an http.Server must not change while it serves, so there is one per set of
// limits: new connections go to the newest, and an older one continues as long as it has connections. A change interrupts
// nothing.
type Edge struct {
	Address  string // as it was configured
	Listener net.Listener
	Handler  http.Handler
	Limits   *system.Live
	Log      *slog.Logger
	Stuck    func() bool // all remaining requests are stuck
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
	ended  chan struct{} // closed when it accepts no more connections
}

// fresh has the connections whose first request has not reached the handler yet.
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
	if f.n.Load() == 0 { // the usual case, kept cheap
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, c)
	f.n.Store(int64(len(f.conns)))
}

// close closes the connections.
func (f *fresh) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		c.Close()
	}
}

// connection is the context key of a request's connection.
type connection struct{}

// Run serves until ctx ends, then lets running requests finish.
func (e Edge) Run(ctx context.Context) error {
	failed := make(chan error, 1)
	var all []*generation // only the last accepts connections; used by accept until that has ended
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
	var looking sync.WaitGroup
	looking.Go(func() { e.giveUp(wait, cancel) })
	err = errors.Join(err, shutdown(wait, all))
	cancel()
	looking.Wait()
	return err
}

// giveUp ends a drain when all remaining requests have been stuck for a while; otherwise abandoned invocations would be
// waited for until the end.
func (e Edge) giveUp(draining context.Context, end func()) {
	look := time.NewTicker(drainLook)
	defer look.Stop()
	for looks := 0; looks < stuckLooks; {
		select {
		case <-draining.Done():
			return
		case <-look.C:
		}
		if looks++; !e.Stuck() {
			looks = 0
		}
	}
	end()
}

// drainLook is how often a drain checks if all remaining requests are stuck; after stuckLooks times in a row it gives them up.
// In between the last response is sent, and a request can arrive whose connection was accepted just before the end.
const (
	drainLook  = 50 * time.Millisecond
	stuckLooks = 20
)

// accept passes every connection to the server with the current limits, until the listener fails.
func (e Edge) accept(all *[]*generation) error {
	var now *generation
	pause := time.Duration(0)
	for {
		conn, err := e.Listener.Accept()
		var temporary interface{ Temporary() bool } // usually out of file descriptors; net/http continues as well
		switch {
		case errors.As(err, &temporary) && temporary.Temporary():
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			e.Log.Warn("a connection could not be accepted", "error", err)
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

// serves reports whether the server has these limits. The other limits of the group are read for every request.
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
			e.serve(w, r, c)
		}),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connection{}, c)
		},
		ReadHeaderTimeout: milliseconds(l.ReadHeaderTimeout),
		WriteTimeout:      milliseconds(l.WriteTimeout), // extended by Progress
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
		_ = g.server.Serve(g.queue) // ends only when the queue is closed
	}()
	return g
}

// serve calls the handler. A response in HTTP/1.0, which nginx uses by default, may be delimited by the end of the connection.
// Until it is complete, the connection therefore ends with a reset, even after a panic or when the process is killed.
func (e Edge) serve(w http.ResponseWriter, r *http.Request, c net.Conn) {
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

// retire makes the server accept no more connections. Existing ones continue.
func (g *generation) retire() {
	g.queue.Close()
	<-g.ended
}

// inUse returns the servers that still have connections.
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
	lookOpen = 2 * time.Millisecond // how often it is checked whether connections are still open
	arriving = 2 * time.Second      // how long a stop waits for the first requests of accepted connections
)

// settle waits briefly for the first request of every connection: http.Server closes those whose request it reads after
// Shutdown, without a response. Some clients connect ahead of time and send nothing, so it does not wait long, and closes
// their connections: http.Server would wait until they are five seconds old.
func (g *generation) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, arriving)
	defer cancel()
	for g.fresh.n.Load() > 0 && ctx.Err() == nil {
		time.Sleep(lookOpen)
	}
	g.fresh.close()
}

// shutdown lets the running requests of all servers finish, or cancels them when ctx ends.
func shutdown(ctx context.Context, all []*generation) error {
	errList := make([]error, len(all))
	var group sync.WaitGroup
	for i, g := range all {
		group.Go(func() {
			g.settle(ctx)
			err := g.server.Shutdown(ctx)
			// Shutdown does not wait for a connection that was passed on just before and is not registered yet.
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

// handed is a listener that gets its connections from accept.
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
