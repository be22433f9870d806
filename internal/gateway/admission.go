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

// admission bounds the requests to functions that are in work or wait for it, and gives each the time by which it must be
// answered. One is counted from when its body is here until its function is done with it: who sends or reads slowly takes
// no place. Whoever cannot be served learns it at once, before anything is read or made for them.
//
// An app may hold as many as are free: one alone gets half, two get a third each, and however many apps take all they
// can, as much as each of them has stays free for the next. No app is given a share that it does not use. A client may hold
// as many as the limit for one address says.
type admission struct {
	limits *system.Live
	all    atomic.Int64
	apps   sync.Map // id of the app -> *atomic.Int64; as many as there were apps with visitors

	mu      sync.Mutex
	clients map[netip.Prefix]int // requests of each
}

// serve hands the request to the function if there is room for it.
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
	a.leave(of) // its body is read first
	f.Admission = a
	functions.Serve(w, r, f)
	return nil
}

var (
	errTooMany   = errs.New(errs.Unavailable, "too many requests are being served; try again")
	errTooManyOf = errs.New(errs.Unavailable, "too many requests of your address are being served; try again")
)

// Enter counts a request in whose body is here.
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

// Return counts a request in again that left to wait.
func (a *admission) Return(f *runtime.Function) {
	a.all.Add(1)
	a.of(f.AppID).Add(1)
	a.enterClient(f.Client, math.MaxInt)
}

// Leave counts it out.
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

// enterClient counts a request for its client. Of whom it is not known who they are, all may come.
func (a *admission) enterClient(c netip.Prefix, most int) bool {
	if !c.IsValid() {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.clients[c] >= most {
		return false
	}
	if a.clients == nil {
		a.clients = map[netip.Prefix]int{}
	}
	a.clients[c]++
	return true
}

// endsBy is a body whose reading can be bounded in time, as the server makes them.
type endsBy interface{ EndBy(time.Time) }

func (a *admission) of(app string) *atomic.Int64 {
	n, ok := a.apps.Load(app)
	if !ok {
		n, _ = a.apps.LoadOrStore(app, new(atomic.Int64))
	}
	return n.(*atomic.Int64)
}

// enter counts a request in unless its app holds as many as are free. Two that come at the same instant may both be
// counted before either looks, and one be refused that would just have had room; never is one let in that had none.
func (a *admission) enter(app *atomic.Int64, most int64) bool {
	others, own := a.all.Add(1)-1, app.Add(1)-1
	if own < most-others {
		return true
	}
	a.leave(app)
	return false
}

func (a *admission) leave(app *atomic.Int64) {
	app.Add(-1)
	a.all.Add(-1)
}

// boundBody refuses a body whose announced size is over the limit before any of it is read, and makes one of unknown
// size fail as soon as it passes it. The connection is closed then: what still comes of the body is not wanted.
func boundBody(w http.ResponseWriter, r *http.Request, most int64) error {
	if r.ContentLength > most {
		w.Header().Set("Connection", "close")
		return errs.New(errs.TooLarge, "the body has %d bytes; at most %d may be sent", r.ContentLength, most)
	}
	if r.ContentLength < 0 && r.Body != nil {
		r.Body = bounded{http.MaxBytesReader(w, r.Body, most), r.Body}
	}
	return nil
}

// bounded is a body of bounded size that can be bounded in time as the one in it can.
type bounded struct {
	io.ReadCloser
	inner io.ReadCloser
}

// EndBy bounds the reading of all of the body.
func (b bounded) EndBy(ends time.Time) {
	if inner, ok := b.inner.(endsBy); ok {
		inner.EndBy(ends)
	}
}
