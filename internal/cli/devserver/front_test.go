package devserver

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// A page of a stranger whose name leads to this machine reaches neither the development server nor the output of a build.
func TestOnlyHostsOfTheInstanceReachTheDevelopmentServer(t *testing.T) {
	text := func(s string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, s) })
	}
	server := httptest.NewServer(text("server"))
	defer server.Close()
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := NewFront(State{Title: "Building"})
	defer f.Close()
	f.Serve("localhost")
	ask := func(host string) string {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		f.Wrap(text("instance")).ServeHTTP(w, r)
		if w.Code == http.StatusServiceUnavailable {
			return "state"
		}
		return w.Body.String()
	}
	for _, live := range []bool{false, true} {
		if live {
			f.Live(App{Name: "blog"})
			f.serving(true, target, State{})
		}
		for host, want := range map[string][2]string{
			"blog.localhost:7777": {"state", "server"}, "BLOG.localhost": {"state", "server"}, "127.0.0.1:7777": {"state", "instance"}, "[::1]:7777": {"state", "instance"},
			"admin.localhost": {"instance", "instance"}, "blog.example.com:7777": {"instance", "instance"}, "blog.localhost.example.com": {"instance", "instance"}, "blog": {"instance", "instance"},
		} {
			i := 0
			if live {
				i = 1
			}
			if got := ask(host); got != want[i] {
				t.Errorf("%s, live %v: %s, want %s", host, live, got, want[i])
			}
		}
	}
}
