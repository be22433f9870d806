package runtime

import (
	"net/http"
	"time"

	"fazt/internal/errs"
)

// errStopped answers for a deployment one of whose runs could not be stopped.
var errStopped = errs.New(errs.Unavailable, "the function was stopped: a run of it could not be ended; deploy a mended one")

// abandonStuck takes what they hold from runs that work on long after their deadline. The engine looks at the clock
// between the steps of a script, and there are steps that are endless: a search through an array that claims to have
// 2^53 members. Nothing ends such a step but the end of the process; but it keeps no machine and no processor from others,
// its visitor gets an answer, and its deployment, which would do it again, gets no more runs.
func (e *Engine) abandonStuck() {
	now := monotonic()
	var stuck []*run
	var idle []*machine
	e.mu.Lock()
	for m, u := range e.busy {
		if now < max(u.ends.Load(), u.since.Load())+int64(e.stuckAfter) || !u.state.CompareAndSwap(holdsProcessor, abandoned) {
			continue
		}
		stuck = append(stuck, u)
		if u.claim() {
			u.late = true
			u.calls.Add(1) // before the run can come to its end, which waits for it
		}
		p := m.pool
		delete(e.busy, m)
		idle = append(idle, p.idle...)
		gone := 1 + len(p.idle)
		p.idle, p.stopped = nil, true
		e.add(p, -gone)
		e.stats.Busy--
		e.stats.Abandoned++
		for range gone {
			e.invite()
		}
		e.ended()
	}
	e.mu.Unlock()
	for _, m := range idle {
		m.close()
	}
	for _, u := range stuck {
		e.cpu.leave() // its own
		e.config.Log.Error("a run of a function could not be stopped and was abandoned; its deployment gets no more", "app", u.f.AppName, "deployment", u.f.Number, "request_id", u.f.RequestID)
		e.config.Console.WriteLine(Line{
			AppID: u.f.AppID, Deployment: u.f.Deployment, Number: u.f.Number, RequestID: u.f.RequestID, Level: "error", Time: time.Now(),
			Message: "this run could not be stopped at its deadline: it is in a built-in function that does not end. The deployment gets no more runs; deploy a mended one.",
		})
		if e.config.Stopped != nil {
			e.config.Stopped(Stop{u.f, "abandoned", errDeadline})
		}
		if u.late {
			e.late.Go(func() { // it may be read slowly
				defer u.calls.Done()
				u.w.Header().Set("Connection", "close") // the run does not give the connection back
				u.fail(errDeadline)
				_ = http.NewResponseController(u.w).Flush()
			})
		} else {
			e.late.Go(u.cut)
		}
	}
}
