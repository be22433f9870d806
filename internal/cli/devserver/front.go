// Package devserver is what visitors of `fazt dev` get besides the app itself: the state of a build that has not succeeded
// yet, and the pages of the front end's own development server.
package devserver

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"

	"fazt/internal/hosting/route"
	"fazt/internal/output"
)

// State is what `fazt dev` is doing before something can be served.
type State struct {
	Title  string // such as "Building"
	Detail string // the command that runs, or the error
	Failed bool
}

// Front stands before an instance. Until Live is called, it serves the current state at every address; from then on, it passes
// requests on to a development server or to the instance. It must be made with NewFront.
type Front struct {
	proxy     *httputil.ReverseProxy
	transport *http.Transport

	mu     sync.Mutex
	domain string // of the instance
	state  State  // the zero value = the app is live
	server State  // of the development server; the zero value = it is ready
	app    App
	target *url.URL // of the development server; nil = there is none, or it is not ready
	uses   bool     // there is a development server
	tail   []byte   // the last lines that a build or the server printed
}

// App is the live app. A development server gets no requests to other hosts, and none to what belongs to Fazt or the function.
type App struct {
	Name    string
	Product route.Product
	Routes  route.Routes // of the function. A route for every path is left out: it would leave nothing.
}

// maxTail bounds the output that is kept, in bytes.
const maxTail = 8 << 10

// NewFront returns a Front that serves a state.
func NewFront(s State) *Front {
	f := &Front{state: s, transport: &http.Transport{}}
	f.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			target := r.In.Context().Value(targetKey{}).(*url.URL)
			r.SetURL(target)
			r.Out.Host = r.In.Host // the browser uses this name: servers compare it with the Origin
			r.SetXForwarded()
		},
		Transport:     f.transport,
		FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, _ error) {
			f.serveState(w, r, State{Title: "The development server does not respond", Detail: "It may be starting again."})
		},
		ErrorLog: discard(),
	}
	return f
}

// Write keeps the last lines of what a build prints, for the page that says that it failed.
func (f *Front) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tail = append(f.tail, p...)
	if n := len(f.tail) - maxTail; n > 0 {
		f.tail = append(f.tail[:0], f.tail[n:]...)
	}
	return len(p), nil
}

// Serve says what the domain of the instance is. Before that, every request is passed to the instance.
func (f *Front) Serve(domain string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.domain = domain
}

// Set changes what is served while nothing is live. It changes nothing after Live.
func (f *Front) Set(s State) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state != (State{}) {
		f.state = s
	}
}

// Again begins another attempt: what was printed before it is forgotten.
func (f *Front) Again(s State) {
	f.Set(s)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tail = nil
}

// Live says that the app is live.
func (f *Front) Live(a App) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state, f.app = State{}, a
}

// ServerFailed says that the development server cannot be started.
func (f *Front) ServerFailed(detail string) {
	f.serving(true, nil, State{Title: "The development server failed", Detail: detail, Failed: true})
}

// serving sets what the development server is doing; target is nil while it is not ready.
func (f *Front) serving(uses bool, target *url.URL, s State) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.uses, f.target, f.server = uses, target, s
}

// Close closes connections that are kept for further requests.
func (f *Front) Close() { f.transport.CloseIdleConnections() }

type targetKey struct{}

// Wrap returns the handler that stands before next, which is the front door of an instance.
func (f *Front) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		to, ours := label(r.Host, f.domain)
		if !ours || to == "admin" {
			f.mu.Unlock()
			next.ServeHTTP(w, r)
			return
		}
		state, target := f.state, f.target
		if state == (State{}) && f.uses && to == f.app.Name && !f.app.own(r.URL.Path) {
			state = f.server
		} else {
			target = nil
		}
		f.mu.Unlock()
		switch {
		case state != (State{}):
			f.serveState(w, r, state)
		case target != nil:
			f.proxy.ServeHTTP(w, r.WithContext(contextWith(r, target)))
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// label returns what a host has before the domain; "" for the domain and addresses of this machine. ours is false for any other
// host: a page of a stranger whose name leads to this machine must not read what is being developed (DNS rebinding).
func label(host, domain string) (first string, ours bool) {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if ip := net.ParseIP(strings.Trim(host, "[]")); host == domain || ip != nil {
		return "", domain != ""
	}
	first, under := strings.CutSuffix(host, "."+domain)
	return first, under && domain != ""
}

// own reports whether a path is served by the instance, not by a development server.
func (a App) own(name string) bool {
	name = path.Clean("/" + name)
	if a.Product.Owns(name) || route.Private(name) || (route.Routes)(nil).Cover(name, a.Product) {
		return true
	}
	var some route.Routes
	for _, r := range a.Routes {
		if r != "/*" {
			some = append(some, r)
		}
	}
	return len(some) > 0 && some.Cover(name, a.Product)
}

//go:embed page.html
var pageSource string

// policy allows the page its own style and nothing else.
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// retry is after how many seconds the state is asked for again.
const retry = 1

// serveState responds with a state: a page that reloads itself for people, an error for programs.
func (f *Front) serveState(w http.ResponseWriter, r *http.Request, s State) {
	h := w.Header()
	h.Set("Retry-After", strconv.Itoa(retry))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		h.Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusServiceUnavailable)
		data, _ := json.Marshal(map[string]any{"error": map[string]string{"code": "UNAVAILABLE", "message": s.sentence()}}) // strings always marshal
		_, _ = w.Write(append(data, '\n'))
		return
	}
	f.mu.Lock()
	tail := string(f.tail)
	f.mu.Unlock()
	var page bytes.Buffer
	err := template.Must(template.New("page").Parse(pageSource)).Execute(&page, map[string]any{"State": s, "Retry": retry, "Tail": output.Visible(plain(tail))})
	if err != nil {
		panic(err) // template and data are compiled in
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write(page.Bytes())
}

func (s State) sentence() string {
	if s.Detail == "" {
		return s.Title
	}
	return s.Title + ": " + s.Detail
}
