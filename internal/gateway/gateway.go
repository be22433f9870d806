// Package gateway is the front door: from the host and path of a request it decides what serves it: an app's function,
// an app's files, the admin interface, or nothing.
//
// Host and path are made canonical exactly once, before any rule sees them, and the rules see nothing else. A path that
// could be read in two ways is refused or redirected, never guessed.
package gateway

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"fazt/internal/errs"
	"fazt/internal/hosting/static"
	"fazt/internal/runtime"
	"fazt/internal/runtime/compile"
	"fazt/internal/system"
)

// Functions runs an app's function and always writes a response, even if the function fails.
type Functions interface {
	Serve(w http.ResponseWriter, r *http.Request, f runtime.Function)
}

// Config is what a gateway needs.
type Config struct {
	Routes    func() *Routes // the current snapshot
	Static    *static.Server
	Functions Functions
	Admin     http.Handler // serves the admin host; may be nil
	Log       *slog.Logger

	// Preview finds a deployment of an app by its number, or returns NotFound.
	Preview func(ctx context.Context, app string, number int) (*Target, error)
	// Program loads the compiled function of a deployment, for Functions.
	Program func(ctx context.Context, deployment string) (*compile.Program, error)
	// Source reads a file of a deployment, for the error pages of `fazt dev`.
	Source func(ctx context.Context, deployment, path string) ([]byte, error)
	// Reload makes open pages reload when a deployment goes live, for `fazt dev`. May be nil.
	Reload *Reloader
	// Limits bound the requests to functions; nil = no bounds here.
	Limits *system.Live
	// TrustedProxies are the proxies whose forwarding headers are trusted. May be nil.
	TrustedProxies func() []netip.Prefix
	// Access is called for every request, on the request's goroutine; it must not block. May be nil.
	Access func(Event)
}

type gateway struct {
	Config
	pages     *pages
	admission *admission      // nil without Limits
	draw      func(n int) int // a random number from 0 to n-1, for splits
}

// New returns the handler in front of everything. It starts nothing.
func New(c Config) http.Handler {
	g := &gateway{Config: c, pages: newPages(), draw: rand.IntN}
	if c.Limits != nil {
		g.admission = &admission{limits: c.Limits}
	}
	return g
}

// ServeHTTP responds to every request, even if the handler in charge panics.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := exchange{ResponseWriter: w}
	if g.Access != nil {
		x.started = time.Now()
	}
	defer g.finish(&x, r)
	g.serve(&x, r)
}

func (g *gateway) serve(w *exchange, r *http.Request) {
	if r.URL.Path == "" { // GET http://host HTTP/1.1
		r.URL.Path = "/"
	}
	d, err := g.find(r)
	if err == nil {
		err = g.enter(w, r, d)
	}
	if err != nil {
		g.fail(w, r, err)
	}
}

// destination is what a host leads to.
type destination struct {
	target  *Target // nil for the product's own pages
	preview bool    // not what the app's visitors see
	own     ownPage
	host    string // canonical
}

// ownPage is a page of the product that is served instead of an app.
type ownPage int

const (
	_ ownPage = iota
	adminPage
	welcomePage
)

// find determines from the host where a request goes.
func (g *gateway) find(r *http.Request) (destination, error) {
	if r.Method == http.MethodConnect {
		return destination{}, errs.New(errs.MethodNotAllowed, "this is not a proxy")
	}
	routes := g.Routes()
	host, err := canonicalHost(r.Host)
	if err != nil {
		return destination{}, err
	}
	d := destination{host: host}
	label, below := routes.label(host)
	switch {
	case !below:
		d.target = routes.Host(host)
	case label == "" || label == "www":
		d.target = routes.Label("root")
		if d.target == nil || d.target.Reserved {
			return destination{own: welcomePage}, nil
		}
	case label == "admin" && g.Admin != nil:
		return destination{own: adminPage}, nil
	default:
		if d.target = routes.Label(label); d.target == nil {
			return g.findPreview(r.Context(), host, label)
		}
	}
	if d.target == nil || d.target.Reserved {
		return destination{}, noApp(host)
	}
	return d, nil
}

func (g *gateway) findPreview(ctx context.Context, host, label string) (destination, error) {
	number, app, ok := cutPreview(label)
	if !ok || g.Preview == nil {
		return destination{}, noApp(host)
	}
	t, err := g.Preview(ctx, app, number)
	if errs.Is(err, errs.NotFound) {
		return destination{}, noApp(host)
	}
	return destination{target: t, preview: true, host: host}, err
}

// noApp is the error for hosts that lead nowhere. It is the same for a reserved label, a free one, and a preview that
// is gone.
func noApp(host string) error {
	return errs.New(errs.NotFound, "no app at %s", host)
}

// enter applies the path rules and passes the request to its handler.
func (g *gateway) enter(w *exchange, r *http.Request, d destination) error {
	if d.own == adminPage {
		w.setRequestID()
		w.class = ByAPI
		if strings.HasPrefix(r.URL.Path, "/api/") {
			// A name in an operation's path may contain anything, including slashes. The path only selects the
			// operation, which has its own access rules.
			g.Admin.ServeHTTP(w, r)
			return nil
		}
	}
	path, err := canonicalPath(r.URL)
	if err != nil {
		return err
	}
	if path != r.URL.Path {
		return moved(w, r, path)
	}
	switch d.own {
	case adminPage:
		g.Admin.ServeHTTP(w, r)
		return nil
	case welcomePage:
		w.class = ByProduct
		return g.pages.welcome(w, r, g.Routes().domain)
	}
	t := d.target
	if t.Redirect != nil {
		w.class = ByRedirect
		return t.Redirect.serve(w, r, d.host, path)
	}
	if t.Split != nil {
		t = g.choose(w, r, t.Split)
	}
	w.appID = t.AppID
	if d.preview {
		w.Header().Set("X-Robots-Tag", "noindex")
	}
	if own, ok := t.Product.Cut(path); ok {
		w.class = ByProduct
		return g.product(w, r, t, own)
	}
	if t.Deployment == "" {
		return errs.New(errs.NotFound, "the app %s has no live deployment yet", t.AppName)
	}
	v := static.View{Deployment: t.Deployment, Host: d.host, Path: path, SPA: t.SPA}
	if g.Reload != nil {
		v.Inject = reloadTag(t)
	}
	if strings.EqualFold(firstSegment(path), "private") {
		w.class = ByFiles
		return g.private(w, r, t, v)
	}
	if t.Routes.Cover(path, t.Product) {
		file, err := g.fileFirst(r, t, v)
		if err != nil {
			return err
		}
		if !file {
			w.class = ByFunction
			return g.function(w, r, t)
		}
	}
	w.class = ByFiles
	return g.Static.Serve(w, r, v)
}

// fileFirst reports whether a file is served instead of the function: file content can only be read.
func (g *gateway) fileFirst(r *http.Request, t *Target, v static.View) (bool, error) {
	switch {
	case len(t.Routes) == 0: // no file below /api/ is ever served
		return false, nil
	case !t.Function:
		return true, nil
	case t.FunctionFirst || r.Method != http.MethodGet && r.Method != http.MethodHead:
		return false, nil
	}
	return g.Static.Has(r, v)
}

func nothing() error { return errs.New(errs.NotFound, "nothing found at this address") }

// product serves the paths that belong to the product on every app's host, by their names without a prefix.
func (g *gateway) product(w *exchange, r *http.Request, t *Target, own string) error {
	if g.Reload == nil {
		return nothing()
	}
	appID := t.AppID
	switch own {
	case "/_fazt/reload.js":
		return serveReloadScript(w)
	case "/_fazt/reload":
		return g.Reload.serve(w, r, appID, func() string {
			now, err := g.find(r)
			if err != nil || now.target == nil {
				return ""
			}
			t := now.target
			if t.Split != nil {
				if t = t.Split.Member(appID); t == nil {
					return ""
				}
			}
			return t.Deployment
		})
	}
	return t.Product.Nothing()
}

func (g *gateway) function(w *exchange, r *http.Request, t *Target) error {
	if !t.Function {
		return errs.New(errs.NotFound, "this app has no function")
	}
	hideCookies(r.Header)
	f := runtime.Function{
		AppID: t.AppID, AppName: t.AppName, Deployment: t.Deployment, Number: t.Number, Env: t.Env,
		Load: func(ctx context.Context) (*compile.Program, error) { return g.Program(ctx, t.Deployment) },

		RequestID: w.setRequestID(), ClientIP: w.client(g, r), HTTPS: g.https(r), Dev: g.Reload != nil,
	}
	f.Client, f.Assets = w.visitor, assets{g, t}
	if f.Dev && g.Source != nil {
		f.Source = func(ctx context.Context, path string) ([]byte, error) { return g.Source(ctx, t.Deployment, path) }
	}
	if g.admission == nil {
		g.Functions.Serve(w, r, f)
		return nil
	}
	return g.admission.serve(w, r, f, g.Functions)
}

func firstSegment(path string) string {
	first, _, _ := strings.Cut(path[1:], "/")
	return first
}
