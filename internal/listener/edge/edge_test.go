package edge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fazt/internal/listener"
	"fazt/internal/system"
)

// pipes is a listener in memory, so that the time in these tests is not that of the clock.
type pipes struct {
	conns  chan net.Conn
	faults chan error
	once   sync.Once
	closed chan struct{}
}

func newPipes() *pipes {
	return &pipes{conns: make(chan net.Conn), faults: make(chan error), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case err := <-p.faults:
		return nil, err
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.closed:
		return nil, errors.New("connection refused")
	}
}

var limits = system.HTTP{MaxHeaderBytes: 32 << 10, ReadHeaderTimeout: 5000, ReadTimeout: 30000, WriteTimeout: 30000, IdleTimeout: 60000}

// bench is an edge that serves.
type bench struct {
	*pipes
	t      *testing.T
	limits *system.Live
	client *http.Client
	cancel func()
	ended  chan error
	stuck  atomic.Bool
	logged strings.Builder
}

func start(t *testing.T, h http.HandlerFunc) *bench {
	t.Helper()
	b := &bench{pipes: newPipes(), t: t, limits: system.NewLive(system.Limits{HTTP: limits}), ended: make(chan error, 1)}
	b.client = &http.Client{Transport: &http.Transport{DialContext: b.dial}}
	e := Edge{Listener: b.pipes, Handler: h, Limits: b.limits, Log: slog.New(slog.NewTextHandler(&b.logged, nil)), Stuck: b.stuck.Load}
	ctx, cancel := context.WithCancel(t.Context())
	b.cancel = cancel
	go func() { b.ended <- e.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		b.client.CloseIdleConnections()
	})
	return b
}

// get returns the body of a response, or the error.
func (b *bench) get(client *http.Client, path string) string {
	resp, err := client.Get("http://h" + path)
	if err != nil {
		return "error"
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "cut off"
	}
	return string(body)
}

// stop ends the edge and returns how long that took.
func (b *bench) stop() time.Duration {
	b.t.Helper()
	began := time.Now()
	b.cancel()
	if err := <-b.ended; err != nil {
		b.t.Errorf("the edge ended with %v", err)
	}
	return time.Since(began)
}

func echoPath(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) }

func TestAnIdleEdgeEndsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := start(t, echoPath)
		if got := b.get(b.client, "/a"); got != "/a" {
			t.Errorf("%q", got)
		}
		if took := b.stop(); took > drainLook {
			t.Errorf("it took %s, though nothing was running", took)
		}
		b.client.CloseIdleConnections()
		if got := b.get(b.client, "/a"); got != "error" {
			t.Errorf("after the end it responded with %q", got)
		}
	})
}

func TestTheEndOfAnEdgeWaitsForRunningRequests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		takes      time.Duration
		stuck      bool
		want       string
		from, upTo time.Duration
	}{
		{"a short one", time.Second, false, "done", time.Second, 2 * time.Second},
		{"one that takes almost as long as it may", drain - time.Second, false, "done", drain - time.Second, drain},
		{"one that takes longer", drain + time.Second, false, "error", drain, drain + time.Second},
		{"one that is stuck", drain, true, "error", stuckLooks * drainLook, (stuckLooks + 2) * drainLook},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := start(t, func(w http.ResponseWriter, r *http.Request) {
					select {
					case <-time.After(tt.takes):
						_, _ = io.WriteString(w, "done")
					case <-r.Context().Done():
					}
				})
				b.stuck.Store(tt.stuck)
				got := make(chan string, 1)
				go func() { got <- b.get(b.client, "/") }()
				synctest.Wait() // the request is running
				if took := b.stop(); took < tt.from || took > tt.upTo {
					t.Errorf("the end took %s, want %s to %s", took, tt.from, tt.upTo)
				}
				if got := <-got; got != tt.want {
					t.Errorf("the response is %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// Requests that are stuck now and then are not given up: only if all that remain are stuck for a while.
func TestARequestThatIsStuckForAMomentIsNotGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := start(t, func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(5 * time.Second)
			_, _ = io.WriteString(w, "done")
		})
		got := make(chan string, 1)
		go func() { got <- b.get(b.client, "/") }()
		synctest.Wait()
		go func() {
			for range 5 {
				b.stuck.Store(true)
				time.Sleep((stuckLooks - 3) * drainLook)
				b.stuck.Store(false)
				time.Sleep(2 * drainLook)
			}
		}()
		b.stop()
		if got := <-got; got != "done" {
			t.Errorf("the response is %q", got)
		}
	})
}

// A client that connected just before the end is not sent away; one that sends nothing is not waited for.
func TestTheEndOfAnEdgeWaitsForFirstRequests(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		after time.Duration
		want  string
		took  time.Duration
	}{
		"a request that is on its way": {arriving / 2, "/late", arriving / 2},
		"nothing":                      {-1, "", arriving},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := start(t, echoPath)
				c, err := b.dial(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				synctest.Wait()
				got := make(chan string, 1)
				go func() {
					if tt.after < 0 {
						got <- ""
						return
					}
					time.Sleep(tt.after)
					_, _ = io.WriteString(c, "GET /late HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
					resp, err := http.ReadResponse(bufio.NewReader(c), nil)
					if err != nil {
						got <- err.Error()
						return
					}
					body, _ := io.ReadAll(resp.Body)
					got <- string(body)
				}()
				if took := b.stop(); took < tt.took || took > tt.took+500*time.Millisecond {
					t.Errorf("the end took %s, want about %s", took, tt.took)
				}
				if got := <-got; got != tt.want {
					t.Errorf("the response is %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// A change of the limits must not interrupt anyone.
func TestNewLimitsAreForNewConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := start(t, echoPath)
		if got := b.get(b.client, "/old"); got != "/old" {
			t.Fatalf("%q", got)
		}
		dials := 0
		fresh := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			dials++
			return b.dial(ctx, network, address)
		}}}
		defer fresh.CloseIdleConnections()
		changed := limits
		changed.IdleTimeout = 1000
		b.limits.Store(system.Limits{HTTP: changed}, nil)
		if got := b.get(fresh, "/new"); got != "/new" {
			t.Fatalf("%q", got)
		}
		time.Sleep(2 * time.Second)
		if got := b.get(fresh, "/new"); got != "/new" || dials != 2 {
			t.Errorf("%q over %d connections: the new limit does not hold", got, dials)
		}
		b.client.Transport.(*http.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("the old connection was closed")
		}
		if got := b.get(b.client, "/old"); got != "/old" {
			t.Errorf("%q: the change ended a connection", got)
		}
		if took := b.stop(); took > time.Second {
			t.Errorf("the end of both took %s", took)
		}
	})
}

func TestWhichLimitsNeedAnotherServer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*system.HTTP)
		same   bool
	}{
		"nothing":                {func(*system.HTTP) {}, true},
		"connections":            {func(l *system.HTTP) { l.MaxConnections++ }, true},
		"per address":            {func(l *system.HTTP) { l.MaxPerIP++ }, true},
		"the time of a read":     {func(l *system.HTTP) { l.ReadTimeout++ }, true},
		"the time of a header":   {func(l *system.HTTP) { l.ReadHeaderTimeout++ }, false},
		"the time of a write":    {func(l *system.HTTP) { l.WriteTimeout++ }, false},
		"the time between two":   {func(l *system.HTTP) { l.IdleTimeout++ }, false},
		"the size of the header": {func(l *system.HTTP) { l.MaxHeaderBytes++ }, false},
	} {
		changed := limits
		tt.change(&changed)
		if got := (&generation{limits: limits}).serves(changed); got != tt.same {
			t.Errorf("%s: the same server %v", name, got)
		}
	}
	idle, busy := &generation{}, &generation{}
	busy.open.Add(1)
	if got := inUse([]*generation{idle, busy, idle}); len(got) != 1 || got[0] != busy {
		t.Errorf("%d servers are in use", len(got))
	}
}

// temporary is an error that goes away, such as too many open files.
type temporary struct{ error }

func (temporary) Temporary() bool { return true }

func TestAnEdgeOutlivesErrorsThatGoAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := start(t, echoPath)
		began := time.Now()
		for range 3 {
			b.faults <- temporary{errors.New("too many open files")}
		}
		if got := b.get(b.client, "/a"); got != "/a" {
			t.Errorf("%q", got)
		}
		if took := time.Since(began); took != 35*time.Millisecond { // 5, 10 and 20
			t.Errorf("it paused for %s", took)
		}
		if n := strings.Count(b.logged.String(), "too many open files"); n != 3 {
			t.Errorf("%d warnings: %s", n, &b.logged)
		}
		began = time.Now()
		b.faults <- temporary{errors.New("too many open files")} // after a connection the pause begins small
		for range 9 {
			b.faults <- temporary{errors.New("too many open files")}
		}
		if took := time.Since(began); took < 2*time.Second || took > 3*time.Second { // the last pauses have a bound
			t.Errorf("it paused for %s", took)
		}
		time.Sleep(2 * time.Second)
		b.stop()
	})
}

func TestAnEdgeWhoseListenerFailsEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := start(t, echoPath)
		lost := errors.New("the network is gone")
		b.faults <- lost
		if err := <-b.ended; !errors.Is(err, lost) || !strings.HasPrefix(err.Error(), "serve memory: ") {
			t.Errorf("it ended with %v", err)
		}
	})
}

func TestManyConnectionsAreServedWhileLimitsChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := start(t, echoPath)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				client := &http.Client{Transport: &http.Transport{DialContext: b.dial}}
				defer client.CloseIdleConnections()
				for n := range 5 {
					path := fmt.Sprintf("/%d/%d", i, n)
					if got := b.get(client, path); got != path {
						t.Errorf("%s: %q", path, got)
					}
					client.CloseIdleConnections()
					changed := limits
					changed.IdleTimeout += i
					b.limits.Store(system.Limits{HTTP: changed}, nil)
				}
			})
		}
		all.Wait()
		b.stop()
	})
}

func TestTheFirstRequestOfAConnectionIsNoted(t *testing.T) {
	t.Parallel()
	var f fresh
	a, b := net.Pipe()
	f.remove(a) // of none
	f.add(a)
	f.add(b)
	f.add(a)
	if f.n.Load() != 2 {
		t.Errorf("%d, want 2", f.n.Load())
	}
	f.remove(a)
	f.remove(a)
	if f.n.Load() != 1 {
		t.Errorf("%d, want 1", f.n.Load())
	}
	f.remove(b)
	if f.n.Load() != 0 {
		t.Errorf("%d, want 0", f.n.Load())
	}
}

// A response in HTTP/1.0 may end with its connection, so one that was cut off must not end like one that is complete.
func TestAnIncompleteResponseOfHTTP10IsReset(t *testing.T) {
	t.Parallel()
	l, err := listener.TCP("127.0.0.1:0", listener.NewLimit(listener.LimitConfig{Max: func() int { return 100 }, PerIP: func() int { return 100 }}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	e := Edge{Listener: l, Limits: system.NewLive(system.Limits{HTTP: limits}), Log: slog.New(slog.DiscardHandler), Stuck: func() bool { return false },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "begun")
			_ = http.NewResponseController(w).Flush()
			if r.URL.Path == "/broken" {
				panic(http.ErrAbortHandler)
			}
		})}
	go func() { ended <- e.Run(ctx) }()
	for path, complete := range map[string]bool{"/whole": true, "/broken": false} {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		_, _ = io.WriteString(c, "GET "+path+" HTTP/1.0\r\n\r\n")
		got, err := io.ReadAll(c)
		if (err == nil) != complete || complete && !strings.HasSuffix(string(got), "begun") {
			t.Errorf("%s: %q, %v", path, got, err)
		}
		c.Close()
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
