package runtime

import (
	"net/http"
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
)

// ErrStopped answers for a deployment whose runs could not be ended too often.
var ErrStopped = errs.New(errs.Unavailable, "the app was stopped, because runs of its function could not be ended; its owner can deploy a mended one, or let it try again with `fazt app resume`")

const (
	lookEvery = 100 * time.Millisecond // for runs that work on after their time
	killAfter = 50 * time.Millisecond  // a script that listens has stopped by then

	// A deployment of which so many runs had to be abandoned within such a time gets no more.
	mostAbandoned   = 3
	abandonedWithin = time.Minute
)

// endStuck ends runs that work on after their time is over. The engine looks at the clock between the steps of a
// script, and there are steps that are endless: a search through an object that claims to have 2^53 members. Such a
// run loses the memory of its machine, and ends by that. What not even that ends is a function of the host, or any
// step where the system has no memory of that kind (see heap): such a run is abandoned. It works on, but what it held
// is taken from it, so that it keeps no machine and no processor from others, and its visitor gets an answer.
func (e *Engine) endStuck() {
	now := quickjs.Monotonic()
	var left []*run
	var final []bool
	var idle []*machine
	e.mu.Lock()
	for m, u := range e.busy {
		if u.state.Load() != holdsProcessor {
			continue
		}
		ends := m.Ends()
		if ends == 0 {
			ends = u.ends.Load()
		}
		late := time.Duration(now - max(ends, u.since.Load()))
		if late >= killAfter && m.Kill() {
			e.stats.Killed++
		}
		if late < e.stuckAfter || !u.state.CompareAndSwap(holdsProcessor, abandoned) {
			continue
		}
		e.letGo(u)
		e.memory.done(u)
		stopped, more := e.abandon(m, now)
		left, final, idle = append(left, u), append(final, stopped), append(idle, more...)
		if u.claim() {
			u.late = true
			u.calls.Add(1) // before the run can come to its end, which waits for it
		}
	}
	e.mu.Unlock()
	for _, m := range idle {
		m.close()
	}
	for i, u := range left {
		u.giveBack()
		e.tellAbandoned(u, final[i])
		if u.late {
			e.late.Go(func() { // it may be read slowly
				defer u.calls.Done()
				u.w.Header().Set("Connection", "close") // the run does not give the connection back
				u.fail(quickjs.ErrDeadline)
				_ = http.NewResponseController(u.w).Flush()
			})
		} else {
			e.late.Go(u.cut)
		}
	}
}

// abandon takes a machine out of all counts, and says whether its deployment gets no more runs; idle machines of that
// are to be closed. The lock is held.
func (e *Engine) abandon(m *machine, now int64) (stopped bool, idle []*machine) {
	p := m.pool
	delete(e.busy, m)
	gone := 1
	p.abandoned = append(p.abandoned, now)
	if n := len(p.abandoned) - mostAbandoned; !p.stopped && n >= 0 && now-p.abandoned[n] <= int64(abandonedWithin) {
		stopped = true
		idle, p.idle, p.stopped = p.idle, nil, true
		gone += len(idle)
	}
	e.add(p, -gone)
	e.stats.Busy--
	e.stats.Abandoned++
	e.stats.Burning++
	for range gone {
		e.invite()
	}
	e.ended()
	return stopped, idle
}

func (e *Engine) tellAbandoned(u *run, final bool) {
	e.config.Log.Error("a run of a function could not be stopped and was abandoned", "app", u.f.AppName, "deployment", u.f.Number, "request_id", u.f.RequestID, "deployment_stopped", final)
	message := "this run could not be stopped when its time was over: it is in a built-in function that does not end."
	if final {
		message += " It is not the first; the deployment gets no more runs. Deploy a mended one, or let it try again with `fazt app resume`."
	}
	e.config.Console.WriteLine(Line{
		AppID: u.f.AppID, Deployment: u.f.Deployment, Number: u.f.Number, RequestID: u.f.RequestID, Level: "error", Time: time.Now(), Message: message,
	})
	if e.config.Stopped != nil {
		e.config.Stopped(Stop{Function: u.f, Limit: "abandoned", Err: quickjs.ErrDeadline, Final: final})
	}
}

// Resume lets a deployment run again of which runs had to be abandoned.
func (e *Engine) Resume(deployment string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p := e.pools[deployment]; p != nil {
		p.stopped, p.abandoned = false, nil
	}
}

// ended is deferred by what works in a machine: it takes up the panic of one whose memory was taken.
func (u *run) ended(m *machine) {
	if !m.IsDead() {
		return
	}
	if recover() == nil || u.outcome != nil || u.answered {
		return
	}
	u.outcome = m.Overtime()
	u.engine.stopped(u.f, u.outcome)
	u.print("error", u.outcome.Error()+": it was in a built-in function that does not end")
}
