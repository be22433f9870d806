// Package gateway is the front door: it decides from the host and the path of a request who answers it, an app's
// function, an app's files, the admin interface or nobody.
//
// The host and the path are made canonical exactly once, before any rule looks at them, and the rules look at nothing
// else. A path that could be read in two ways is refused or redirected, never guessed at.
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

// Functions runs an app's function and writes its answer, whatever happens in it.
type Functions interface {
	Serve(w http.ResponseWriter, r *http.Request, f runtime.Function)
}

// Config is what a gateway joins.
type Config struct {
	Routes    func() *Routes // the snapshot in force
	Static    *static.Server
	Functions Functions
	Admin     http.Handler // answers on the admin host; nil = nobody does
	Log       *slog.Logger

	// Preview finds a deployment of an app by its number; NotFound when there is none.
	Preview func(ctx context.Context, app string, number int) (*Target, error)
	// Program loads the compiled function of a deployment, for Functions.
	Program func(ctx context.Context, deployment string) (*compile.Program, error)
	// Source reads a file of a deployment, for the failures that `fazt dev` shows.
	Source func(ctx context.Context, deployment, path string) ([]byte, error)
	// Reload makes open pages reload when a deployment goes live, for `fazt dev`; nil = they do not.
	Reload *Reloader
	// Limits bound the requests to functions; nil = nothing does here.
	Limits *system.Live
	// TrustedProxies are believed what they say of those they speak for; nil = nobody is.
	TrustedProxies func() []netip.Prefix
	// Access is told of every request, on the request's goroutine: it must not block. nil = nobody is.
	Access func(Event)
}

type gateway struct {
	Config
	pages     *pages
	admission *admission      // nil without Limits
	draw      func(n int) int // a random number from 0 to n-1, for splits
}

// New is the handler in front of everything. It starts nothing.
func New(c Config) http.Handler {
	g := &gateway{Config: c, pages: newPages(), draw: rand.IntN}
	if c.Limits != nil {
		g.admission = &admission{limits: c.Limits}
	}
	return g
}

// ServeHTTP answers every request, also when what should answer it panics.
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

// destination is where a host leads.
type destination struct {
	target  *Target // nil for the product's own pages
	preview bool    // the target is not what visitors of the app see
	own     ownPage
	host    string // canonical
}

// ownPage is a part of the product that answers instead of an app.
type ownPage int

const (
	_ ownPage = iota
	adminPage
	welcomePage
)

// find decides from the host where a request goes.
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

// noApp is the answer for hosts that lead nowhere; it is the same whether a label is reserved, free or a preview that
// is gone.
func noApp(host string) error {
	return errs.New(errs.NotFound, "no app answers at %s", host)
}

// enter applies the rules about paths, and hands the request to who answers it.
func (g *gateway) enter(w *exchange, r *http.Request, d destination) error {
	if d.own == adminPage {
		w.setRequestID()
		w.class = ByAPI
		if strings.HasPrefix(r.URL.Path, "/api/") {
			// A name in the path of an operation may hold anything, a slash too. Nothing is decided by the path there but which
			// operation it is; that has its own access.
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
	switch first := firstSegment(path); {
	case first == "_fazt":
		w.class = ByProduct
		return g.product(w, r, t.AppID, path)
	case first == "auth":
		return nothing()
	case t.Deployment == "":
		return errs.New(errs.NotFound, "nothing of %s is live yet", t.AppName)
	}
	v := static.View{Deployment: t.Deployment, Path: path, SPA: t.SPA}
	if g.Reload != nil {
		v.Inject = reloadTag(t.Deployment)
	}
	if strings.EqualFold(firstSegment(path), "private") {
		w.class = ByFiles
		return g.private(w, r, t, v)
	}
	if t.Routes.Cover(path) {
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

// fileFirst says whether a file answers where the function would: its content can only be read.
func (g *gateway) fileFirst(r *http.Request, t *Target, v static.View) (bool, error) {
	switch {
	case len(t.Routes) == 0: // no file below /api/ is ever served
		return false, nil
	case !t.Function:
		return true, nil
	case t.FunctionFirst || r.Method != http.MethodGet && r.Method != http.MethodHead:
		return false, nil
	}
	return g.Static.Has(r.Context(), v)
}

func nothing() error { return errs.New(errs.NotFound, "there is nothing at this address") }

// product answers below /_fazt/, which belongs to the product on every app's host.
func (g *gateway) product(w *exchange, r *http.Request, appID, path string) error {
	if g.Reload == nil {
		return nothing()
	}
	switch path {
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
	return nothing()
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
	f.Client = w.visitor
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
