package egress

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"fazt/internal/egress/rules"
	"fazt/internal/egress/transport"

	"fazt/internal/errs"
	"fazt/internal/system"
	"fazt/internal/timeout"
)

func TestTheCallsOfARequestAreLimitedIncludingFailedOnes(t *testing.T) {
	w := newWorld(t)
	w.serve("example.com", hello)
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	w.limits.MaxCalls = 3
	r := w.gate.Begin("app_1", "req_1")
	for _, url := range []string{"http://evil.test/", "nonsense", "http://example.com/"} {
		if _, _, err := w.in(r, Call{URL: url}); code(err) == CodeLimit {
			t.Fatalf("%s: %v", url, err)
		}
	}
	for range 5 {
		if _, _, err := w.in(r, Call{URL: "http://example.com/"}); code(err) != CodeLimit || errs.KindOf(err).Retryable() {
			t.Fatalf("one too many: %v", err)
		}
	}
	if n := len(w.attempts()); n != 4 {
		t.Errorf("%d are logged: a loop around a failing call would push others out", n)
	}
	if _, _, err := w.get("http://example.com/"); err != nil {
		t.Errorf("another request: %v", err)
	}
}

// The predecessor checked a counter before it raised it, so concurrent calls passed together.
func TestConcurrentCallsNeverExceedTheLimit(t *testing.T) {
	w := newWorld(t)
	refused := make(chan struct{}) // closed with the first refusal: until then every place is taken
	var refuse sync.Once
	var open, most, perApp atomic.Int64
	var ofApp [2]atomic.Int64
	w.serve("example.com", func(rw http.ResponseWriter, r *http.Request) {
		n := open.Add(1)
		app := &ofApp[0]
		if r.URL.Path == "/1" {
			app = &ofApp[1]
		}
		m := app.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		for old := perApp.Load(); m > old && !perApp.CompareAndSwap(old, m); old = perApp.Load() {
		}
		<-refused
		app.Add(-1) // before the answer, with which the place may be given to the next
		open.Add(-1)
		hello(rw, r)
	})
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	w.limits.AppConcurrency, w.limits.Concurrency = 7, 10
	var all sync.WaitGroup
	var answered, refusals atomic.Int64
	for i := range 1000 {
		all.Go(func() {
			r := w.gate.Begin(fmt.Sprintf("app_%d", i%2), "")
			for {
				_, body, err := w.in(r, Call{URL: fmt.Sprintf("http://example.com/%d", i%2)})
				if err == nil && body == "hello" {
					answered.Add(1)
					return
				}
				if code(err) != CodeLimit || errs.RetryAfter(err) == 0 || !errs.Is(err, errs.Unavailable) {
					t.Errorf("got %v", err)
					return
				}
				refusals.Add(1)
				refuse.Do(func() { close(refused) })
				time.Sleep(time.Duration(i%50+1) * time.Millisecond) // as a caller does before it tries again
				r = w.gate.Begin(fmt.Sprintf("app_%d", i%2), "")
			}
		})
	}
	all.Wait()
	if answered.Load() != 1000 || refusals.Load() == 0 || most.Load() > 10 || perApp.Load() > 7 {
		t.Errorf("%d answered, %d refused, at most %d open at once, %d of one app", answered.Load(), refusals.Load(), most.Load(), perApp.Load())
	}
	w.free()
}

func TestSlotsFollowTheLimits(t *testing.T) {
	var s slots
	var inside, over, got atomic.Int64
	var all sync.WaitGroup
	for range 1000 {
		all.Go(func() {
			for range 50 {
				if ok, _ := s.acquire("a", 5, 100); ok {
					if inside.Add(1) > 5 {
						over.Add(1)
					}
					got.Add(1)
					inside.Add(-1)
					s.release("a")
				}
			}
		})
	}
	all.Wait()
	if over.Load() != 0 || got.Load() == 0 || s.all != 0 || len(s.apps) != 0 {
		t.Errorf("%d over, %d got a place, left %+v", over.Load(), got.Load(), s.apps)
	}
	for range 3 {
		s.acquire("a", 3, 5)
	}
	for name, tt := range map[string]struct {
		app        string
		one, total int
		want       bool
	}{
		"full": {"a", 3, 5, false}, "raised": {"a", 4, 5, true}, "all full": {"b", 3, 3, false}, "another app": {"b", 3, 5, true},
	} {
		ok, reason := s.acquire(tt.app, tt.one, tt.total)
		if ok != tt.want || ok != (reason == "") {
			t.Errorf("%s: %v %q", name, ok, reason)
		}
		if ok {
			s.release(tt.app)
		}
	}
}

func TestAResponseHoldsItsSlotUntilItIsClosed(t *testing.T) {
	w := newWorld(t)
	w.serve("example.com", hello)
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	w.limits.AppConcurrency = 1
	a, err := w.gate.Begin("app_1", "").Do(t.Context(), Call{URL: "http://example.com/"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.get("http://example.com/"); code(err) != CodeLimit {
		t.Errorf("got %v", err)
	}
	a.Body.Close()
	a.Body.Close()
	if _, err := a.Body.Read(make([]byte, 1)); err == nil {
		t.Error("a closed answer can be read")
	}
	if _, _, err := w.get("http://example.com/"); err != nil {
		t.Errorf("got %v", err)
	}
	if n := len(w.attempts()); n != 3 {
		t.Errorf("%d attempts are logged", n)
	}
	w.free()
}

func TestRate(t *testing.T) {
	for name, tt := range map[string]struct {
		e           rules.Entry
		l           system.Net
		rate, burst int
	}{
		"none":                      {rules.Entry{}, system.Net{}, 0, 0},
		"the entry's":               {rules.Entry{Rate: 5}, system.Net{}, 5, 5},
		"the limit's":               {rules.Entry{}, system.Net{RateLimit: 7, RateBurst: 9}, 7, 9},
		"the stricter":              {rules.Entry{Rate: 5, Burst: 20}, system.Net{RateLimit: 7, RateBurst: 9}, 5, 9},
		"the stricter, the limit's": {rules.Entry{Rate: 50}, system.Net{RateLimit: 7}, 7, 7},
	} {
		if r, n := rateOf(&tt.e, tt.l); r != tt.rate || n != tt.burst {
			t.Errorf("%s: %d, %d", name, r, n)
		}
	}
}

func TestEveryHopTakesATokenAndAWildcardHasOneBucket(t *testing.T) {
	w := newWorld(t)
	s := w.serve("a.example.com", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/to" {
			http.Redirect(rw, r, "/end", 302)
		}
	})
	w.place("b.example.com", public, 80, s.Listener.Addr())
	w.allow(rules.Entry{Domain: "*.example.com", HTTP: true, Rate: 1, Burst: 3, CacheTTL: 60})
	w.must(Call{URL: "http://a.example.com/to"})
	w.must(Call{URL: "http://b.example.com/"})
	_, _, err := w.get("http://a.example.com/")
	if code(err) != CodeRate || errs.RetryAfter(err) <= 0 || !errs.KindOf(err).Retryable() {
		t.Fatalf("got %v", err)
	}
	if a, _ := w.must(Call{URL: "http://b.example.com/"}); !a.Cached {
		t.Error("what is kept paid")
	}
	if _, _, err := w.in(w.gate.Begin("app_2", ""), Call{URL: "http://a.example.com/"}); err != nil {
		t.Errorf("one app pays for another: %v", err)
	}
}

// faults has servers that misbehave.
var faults = map[string]func(net.Conn){
	"says nothing":          func(c net.Conn) { io.Copy(io.Discard, c) },
	"stops within its head": func(c net.Conn) { ask(c); io.WriteString(c, "HTTP/1.1 200 OK\r\nX-A: "); io.Copy(io.Discard, c) },
	"drips its head": func(c net.Conn) {
		ask(c)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nX-A: ")
		drip(c, "a")
	},
	"floods with 1xx": func(c net.Conn) { ask(c); drip(c, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n") },
	"floods with 100": func(c net.Conn) { ask(c); flood(c, "HTTP/1.1 100 Continue\r\n\r\n") },
	"stops within its body": func(c net.Conn) {
		ask(c)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
		io.Copy(io.Discard, c)
	},
	"drips its body": func(c net.Conn) {
		ask(c)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
		drip(c, "a")
	},
	"drips chunks":           func(c net.Conn) { ask(c); io.WriteString(c, chunked); drip(c, "1\r\na\r\n") },
	"drips chunk extensions": func(c net.Conn) { ask(c); io.WriteString(c, chunked+"1;"); drip(c, "a=b;") },
	"drips trailers":         func(c net.Conn) { ask(c); io.WriteString(c, chunked+"1\r\na\r\n0\r\n"); drip(c, "X: y\r\n") },
	"drips gzip": func(c net.Conn) {
		ask(c)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff")
		drip(c, "n")
	},
	"redirects and hangs": func(c net.Conn) {
		ask(c)
		io.WriteString(c, "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 5\r\n\r\n")
		io.Copy(io.Discard, c)
	},
	"floods with its head": func(c net.Conn) {
		ask(c)
		io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		flood(c, "X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n")
	},
	"floods with trailers": func(c net.Conn) { ask(c); io.WriteString(c, chunked+"1\r\na\r\n0\r\n"); flood(c, "X: y\r\n") },
	"floods with its body": func(c net.Conn) {
		ask(c)
		io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
		flood(c, strings.Repeat("a", 1000))
	},
	"floods with extensions":  func(c net.Conn) { ask(c); io.WriteString(c, chunked+"1;"); flood(c, strings.Repeat("a", 1000)) },
	"speaks another protocol": func(c net.Conn) { ask(c); io.WriteString(c, "220 mail.example.com ESMTP\r\n"); io.Copy(io.Discard, c) },
	"switches protocols": func(c net.Conn) {
		ask(c)
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
		io.Copy(io.Discard, c)
	},
	"closes at once": func(net.Conn) {},
	"breaks off":     func(c net.Conn) { ask(c); io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc") },
	"two lengths": func(c net.Conn) {
		ask(c)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")
	},
	"a chunk too large": func(c net.Conn) { ask(c); io.WriteString(c, chunked+"ffffffffffffffffff\r\na") },
}

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

func ask(c net.Conn) { http.ReadRequest(bufio.NewReader(c)) }

func drip(c net.Conn, text string) {
	for {
		if _, err := io.WriteString(c, text); err != nil {
			return
		}
		time.Sleep(5 * time.Millisecond) // slow is what the server is
	}
}

func flood(c net.Conn, text string) {
	for {
		if _, err := io.WriteString(c, text); err != nil {
			return
		}
	}
}

func TestWhateverAServerDoesACallEndsAndReleasesItsSlot(t *testing.T) {
	for name, talk := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			want := []string{CodeTimeout, CodeError, CodeSize}
			w.limits.CallTimeout = 400
			switch {
			case strings.HasPrefix(name, "says"), strings.HasPrefix(name, "stops"), strings.HasPrefix(name, "drips its"):
				want = want[:1]
			case name == "redirects and hangs": // the body of a redirect is not waited for
				want, w.limits.CallTimeout = want[1:2], 60_000
			case name == "floods with its body", name == "floods with its head", name == "floods with 100":
				want, w.limits.CallTimeout = want[2:], 60_000
			}
			w.raw(talk)
			w.allow(rules.Entry{Domain: "example.com", HTTP: true})
			_, _, err := w.get("http://example.com/")
			got := code(err)
			if !strings.Contains(strings.Join(want, " "), got) || got == "" {
				t.Errorf("got %v, want %v", err, want)
			}
			if l := w.last(); l.Code != got {
				t.Errorf("logged %+v", l)
			}
			w.free()
		})
	}
}

func TestAnUnreadResponseReleasesItsSlotWhenItsTimeIsOver(t *testing.T) {
	t.Parallel() // it waits for the call to time out, in which the answer must have begun
	w := newWorld(t)
	w.limits.CallTimeout = 2000
	w.raw(func(c net.Conn) { ask(c); io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nabc"); io.Copy(io.Discard, c) })
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	a, err := w.gate.Begin("app_1", "").Do(t.Context(), Call{URL: "http://example.com/"})
	if err != nil {
		t.Fatal(err)
	}
	w.free()
	if _, err := io.ReadAll(a.Body); code(err) != CodeTimeout {
		t.Errorf("got %v", err)
	}
	if w.last().Code != CodeTimeout {
		t.Errorf("logged %+v", w.last())
	}
}

type resolverFunc func(ctx context.Context) error

func (f resolverFunc) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	return nil, f(ctx)
}

func TestLookupDialAndHandshakeEndWithTheCall(t *testing.T) {
	w := newWorld(t)
	w.limits.CallTimeout = 100
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ended := make(chan string, 2)
	go func() {
		if c, err := l.Accept(); err == nil { // and never shakes hands
			io.Copy(io.Discard, c)
			c.Close()
			ended <- "handshake"
		}
	}()
	w.place("example.com", public, 443, l.Addr())
	if _, _, err := w.get("https://example.com/"); code(err) != CodeTimeout {
		t.Errorf("handshake: %v", err)
	}
	<-ended
	w.gate.transport.Dial = func(ctx context.Context, _ *transport.Route, _ netip.Addr) (net.Conn, error) {
		<-ctx.Done()
		ended <- "dial"
		return nil, ctx.Err()
	}
	if _, _, err := w.get("https://example.com/"); code(err) != CodeTimeout {
		t.Errorf("dial: %v", err)
	}
	<-ended
	w.gate.transport.Resolver = resolverFunc(func(ctx context.Context) error { <-ctx.Done(); ended <- "lookup"; return ctx.Err() })
	if _, _, err := w.get("https://example.com/"); code(err) != CodeTimeout {
		t.Errorf("lookup: %v", err)
	}
	<-ended
	w.free()
}

func TestTheStrictestTimeoutApplies(t *testing.T) {
	for name, tt := range map[string]struct {
		limit, budget, entry int
		call, request        time.Duration
		want                 string
	}{
		"the limit's":         {limit: 100, budget: 60000, want: CodeTimeout},
		"the entry's":         {limit: 60000, budget: 60000, entry: 100, want: CodeTimeout},
		"the call's":          {limit: 60000, budget: 60000, call: 100 * time.Millisecond, want: CodeTimeout},
		"the requests' calls": {limit: 60000, budget: 100, want: CodeBudget},
		"the request's":       {limit: 60000, budget: 60000, request: 4 * time.Second, want: CodeBudget},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.limits.CallTimeout, w.limits.Budget = tt.limit, tt.budget
			w.raw(faults["says nothing"])
			w.allow(rules.Entry{Domain: "example.com", HTTP: true, Timeout: tt.entry})
			ctx := t.Context()
			if tt.request > 0 {
				var cancel context.CancelFunc
				ctx, cancel = timeout.With(ctx, tt.request)
				defer cancel()
			}
			_, err := w.gate.Begin("app_1", "").Do(ctx, Call{URL: "http://example.com/", Timeout: tt.call})
			if code(err) != tt.want || errs.KindOf(err).Retryable() != (tt.want == CodeBudget) {
				t.Errorf("got %v", err)
			}
			if tt.request > 0 && ctx.Err() != nil {
				t.Error("no time is left to answer")
			}
			w.free()
		})
	}
}

// A call that failed for lack of time was not logged.
func TestARefusalForLackOfTimeIsLogged(t *testing.T) {
	w := newWorld(t)
	w.serve("example.com", hello)
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	logged := func(name string, err error, reason string) {
		t.Helper()
		list := w.attempts()
		if code(err) != CodeBudget || len(list) != 1 {
			t.Fatalf("%s: %v, logged %+v", name, err, list)
		}
		got := list[0]
		if got.Code != CodeBudget || !strings.Contains(got.Reason, reason) || got.Method != "GET" || got.Scheme != "http" || got.Host != "example.com" || got.Path != "/late" {
			t.Errorf("%s: logged %+v", name, got)
		}
		w.mu.Lock()
		w.log = nil
		w.mu.Unlock()
	}
	late := Call{URL: "http://example.com/late"}

	ctx, cancel := timeout.With(t.Context(), time.Minute)
	defer cancel()
	short, done := timeout.With(t.Context(), time.Nanosecond)
	defer done()
	<-short.Done()
	_, err := w.gate.Begin("app_1", "").Do(short, late)
	logged("a request past its deadline", err, "reached its deadline")

	w.limits.Budget = 1
	run := w.gate.Begin("app_1", "")
	w.raw(faults["says nothing"])
	if _, err := run.Do(ctx, late); code(err) != CodeBudget {
		t.Fatal(err)
	}
	w.mu.Lock()
	w.log = nil
	w.mu.Unlock()
	_, err = run.Do(ctx, late)
	logged("the calls' time is over", err, "net.budget")
	w.free()
}

func TestALaterHopHasTheTimeoutOfItsOwnEntry(t *testing.T) {
	w, _ := two(t)
	w.serve("slow.test", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	w.limits.CallTimeout, w.limits.Budget = 60000, 60000
	w.allow(rules.Entry{Domain: "slow.test", HTTP: true, Timeout: 100})
	if _, _, err := w.get("http://example.com/to?l=http://slow.test/"); code(err) != CodeTimeout {
		t.Errorf("got %v", err)
	}
	w.free()
}

func TestTheCallsOfARequestShareTheirTime(t *testing.T) {
	w := newWorld(t)
	w.limits.Budget = 600_000
	w.serve("example.com", hello)
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	r := w.gate.Begin("app_1", "")
	a, err := r.Do(t.Context(), Call{URL: "http://example.com/"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Do(t.Context(), Call{URL: "http://example.com/"})
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	r.since = r.since.Add(-300 * time.Second) // both were open for five minutes
	r.mu.Unlock()
	a.Body.Close()
	b.Body.Close()
	if r.spent < 300*time.Second || r.spent >= 600*time.Second {
		t.Errorf("two calls side by side took %v", r.spent)
	}
	if _, _, err := w.in(r, Call{URL: "http://example.com/"}); err != nil {
		t.Errorf("five minutes are left: %v", err)
	}
	r.spent += 300 * time.Second
	if _, _, err := w.in(r, Call{URL: "http://example.com/"}); code(err) != CodeBudget || errs.RetryAfter(err) == 0 {
		t.Errorf("got %v", err)
	}
	ctx, cancel := timeout.With(t.Context(), time.Minute)
	defer cancel()
	late, end := timeout.With(ctx, time.Millisecond)
	defer end()
	<-late.Done()
	if _, err := w.gate.Begin("app_1", "").Do(late, Call{URL: "http://example.com/"}); code(err) != CodeBudget {
		t.Errorf("a request that is over: %v", err)
	}
	w.free()
}

func TestCancelingTheContextEndsTheCall(t *testing.T) {
	w := newWorld(t)
	arrived := make(chan bool, 1)
	w.serve("example.com", func(rw http.ResponseWriter, r *http.Request) {
		rw.(http.Flusher).Flush()
		arrived <- true
		<-r.Context().Done()
	})
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	ctx, cancel := context.WithCancel(t.Context())
	a, err := w.gate.Begin("app_1", "").Do(ctx, Call{URL: "http://example.com/"})
	if err != nil {
		t.Fatal(err)
	}
	<-arrived
	cancel()
	if _, err := io.ReadAll(a.Body); !errs.Is(err, errs.Canceled) || code(err) != CodeError {
		t.Errorf("got %v", err)
	}
	if _, err := w.gate.Begin("app_1", "").Do(ctx, Call{URL: "http://example.com/"}); !errs.Is(err, errs.Canceled) {
		t.Errorf("got %v", err)
	}
	w.free()
}

func TestABodyThatCannotBeReadFailsTheCall(t *testing.T) {
	w := newWorld(t)
	w.serve("example.com", func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	_, _, err := w.do(Call{Method: "POST", URL: "http://example.com/", Size: -1, Body: io.MultiReader(strings.NewReader("a"), iotest.ErrReader(errors.New("the stream broke")))})
	if code(err) != CodeError || !strings.Contains(w.last().Reason, "the stream broke") {
		t.Errorf("%v, %+v", err, w.last())
	}
	w.free()
}

func TestAClosedGateRefusesCalls(t *testing.T) {
	w := newWorld(t)
	w.serve("example.com", hello)
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	w.must(Call{URL: "http://example.com/"})
	w.gate.Close()
	if _, _, err := w.get("http://example.com/"); !errs.Is(err, errs.Unavailable) {
		t.Errorf("got %v", err)
	}
}
