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
	gate     *Gate
	run      *Run
	spec     Call
	limits   system.Net
	parent   context.Context // of the invocation
	ctx      context.Context // of the call: ends with its time
	cancel   context.CancelFunc
	timedOut *fault // how the call fails when ctx ends
	body     *upload
	header   http.Header // of the function, without those it cannot send
	slot     bool        // the call holds a slot
	first    *target
	earlier  []*rules.Policy // of the hops that redirected
	left     bool            // a hop went to another origin: no credentials from there on, not even on the way back
}

// Do makes one call. The caller closes the body of the response; until then, or until its time is over, the call holds its
// slot.
func (r *Run) Do(ctx context.Context, c Call) (*Response, error) {
	k := &call{gate: r.gate, run: r, spec: c, limits: r.gate.c.Limits(r.app), parent: ctx}
	resp, f := k.do()
	if f != nil {
		return nil, f.err
	}
	return resp, nil
}

func (k *call) do() (*Response, *fault) {
	t, f, logged := k.check()
	if f != nil {
		if logged {
			k.logRefusal(t, f)
		}
		return nil, f
	}
	if f := k.begin(t); f != nil {
		k.logRefusal(t, f)
		return nil, f
	}
	resp, f := k.follow(t)
	if f != nil {
		k.end()
	}
	return resp, f
}

// check validates the call. logged is false for a refusal that is not logged: of the calls over the limit, only the first
// is, or a loop around a failing call would push everything else out of the log.
func (k *call) check() (t *target, f *fault, logged bool) {
	ok, first := k.run.enter(k.limits)
	t, why := parseURL(k.spec.URL)
	k.spec.Method = strings.ToUpper(k.spec.Method)
	if k.spec.Method == "" {
		k.spec.Method = http.MethodGet
	}
	switch {
	case k.gate.closed.Load():
		return t, retryable(CodeLimit, "the instance is stopping; try again", "the instance is stopping", time.Second), true
	case !ok:
		// Not retryable: neither this request nor another one would get further.
		return t, fail(CodeLimit, "this request has reached its maximum number of calls", "the request has reached net.max_calls; further calls are not logged"), first
	case t == nil:
		return nil, fail(CodeBlocked, why, why), true
	case !slices.Contains(rules.Methods, k.spec.Method):
		k.spec.Method = "" // not logged: it could be anything
		return t, malformed("unknown method; use " + strings.Join(rules.Methods, ", ")), true
	case !slices.Contains([]string{"", "follow", "manual", "error"}, k.spec.Redirect):
		return t, malformed("unknown redirect mode; use follow, manual or error"), true
	case !slices.Contains([]string{"", "default", "no-store", "reload"}, k.spec.Cache):
		return t, malformed("unknown cache mode; use default, no-store or reload"), true
	case k.spec.Body != nil && (k.spec.Method == http.MethodGet || k.spec.Method == http.MethodHead):
		return t, malformed("a GET or HEAD call cannot have a body"), true
	}
	k.header, f = sanitize(k.spec.Header, k.gate.c.System().MaxHeaderBytes)
	return t, f, true
}

// Refuse counts and logs a call that the caller found to be malformed.
func (r *Run) Refuse(c Call, err error) {
	k := &call{gate: r.gate, run: r, spec: c, limits: r.gate.c.Limits(r.app)}
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
	if k.spec.Method = strings.ToUpper(c.Method); !slices.Contains(rules.Methods, k.spec.Method) {
		k.spec.Method = ""
	}
	k.logRefusal(t, &fault{f, reason})
}

// begin starts the clock of the call.
func (k *call) begin(t *target) *fault {
	limit := strictest(milliseconds(k.limits.CallTimeout), max(0, k.spec.Timeout))
	if e, ok := k.gate.c.Policy().Match(k.run.app, t.host); ok {
		limit = strictest(limit, milliseconds(e.Timeout))
	}
	budget := k.run.start(k.limits)
	if budget <= 0 {
		k.run.end()
		return noBudget("the calls of the request have used up net.budget")
	}
	began := time.Now()
	ctx, cancel, err := timeout.NetContext(k.parent, min(limit, budget))
	if err != nil {
		k.run.end()
		if errs.Is(err, errs.Unavailable) {
			return noBudget("the request has too little time left")
		}
		return k.ended()
	}
	k.ctx, k.cancel, k.timedOut = ctx, cancel, callTime()
	if ends, _ := ctx.Deadline(); ends.Sub(began) < limit-time.Millisecond {
		k.timedOut = noBudget("the time for outbound calls of the request is used up")
	}
	var f *fault
	if k.body, f = newUpload(&k.spec, k.limits.MaxReqBody); f != nil {
		k.end()
	}
	return f
}

// end releases what the call holds. It is called once.
func (k *call) end() {
	k.cancel()
	k.run.end()
	if k.slot {
		k.gate.slots.release(k.run.app)
	}
}

// ended returns how a call fails because its invocation has ended.
func (k *call) ended() *fault {
	var why *errs.Error // the cause that the invocation was ended with
	if errors.As(context.Cause(k.parent), &why) && why.Kind != errs.Canceled {
		return &fault{why, why.Message}
	}
	if errors.Is(k.parent.Err(), context.Canceled) {
		return canceled()
	}
	return noBudget("the request reached its deadline")
}

// fault converts an error of the transport or of a body.
func (k *call) fault(err error) *fault {
	var f *fault
	var found *transport.Error
	switch _, failed := k.body.state(); {
	case errors.As(err, &f):
		return f
	case errors.As(err, &found) && found.Blocked:
		return blocked(found.Reason)
	case errors.As(err, &found):
		return broken(found.Reason)
	case k.parent.Err() != nil:
		return k.ended()
	case k.ctx.Err() != nil:
		return k.timedOut
	case failed != nil:
		if !errors.As(failed, &f) {
			f = fail(CodeError, "the body of the call could not be read", "reading the body that the function sends: "+failed.Error())
		}
		return f
	}
	return unreachable(err)
}

// logRefusal logs a call that failed before its first hop.
func (k *call) logRefusal(t *target, f *fault) {
	h := &hop{call: k, target: t, method: k.spec.Method, began: time.Now()}
	if t != nil {
		h.policy = k.gate.c.Policy()
		h.entry, _ = h.policy.Match(k.run.app, t.host)
	}
	h.log(f)
}

// follow makes hops until one is not redirected.
func (k *call) follow(t *target) (*Response, *fault) {
	k.first = t
	h := &hop{call: k, target: t, method: k.spec.Method, header: k.header, sendBody: k.body != nil}
	for {
		resp, f := h.send()
		var next *hop
		if f == nil {
			next, f = h.redirect(resp)
		}
		switch {
		case f != nil:
			h.discard(resp)
			h.log(f)
			return nil, f
		case next == nil:
			return h.response(resp), nil
		}
		h.discard(resp)
		h.log(nil)
		k.earlier = append(k.earlier, h.policy)
		h = next
	}
}

// response returns the response of the last hop as the function gets it.
func (h *hop) response(resp *http.Response) *Response {
	k := h.call
	scrubber := h.scrubber()
	_, text, _ := strings.Cut(resp.Status, " ")
	out := &Response{
		Status: resp.StatusCode, StatusText: scrubber.Text(text), Header: responseHeader(resp.Header, scrubber),
		URL: scrubber.Text(h.target.url.String()), Redirected: h.number > 0, Cached: h.fromCache,
	}
	if h.fromCache { // the body is in memory, so the call can end now
		k.end()
		h.received.Store(resp.ContentLength)
		h.log(nil)
		out.Body = io.NopCloser(scrubber.Reader(resp.Body))
		return out
	}
	if t, ok := h.content.(*cache.Tee); ok {
		go t.Run() // ends with the body, which is closed with the response
	}
	b := &body{hop: h, from: resp.Body, scrubbed: scrubber.Reader(h.content)}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stop = context.AfterFunc(h.ctx, func() { b.finish(k.fault(h.ctx.Err())) })
	out.Body = b
	return out
}

// body is the body of a response. The call is released at its end, when it fails or is closed, or when the time of the call
// is over, whichever comes first.
type body struct {
	hop      *hop
	from     io.Closer // of the transport
	scrubbed io.Reader
	stop     func() bool

	mu   sync.Mutex
	over bool
	err  error // what Read returns then
}

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	over, err := b.over, b.err
	b.mu.Unlock()
	if over {
		return 0, err
	}
	n, err := b.scrubbed.Read(p)
	switch {
	case err == nil:
		return n, nil
	case err == io.EOF:
		b.finish(nil)
		return n, io.EOF
	}
	b.finish(b.hop.call.fault(err))
	b.mu.Lock()
	defer b.mu.Unlock()
	return n, b.err
}

// Close discards what was not read.
func (b *body) Close() error {
	b.finish(nil)
	return nil
}

func (b *body) finish(f *fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return
	}
	b.over, b.err = true, io.EOF
	if f != nil {
		b.err = f.err
	}
	b.stop()
	b.hop.call.end() // first: closing a body may wait for its reader
	_ = b.from.Close()
	b.hop.log(f)
}
