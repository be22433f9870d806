package gateway

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"fazt/internal/errs"
	"fazt/internal/runtime"
	"fazt/internal/share"
	"fazt/internal/system"
)

func TestAnAppAtItsLimitLeavesRoomForOthers(t *testing.T) {
	for _, c := range []struct {
		limit int64
		want  []int // slots of each app when they take all they can, one after the other
	}{
		{1, []int{1, 0}},
		{2, []int{1, 1, 0}},
		{10, []int{5, 3, 1, 1, 0}},
		{500, []int{250, 125, 63, 31, 16}},
	} {
		a := &admission{}
		for i, want := range c.want {
			app, got := a.of(string(rune('a'+i))), 0
			for a.enter(app, c.limit) {
				got++
			}
			if got != want {
				t.Errorf("of %d, app %d got %d, want %d", c.limit, i, got, want)
			}
		}
	}
}

func TestEverySlotIsReleased(t *testing.T) {
	a := &admission{}
	var limit, now atomic.Int64
	var group sync.WaitGroup
	for i := range 8 {
		app := a.of(string(rune('a' + i%3)))
		group.Go(func() {
			for range 5000 {
				if a.enter(app, 5) {
					if n := now.Add(1); n > limit.Load() {
						limit.Store(n)
					}
					now.Add(-1)
					a.leave(app)
				}
			}
		})
	}
	group.Wait()
	if a.all.Load() != 0 || limit.Load() > 5 {
		t.Errorf("%d are left, and there were %d", a.all.Load(), limit.Load())
	}
	for _, app := range []string{"a", "b", "c"} {
		if n := a.of(app).Load(); n != 0 {
			t.Errorf("%s: %d are left", app, n)
		}
	}
}

// Regression: a thousand waiting streams took all slots of their app.
func TestWaitingRequestsTakeNoSlot(t *testing.T) {
	l := system.Defaults()
	l.Capacity.MaxRequests, l.Capacity.MaxPerIP = 4, 2
	a := &admission{limits: system.NewLive(l)}
	of := func(client string) *runtime.Function {
		return &runtime.Function{AppID: "a", Client: share.Client(netip.MustParseAddr(client))}
	}
	first, second := of("192.0.2.1"), of("192.0.2.2")
	for range 10 {
		if err := a.Enter(first); err != nil {
			t.Fatal(err)
		}
		a.Leave(first)
	}
	for range 3 {
		a.Return(first)
	}
	if err := a.Enter(first); !errs.Is(err, errs.Unavailable) {
		t.Errorf("the app is over its limit, yet another request was admitted: %v", err)
	}
	a.Leave(first)
	a.Leave(first)
	if err := a.Enter(second); err != nil {
		t.Errorf("refused although there is room again: %v", err)
	}
	a.Leave(first)
	a.Leave(second)
	if a.all.Load() != 0 || len(a.clients) != 0 {
		t.Errorf("%d are left, %v", a.all.Load(), a.clients)
	}
}

func TestPerClientLimit(t *testing.T) {
	l := system.Defaults()
	l.Capacity.MaxPerIP = 2
	a := &admission{limits: system.NewLive(l)}
	enter := func(client netip.Prefix) error { return a.Enter(&runtime.Function{AppID: "a", Client: client}) }
	for client, limit := range map[netip.Prefix]int{
		share.Client(netip.MustParseAddr("192.0.2.1")): 2, share.Client(netip.MustParseAddr("2001:db8::1")): 2, {}: 50,
	} {
		got := 0
		for range 50 {
			if enter(client) == nil {
				got++
			}
		}
		if got != limit {
			t.Errorf("%v got %d, want %d", client, got, limit)
		}
	}
	if err := enter(share.Client(netip.MustParseAddr("2001:db8::ffff"))); err == nil {
		t.Error("another address of the same network was admitted")
	}
}

// answering is a function that records how requests reached it.
type answering struct{ got []runtime.Function }

func (a *answering) Serve(w http.ResponseWriter, _ *http.Request, f runtime.Function) {
	a.got = append(a.got, f)
	w.WriteHeader(http.StatusNoContent)
}

func TestForgedForwardingHeadersAreIgnored(t *testing.T) {
	d := open(t, "localhost")
	d.deploy(map[string]string{"index.html": "x"}, Target{AppID: "app_a", AppName: "a", Function: true}, "a")
	for _, trusted := range []bool{false, true} {
		f := &answering{}
		var seen []Event
		c := d.Config
		c.Functions, c.Access = f, func(e Event) { seen = append(seen, e) }
		if trusted {
			c.TrustedProxies = proxies("192.0.2.0/24") // httptest's address
		}
		r := httptest.NewRequest(http.MethodGet, "http://a.localhost/api/x", nil)
		r.Header = http.Header{"X-Forwarded-For": {"203.0.113.7"}, "X-Real-Ip": {"203.0.113.8"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"b.localhost"}, "Forwarded": {"for=203.0.113.9;proto=https;host=b.localhost"}}
		New(c).ServeHTTP(httptest.NewRecorder(), r)
		want := "192.0.2.1"
		if trusted {
			want = "203.0.113.7"
		}
		if len(f.got) != 1 || f.got[0].AppName != "a" || f.got[0].ClientIP != want || f.got[0].HTTPS != trusted || seen[0].ClientIP != want {
			t.Errorf("trusted %v: %+v %+v", trusted, f.got, seen)
		}
	}
}

type breaking struct{}

func (breaking) Serve(w http.ResponseWriter, _ *http.Request, _ runtime.Function) {
	_, _ = io.WriteString(w, "half")
	panic(http.ErrAbortHandler)
}

func TestATruncatedResponseIsReported(t *testing.T) {
	d := open(t, "localhost")
	d.deploy(map[string]string{"index.html": "x"}, Target{AppID: "app_a", AppName: "a", Function: true}, "a")
	var seen []Event
	c := d.Config
	c.Functions, c.Access = breaking{}, func(e Event) { seen = append(seen, e) }
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, http.ErrAbortHandler) || len(seen) != 1 || seen[0].Status != http.StatusOK || seen[0].Bytes != 4 {
			t.Errorf("%v %+v", err, seen)
		}
	}()
	New(c).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://a.localhost/api/x", nil))
}

func TestAnOversizedBodyIsRefusedBeforeItIsRead(t *testing.T) {
	l := system.Defaults()
	l.Storage.MaxUpload = 10
	a := &admission{limits: system.NewLive(l)}
	for length, refused := range map[int64]bool{10: false, 11: true} {
		body := &unread{Reader: strings.NewReader("01234567890")}
		r := httptest.NewRequest(http.MethodPost, "/", body)
		r.ContentLength = length
		w := httptest.NewRecorder()
		err := a.serve(w, r, runtime.Function{AppID: "a"}, &answering{})
		if errs.Is(err, errs.TooLarge) != refused || body.read || (w.Header().Get("Connection") == "close") != refused {
			t.Errorf("%d: %v, read %v", length, err, body.read)
		}
	}
	if a.all.Load() != 0 {
		t.Errorf("%d are left", a.all.Load())
	}
}

type unread struct {
	*strings.Reader
	read bool
}

func (u *unread) Read(p []byte) (int, error) {
	u.read = true
	return u.Reader.Read(p)
}

// BenchmarkAdmission measures the cost of admitting a request to a function.
func BenchmarkAdmission(b *testing.B) {
	a := &admission{limits: system.NewLive(system.Defaults())}
	b.RunParallel(func(pb *testing.PB) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		w := httptest.NewRecorder()
		for pb.Next() {
			_ = a.serve(w, r, runtime.Function{AppID: "app_a"}, nothingElse{})
		}
	})
}

type nothingElse struct{}

func (nothingElse) Serve(http.ResponseWriter, *http.Request, runtime.Function) {}
