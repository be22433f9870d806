package transport

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

type names map[string][]string

func (n names) LookupNetIP(_ context.Context, _, host string) (list []netip.Addr, err error) {
	for _, a := range n[host] {
		list = append(list, netip.MustParseAddr(a))
	}
	return list, nil
}

// reach returns a transport for which every address of example.com is the server.
func reach(t *testing.T, handler http.HandlerFunc, addresses ...string) (*Transport, *Route, *atomic.Int64) {
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	dials := new(atomic.Int64)
	tr := &Transport{
		Resolver: names{"example.com.": addresses}, Own: func() map[netip.Addr]bool { return nil }, Log: slog.New(slog.DiscardHandler),
		Dial: func(ctx context.Context, _ *Route, _ netip.Addr) (net.Conn, error) {
			dials.Add(1)
			return new(net.Dialer).DialContext(ctx, "tcp", s.Listener.Addr().String())
		},
	}
	t.Cleanup(tr.Close)
	return tr, &Route{Key: Key{App: "app_1", Scheme: "http", Host: "example.com", Port: 80, MaxHeader: 10 << 10}}, dials
}

func get(ctx context.Context, tr *Transport, r *Route) (string, error) {
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://example.com/", nil)
	resp, err := tr.RoundTrip(req, r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func TestRequestsShareAConnectionOneAfterAnother(t *testing.T) {
	tr, r, dials := reach(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }, public)
	for range 3 {
		if body, err := get(t.Context(), tr, r); body != "hello" || err != nil {
			t.Fatalf("%q, %v", body, err)
		}
	}
	if dials.Load() != 1 {
		t.Errorf("%d connections", dials.Load())
	}
	if !tr.Advance(1) {
		t.Error("version 1 is not new")
	}
	r.Version = 1
	if _, err := get(t.Context(), tr, r); err != nil || dials.Load() != 2 {
		t.Errorf("a connection of an older version was used: %v", err)
	}
}

func TestAllAddressesAreCheckedBeforeAnyIsDialed(t *testing.T) {
	tr, r, dials := reach(t, func(http.ResponseWriter, *http.Request) {}, public, "10.0.0.1")
	var refused *Error
	if _, err := get(t.Context(), tr, r); !errors.As(err, &refused) || !refused.Blocked || !strings.Contains(err.Error(), "example.com leads to 10.0.0.1") || dials.Load() != 0 {
		t.Errorf("%v, %d dials", err, dials.Load())
	}
	r.Private = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	if _, err := get(t.Context(), tr, r); err != nil {
		t.Errorf("allowed: %v", err)
	}
	tr.Resolver = names{}
	var dns *net.DNSError
	if _, err := get(t.Context(), tr, r); err == nil {
		_ = err // the idle connection needs no address
	}
	r.App = "app_2"
	if _, err := get(t.Context(), tr, r); !errors.As(err, &dns) || !dns.IsNotFound {
		t.Errorf("no addresses: %v", err)
	}
}

func TestTheNextAddressIsTriedWhenOneFailsOrIsSlow(t *testing.T) {
	const bad, slow = "93.184.215.1", "93.184.215.2"
	for name, tt := range map[string]struct {
		addresses []string
		want      string // part of the error
	}{
		"failed first":   {[]string{bad, public}, ""},
		"slow first":     {[]string{slow, public}, ""},
		"all fail":       {[]string{bad, bad, bad}, "refused"},
		"beyond the max": {[]string{bad, bad, bad, bad, public}, "refused"},
	} {
		tr, r, _ := reach(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }, tt.addresses...)
		dial := tr.Dial
		tr.Dial = func(ctx context.Context, r *Route, a netip.Addr) (net.Conn, error) {
			switch a.String() {
			case bad:
				return nil, errors.New("refused")
			case slow:
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return dial(ctx, r, a)
		}
		_, err := get(t.Context(), tr, r)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// stuck does not return, whatever happens to its connection.
type stuck struct{ entered, until chan struct{} }

func (s stuck) RoundTrip(*http.Request) (*http.Response, error) {
	close(s.entered)
	<-s.until
	return nil, io.ErrUnexpectedEOF
}

func TestAStuckRequestIsCountedUntilItEnds(t *testing.T) {
	tr, r, _ := reach(t, func(http.ResponseWriter, *http.Request) {}, public)
	s := stuck{make(chan struct{}), make(chan struct{})}
	tr.Wrap = func(string, http.RoundTripper) http.RoundTripper { return s }
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-s.entered // before, there is nothing to lose
		cancel()
	}()
	if _, err := get(ctx, tr, r); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	wait := func(lost int) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); tr.Lost() != lost || tr.LostBy("app_1") != lost; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%d are lost, want %d", tr.Lost(), lost)
			}
		}
	}
	wait(1)
	if tr.LostBy("app_2") != 0 {
		t.Error("another app lost it")
	}
	close(s.until)
	wait(0)
}
