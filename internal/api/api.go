// Package api implements the operations of the control API on the domains.
package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"fazt/internal/activity"
	"fazt/internal/api/call"
	"fazt/internal/api/deployment"
	"fazt/internal/api/net"
	"fazt/internal/api/op"
	"fazt/internal/applog"
	"fazt/internal/apps"
	"fazt/internal/auth"
	"fazt/internal/database"
	"fazt/internal/egress/netlog"
	"fazt/internal/egress/rules"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/idempotency"
	"fazt/internal/storage"
	"fazt/internal/system"
)

// Config is what the operations work on.
type Config struct {
	DB          *database.DB
	Apps        *apps.Store
	Hosting     *hosting.Store
	KV          *storage.KV
	Users       *auth.Users
	Keys        *auth.Keys
	Idempotency *idempotency.Store
	AppLog      *applog.Log
	Log         *slog.Logger
	// Activity takes an entry for every operation that changed something or was refused.
	Activity *activity.Log

	// Net has the entries and secrets for outbound calls, NetLog the attempts, and NetGate checks and makes the calls.
	Net     *rules.Store
	NetLog  *netlog.Log
	NetGate net.Gate

	// URL is the address of the app behind a host label.
	URL func(label string) string
	// AppURL is the address at which visitors meet an app, "" when nothing points to it; HostURL is that of this instance
	// under a whole host name.
	AppURL  func(app apps.App) string
	HostURL func(host string) string
	// Lookup resolves a host name.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Compile compiles the function of a deployment that is about to be made. It returns nil if there is none.
	Compile func(ctx context.Context, app string, src deployment.Source) ([]byte, error)
	// Changed is called after every operation that touches more than itself, before its response is sent.
	Changed func(ctx context.Context, touched op.Touches) error
	// Status fills in what only the running server knows.
	Status func(*op.ServerState)
	// Health fills in what only the running server knows, Metrics writes its counters, and Ready returns why it should get
	// no requests. They are nil if no server is running.
	Health  func(*op.Health)
	Metrics func(w io.Writer) error
	Ready   func(ctx context.Context) error
	// Stop begins to stop the server, if one is running.
	Stop func()
	// HandOver begins to replace the running server with a fresh process, where that is possible.
	HandOver func(reason string) error
	// Resume lets the function of a stopped deployment run again.
	Resume func(deployment string)
	// Measure runs the self-test of the running server for about the given time.
	Measure func(ctx context.Context, length time.Duration, force bool) (system.Measured, error)
	// Settings are the settings at the start; those that need a restart to change are still in effect.
	Settings system.Settings
	// System keeps limits and settings.
	System *system.Store
	// Limits are the limits in effect.
	Limits *system.Live
}

// API serves the control API. It trusts the Principal in the context of the request.
type API struct {
	Config
	mux    *http.ServeMux
	ending chan struct{} // closed by EndStreams
	end    sync.Once
}

// New mounts every operation.
func New(c Config) *API {
	a := &API{Config: c, mux: http.NewServeMux(), ending: make(chan struct{})}
	for _, r := range a.routes() {
		a.mux.Handle(r.spec.Method+" "+r.spec.Path, a.guard(r))
	}
	a.mux.HandleFunc("/", a.unknown)
	return a
}

// ServeHTTP serves one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// route is an operation and its implementation.
type route struct {
	spec  op.Spec
	serve func(w http.ResponseWriter, r *http.Request) error
}

// on joins an operation with its implementation; the types ensure that they match.
func on[Req, Res any](o op.Op[Req, Res], fn func(ctx context.Context, req Req) (Res, error)) route {
	return route{o.Spec, func(w http.ResponseWriter, r *http.Request) error {
		req, err := o.Parse(w, r)
		if err != nil {
			return err
		}
		res, err := fn(r.Context(), req)
		if err != nil {
			return err
		}
		return o.Spec.WriteResult(w, res)
	}}
}

// guard wraps every operation: it checks access, recovers panics, writes errors and reports changes.
func (a *API) guard(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		buffered := &response{ResponseWriter: w}
		err := a.recorded(rt, buffered, r)
		if err != nil {
			a.fail(w, r, rt.spec.Name, err)
		} else {
			buffered.flush()
		}
		a.Log.Debug("operation", "name", rt.spec.Name, "took", time.Since(started), "error", err)
	})
}

func (a *API) call(rt route, w *response, r *http.Request) (err error) {
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler { //nolint:errorlint // the sentinel of net/http is compared by identity
				panic(v)
			}
			a.Log.Error("operation panicked", "name", rt.spec.Name, "panic", v, "stack", string(debug.Stack()))
			err = errs.New(errs.Internal, "the operation failed")
		}
	}()
	if err := a.admit(rt.spec, r); err != nil {
		return err
	}
	return a.once(rt.spec, w, r, func() error {
		call.Begun(r.Context())
		err := rt.serve(w, r)
		if rt.spec.Touches.Has(op.Anything) && a.Changed != nil {
			// Also after a failure: part of a longer operation may have been done.
			if changed := a.Changed(context.WithoutCancel(r.Context()), rt.spec.Touches); err == nil {
				err = changed
			}
		}
		return err
	})
}

func (a *API) fail(w http.ResponseWriter, r *http.Request, name string, err error) {
	requestID := w.Header().Get("X-Request-Id")
	if kind := errs.KindOf(err); kind == errs.Internal || kind == errs.StorageFull {
		a.Log.Error("operation failed", "name", name, "request_id", requestID, "error", err)
	}
	op.WriteError(w, err, requestID)
}

// unknown responds to paths and methods that no operation has.
func (a *API) unknown(w http.ResponseWriter, r *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := r.Clone(r.Context())
		probe.Method = method
		if _, pattern := a.mux.Handler(probe); pattern != "" && pattern != "/" {
			w.Header().Add("Allow", method)
		}
	}
	if w.Header().Get("Allow") != "" {
		a.fail(w, r, "", unknownOperation(errs.MethodNotAllowed, "%s is not possible here", r.Method))
		return
	}
	a.fail(w, r, "", unknownOperation(errs.NotFound, "no operation at %s", r.URL.Path))
}

// unknownOperation has its own code, so that a client can tell an older server from a missing resource.
func unknownOperation(kind errs.Kind, format string, args ...any) error {
	e := errs.New(kind, format, args...)
	e.Code = op.UnknownOperation
	return e
}

// Fail responds to a request that did not reach an operation.
func (a *API) Fail(w http.ResponseWriter, err error) {
	op.WriteError(w, err, w.Header().Get("X-Request-Id"))
}

// response buffers a response until nothing can fail anymore.
type response struct {
	http.ResponseWriter
	body []byte
}

func (b *response) Write(p []byte) (int, error) {
	b.body = append(b.body, p...)
	return len(p), nil
}

// flush sends the response. A stream was sent directly and left nothing here.
func (b *response) flush() {
	if len(b.body) > 0 {
		b.Header().Set("Content-Length", strconv.Itoa(len(b.body)))
		_, _ = b.ResponseWriter.Write(b.body)
	}
}
