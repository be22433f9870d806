package egress

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"fazt/internal/egress/cache"
	"fazt/internal/egress/rules"
	"fazt/internal/egress/transport"

	"fazt/internal/errs"
	"fazt/internal/system"
	"fazt/internal/timeout"
)

// call is one call with all its hops.
type call struct {
	gate   *Gate
	run    *Run
	asked  Call
	limits system.Net
	parent context.Context // the request's
	ctx    context.Context // the call's: ends with its time
	cancel context.CancelFunc
	late   *fault // what it ends with then
	body   *upload
	header http.Header // as the function gave them, without what it may not send
	slot   bool        // it holds a place
	first  *target
	passed []*rules.Policy // those of the hops that led to another
	left   bool            // a hop went to another origin: from there on there are no credentials, not even on the way back
}

// Do makes one call. The caller closes the answer's body; until then the call holds its place, at most until its time has
// passed.
func (r *Run) Do(ctx context.Context, c Call) (*Answer, error) {
	k := &call{gate: r.gate, run: r, asked: c, limits: r.gate.c.Limits(r.app), parent: ctx}
	answer, f := k.do()
	if f != nil {
		return nil, f.err
	}
	return answer, nil
}

func (k *call) do() (*Answer, *fault) {
	t, f, tell := k.admit()
	if f != nil {
		if tell {
			k.refuse(t, f)
		}
		return nil, f
	}
	if f := k.begin(t); f != nil {
		k.refuse(t, f)
		return nil, f
	}
	answer, f := k.follow(t)
	if f != nil {
		k.end()
	}
	return answer, f
}

// admit judges the call by itself. tell says whether the log hears of a refusal: of calls over the number of calls it hears
// of the first, or a loop around a failing call would push what others did out of the log.
func (k *call) admit() (t *target, f *fault, tell bool) {
	ok, first := k.run.enter(k.limits)
	t, why := parseURL(k.asked.URL)
	k.asked.Method = strings.ToUpper(k.asked.Method)
	if k.asked.Method == "" {
		k.asked.Method = http.MethodGet
	}
	switch {
	case k.gate.closed.Load():
		return t, later(CodeLimit, "the instance is stopping; try again", "the instance is stopping", time.Second), true
	case !ok:
		// Trying again within this request cannot help, and another request would come to the same.
		return t, fail(CodeLimit, "the request made as many calls as it may", "the request made as many calls as net.max_calls allows; further ones are not logged"), first
	case t == nil:
		return nil, fail(CodeBlocked, why, why), true
	case !slices.Contains(rules.Methods, k.asked.Method):
		k.asked.Method = "" // whatever it is, it is not for the log
		return t, malformed("the method is none of " + strings.Join(rules.Methods, ", ")), true
	case !slices.Contains([]string{"", "follow", "manual", "error"}, k.asked.Redirect):
		return t, malformed("redirect is none of follow, manual, error"), true
	case !slices.Contains([]string{"", "default", "no-store", "reload"}, k.asked.Cache):
		return t, malformed("cache is none of default, no-store, reload"), true
	case k.asked.Body != nil && (k.asked.Method == http.MethodGet || k.asked.Method == http.MethodHead):
		return t, malformed("a GET or HEAD call has no body"), true
	}
	k.header, f = sanitize(k.asked.Header, k.gate.c.System().MaxHeaderBytes)
	return t, f, true
}

// Refuse counts and logs a call that failed before it came here, as one that is malformed.
func (r *Run) Refuse(c Call, err error) {
	k := &call{gate: r.gate, run: r, asked: c, limits: r.gate.c.Limits(r.app)}
	ok, first := r.enter(k.limits)
	if !ok && !first {
		return
	}
	var f *errs.Error
	if !errors.As(err, &f) || f.Code == "" {
		f = malformed(err.Error()).err
	}
	reason := f.Message
	t, why := parseURL(c.URL)
	if t == nil && c.URL != "" {
		reason = why
	}
	if k.asked.Method = strings.ToUpper(c.Method); !slices.Contains(rules.Methods, k.asked.Method) {
		k.asked.Method = ""
	}
	k.refuse(t, &fault{f, reason})
}

// begin opens the call's time.
func (k *call) begin(t *target) *fault {
	most := least(milliseconds(k.limits.CallTimeout), max(0, k.asked.Timeout))
	if e, ok := k.gate.c.Policy().Match(k.run.app, t.host); ok {
		most = least(most, milliseconds(e.Timeout))
	}
	budget := k.run.start(k.limits)
	if budget <= 0 {
		k.run.end()
		return noBudget("the calls of the request took as long as net.budget allows")
	}
	began := time.Now()
	ctx, cancel, err := timeout.NetContext(k.parent, min(most, budget))
	if err != nil {
		k.run.end()
		if errs.Is(err, errs.Unavailable) {
			return noBudget("the request has too little time left")
		}
		return k.over()
	}
	k.ctx, k.cancel, k.late = ctx, cancel, callTime()
	if ends, _ := ctx.Deadline(); ends.Sub(began) < most-time.Millisecond {
		k.late = noBudget("the time of the request's calls passed")
	}
	var f *fault
	if k.body, f = newUpload(&k.asked, k.limits.MaxReqBody); f != nil {
		k.end()
	}
	return f
}

// end gives back what the call held. It is called once.
func (k *call) end() {
	k.cancel()
	k.run.end()
	if k.slot {
		k.gate.slots.give(k.run.app)
	}
}

// over is how a call ends whose request has ended.
func (k *call) over() *fault {
	var why *errs.Error // who ended it may say so
	if errors.As(context.Cause(k.parent), &why) && why.Kind != errs.Canceled {
		return &fault{why, why.Message}
	}
	if errors.Is(k.parent.Err(), context.Canceled) {
		return canceled()
	}
	return noBudget("the time of the request passed")
}

// fault is what err, which the transport or a body came with, means.
func (k *call) fault(err error) *fault {
	var f *fault
	var found *transport.Error
	switch _, failed := k.body.state(); {
	case errors.As(err, &f):
		return f
	case errors.As(err, &found) && found.Blocked:
		return blocked(found.Reason)
	case errors.As(err, &found):
		return nonsense(found.Reason)
	case k.parent.Err() != nil:
		return k.over()
	case k.ctx.Err() != nil:
		return k.late
	case failed != nil:
		if !errors.As(failed, &f) {
			f = fail(CodeError, "the body of the call could not be read", "the function's body: "+failed.Error())
		}
		return f
	}
	return unreachable(err)
}

// refuse logs a call that did not become a hop.
func (k *call) refuse(t *target, f *fault) {
	h := &hop{call: k, target: t, method: k.asked.Method, began: time.Now()}
	if t != nil {
		h.policy = k.gate.c.Policy()
		h.entry, _ = h.policy.Match(k.run.app, t.host)
	}
	h.log(f)
}

// follow makes the hops, until one is the answer.
func (k *call) follow(t *target) (*Answer, *fault) {
	k.first = t
	h := &hop{call: k, target: t, method: k.asked.Method, header: k.header, body: k.body != nil}
	for {
		resp, f := h.send()
		var next *hop
		if f == nil {
			next, f = h.redirect(resp)
		}
		switch {
		case f != nil:
			h.drop(resp)
			h.log(f)
			return nil, f
		case next == nil:
			return h.answer(resp), nil
		}
		h.drop(resp)
		h.log(nil)
		k.passed = append(k.passed, h.policy)
		h = next
	}
}

// answer is the last hop's, as the function gets it.
func (h *hop) answer(resp *http.Response) *Answer {
	k := h.call
	scrubber := h.scrubber()
	_, text, _ := strings.Cut(resp.Status, " ")
	given := &Answer{
		Status: resp.StatusCode, StatusText: scrubber.Text(text), Header: received(resp.Header, scrubber),
		URL: scrubber.Text(h.target.url.String()), Redirected: h.number > 0, Cached: h.kept,
	}
	if h.kept { // it lies in memory: there is nothing to wait for, and no time that could pass
		k.end()
		h.received.Store(resp.ContentLength)
		h.log(nil)
		given.Body = io.NopCloser(scrubber.Reader(resp.Body))
		return given
	}
	if c, ok := h.content.(*cache.Copying); ok {
		go c.Run() // ends with the body, which is closed with the answer
	}
	a := &answer{hop: h, from: resp.Body, body: scrubber.Reader(h.content)}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stop = context.AfterFunc(h.ctx, func() { a.finish(k.fault(h.ctx.Err())) })
	given.Body = a
	return given
}

// answer is the body of an answer. Its end, its failure, its being closed and the end of the call's time all give back what
// the call held, whichever comes first.
type answer struct {
	hop  *hop
	from io.Closer // the transport's
	body io.Reader
	stop func() bool

	mu   sync.Mutex
	over bool
	err  error // what reads say then
}

func (a *answer) Read(p []byte) (int, error) {
	a.mu.Lock()
	over, err := a.over, a.err
	a.mu.Unlock()
	if over {
		return 0, err
	}
	n, err := a.body.Read(p)
	switch {
	case err == nil:
		return n, nil
	case err == io.EOF:
		a.finish(nil)
		return n, io.EOF
	}
	a.finish(a.hop.call.fault(err))
	a.mu.Lock()
	defer a.mu.Unlock()
	return n, a.err
}

// Close gives up what was not read.
func (a *answer) Close() error {
	a.finish(nil)
	return nil
}

func (a *answer) finish(f *fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return
	}
	a.over, a.err = true, io.EOF
	if f != nil {
		a.err = f.err
	}
	a.stop()
	a.hop.call.end() // first: closing a body may wait for what reads it
	_ = a.from.Close()
	a.hop.log(f)
}
