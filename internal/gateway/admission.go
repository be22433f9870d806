package gateway

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/errs"
	"fazt/internal/runtime"
	"fazt/internal/system"
	"fazt/internal/timeout"
)

// admission bounds the requests to functions that are in work or wait, and gives each the time by which it must be
// answered. Whoever cannot be served learns it at once, before anything is read or made for them.
//
// An app may hold as many as are free: one alone gets half, two get a third each, and however many apps take all they
// can, as much as each of them has stays free for the next. No app is given a share that it does not use.
type admission struct {
	limits *system.Live
	all    atomic.Int64
	apps   sync.Map // id of the app -> *atomic.Int64; as many as there were apps with visitors
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
		return errs.New(errs.Unavailable, "too many requests are being served; try again")
	}
	defer a.leave(of)
	functions.Serve(w, r, f)
	return nil
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
		r.Body = http.MaxBytesReader(w, r.Body, most)
	}
	return nil
}
