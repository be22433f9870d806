package gateway

import (
	"io"
	"math"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/errs"
	"fazt/internal/runtime"
	"fazt/internal/system"
	"fazt/internal/timeout"
)

// admission bounds the requests to functions that are running or queued, and gives each a deadline. A request counts
// from when its body has been received until its function is done with it, so slow senders and readers occupy no slot.
// A request that cannot be served is refused at once, before anything is read or allocated for it.
//
// An app may hold as many slots as are free: a single busy app gets half, two get a third each, and however many apps
// take all they can get, as many slots as each of them holds stay free for the next one. Unused shares are not
// reserved. A client may hold as many slots as the per-address limit allows.
type admission struct {
	limits *system.Live
	all    atomic.Int64
	apps   sync.Map // app ID -> *atomic.Int64; one entry per app that has had visitors

	mu      sync.Mutex
	clients map[netip.Prefix]int // requests per client
}

// serve passes the request to the function if there is room for it.
func (a *admission) serve(w http.ResponseWriter, r *http.Request, f runtime.Function, functions Functions) error {
	arrived := time.Now()
	limits := a.limits.App(f.AppID)
	f.Ends = arrived.Add(time.Duration(limits.Capacity.TimeoutMS) * time.Millisecond)
	if b, ok := r.Body.(endsBy); ok {
		b.EndBy(f.Ends)
	}
	if err := boundBody(w, r, limits.Storage.MaxUpload); err != nil {
		return err
	}
	of := a.of(f.AppID)
	if !a.enter(of, int64(limits.Capacity.MaxRequests)) {
		timeout.HoldBack(r.Context())
		return errTooMany
	}
	a.leave(of) // the body is read first
	f.Admission = a
	functions.Serve(w, r, f)
	return nil
}

var (
	errTooMany   = errs.New(errs.Unavailable, "too many requests are being served; try again")
	errTooManyOf = errs.New(errs.Unavailable, "too many requests from your address; try again")
)

// Enter counts a request whose body has been received.
func (a *admission) Enter(f *runtime.Function) error {
	limits := a.limits.Capacity()
	of := a.of(f.AppID)
	if !a.enter(of, int64(limits.MaxRequests)) {
		return errTooMany
	}
	if !a.enterClient(f.Client, limits.MaxPerIP) {
		a.leave(of)
		return errTooManyOf
	}
	return nil
}

// Return counts a request again that had left to wait.
func (a *admission) Return(f *runtime.Function) {
	a.all.Add(1)
	a.of(f.AppID).Add(1)
	a.enterClient(f.Client, math.MaxInt)
}

// Leave stops counting the request.
func (a *admission) Leave(f *runtime.Function) {
	a.leave(a.of(f.AppID))
	if !f.Client.IsValid() {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.clients[f.Client]--; a.clients[f.Client] == 0 {
		delete(a.clients, f.Client)
	}
}

// enterClient counts a request for its client. Requests without a known client are always admitted.
func (a *admission) enterClient(c netip.Prefix, limit int) bool {
	if !c.IsValid() {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.clients[c] >= limit {
		return false
	}
	if a.clients == nil {
		a.clients = map[netip.Prefix]int{}
	}
	a.clients[c]++
	return true
}

// endsBy is a request body with a read deadline, as the server provides it.
type endsBy interface{ EndBy(time.Time) }

func (a *admission) of(app string) *atomic.Int64 {
	n, ok := a.apps.Load(app)
	if !ok {
		n, _ = a.apps.LoadOrStore(app, new(atomic.Int64))
	}
	return n.(*atomic.Int64)
}

// enter counts a request unless its app already holds as many slots as are free. Two simultaneous requests may both be
// counted before either checks, so one that would just have fit can be refused; one that does not fit is never
// admitted.
func (a *admission) enter(app *atomic.Int64, limit int64) bool {
	others, own := a.all.Add(1)-1, app.Add(1)-1
	if own < limit-others {
		return true
	}
	a.leave(app)
	return false
}

func (a *admission) leave(app *atomic.Int64) {
	app.Add(-1)
	a.all.Add(-1)
}

// boundBody refuses a body whose declared size exceeds the limit before reading any of it, and makes one of unknown
// size fail as soon as it exceeds the limit. The connection is then closed, because the rest of the body is unwanted.
func boundBody(w http.ResponseWriter, r *http.Request, limit int64) error {
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close")
		return errs.New(errs.TooLarge, "the body has %d bytes; the limit is %d", r.ContentLength, limit)
	}
	if r.ContentLength < 0 && r.Body != nil {
		r.Body = bounded{http.MaxBytesReader(w, r.Body, limit), r.Body}
	}
	return nil
}

// bounded is a body with a size limit that passes EndBy on to the body it wraps.
type bounded struct {
	io.ReadCloser
	inner io.ReadCloser
}

// EndBy sets the deadline for reading the whole body.
func (b bounded) EndBy(ends time.Time) {
	if inner, ok := b.inner.(endsBy); ok {
		inner.EndBy(ends)
	}
}
