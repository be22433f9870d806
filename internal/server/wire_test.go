package server_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"fazt/internal/fazttest"
	"fazt/internal/fazttest/wire"
	"fazt/internal/system"
)

// nginx starts one before a server; the test is skipped where there is none.
func nginx(t *testing.T, directives string) (address string) {
	t.Helper()
	address, stop, err := wire.Nginx(t.Context(), t.TempDir(), directives)
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("nginx is not installed")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return address
}

// sendAll is the fate of every shape at a server.
func sendAll(t *testing.T, address string) map[string]wire.Fate {
	t.Helper()
	fates := map[string]wire.Fate{}
	var mu sync.Mutex
	var group sync.WaitGroup
	turns := make(chan struct{}, 8)
	for _, s := range wire.Shapes() {
		group.Go(func() {
			turns <- struct{}{}
			fate, _, err := s.Send(address, 30*time.Second)
			<-turns
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			fates[s.Name] = fate
			mu.Unlock()
		})
	}
	group.Wait()
	return fates
}

func TestNoRequestIsHiddenInTheBodyOfAnother(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", wire.EchoApp)
	got := sendAll(t, i.Address)
	for _, s := range wire.Shapes() {
		if got[s.Name] != s.Want {
			t.Errorf("%s: %s, want %s", s.Name, got[s.Name], s.Want)
		}
	}
}

// Where the fate of a shape differs from what nginx does, the shape says why; and it never differs by being lenient.
func TestRequestsAreReadAsNginxReadsThem(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(wire.Echo))
	defer echo.Close()
	got := sendAll(t, nginx(t, "location / { proxy_pass "+echo.URL+"; }"))
	same := 0
	for _, s := range wire.Shapes() {
		switch {
		case got[s.Name] == s.Want:
			same++
		case s.Why == "":
			t.Errorf("%s: here %s, nginx %s, and nothing says why", s.Name, s.Want, got[s.Name])
		case s.Want != wire.Refused && s.Want != wire.Partly:
			t.Errorf("%s: here %s, nginx %s: more lenient", s.Name, s.Want, got[s.Name])
		}
	}
	t.Logf("%d of %d shapes have the fate they have at nginx", same, len(wire.Shapes()))
}

// What the client sends may be cut anywhere, and hang there.
func TestASlowHeadIsToldSo(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.HTTP.ReadHeaderTimeout, l.HTTP.IdleTimeout = 300, 300 }))
	i.Deploy("app", "-- index.html --\nhello\n")
	for _, begun := range []string{"G", page[:20], page[:len(page)-2]} {
		for _, before := range []string{"", page} {
			c, err := net.Dial("tcp", i.Address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			_, _ = io.WriteString(c, before+begun)
			answer, err := io.ReadAll(c)
			if err != nil || !strings.Contains(string(answer), "HTTP/1.1 408 ") || strings.Count(string(answer), "HTTP/1.1 200 ") != strings.Count(before, "GET") {
				t.Errorf("%q after %q: %q %v", begun, before, answer, err)
			}
		}
	}
	c, err := net.Dial("tcp", i.Address) // a browser that connected ahead
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if answer, err := io.ReadAll(c); err != nil || len(answer) > 0 {
		t.Errorf("it said nothing, and was told %q %v", answer, err)
	}
}

// What follows a request that is being answered, and is refused or slow, does not end that answer.
func TestAFaultyRequestBehindAnotherDoesNotTouchIt(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.HTTP.ReadHeaderTimeout = 300 }))
	i.Deploy("app", limitsApp)
	for _, behind := range []string{"\n", "GET / HTTP/1.1\n", "\x00", "GET", page[:len(page)-2], page[:len(page)-2] + "\n"} {
		x := &trial{T: t, Instance: i}
		c := x.connect(strings.Replace(page, "/ ", "/api/spin?n=600 ", 1) + behind)
		if got := x.fate(c, 20*time.Second); got != "answered" {
			t.Errorf("before %q: %s", behind, got)
		}
	}
}

func TestNewcomersTakeThePlaceOfIdleConnections(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.HTTP.MaxConnections = 10 }))
	x := &trial{T: t, Instance: i, id: i.Deploy("app", limitsApp).App.ID}
	working := x.busy()
	for range 50 {
		c := x.connect(page) // and stays
		if got := x.fate(c, 20*time.Second); got != "answered" {
			t.Fatal(got)
		}
	}
	_, _ = io.WriteString(working, strings.Repeat("x", 100))
	if got := x.fate(working, 20*time.Second); got != "answered" {
		t.Errorf("the connection at work: %s", got)
	}
}
