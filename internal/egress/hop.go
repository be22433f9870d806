package egress

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"fazt/internal/egress/cache"
	"fazt/internal/egress/field"
	"fazt/internal/egress/rules"
	"fazt/internal/egress/transport"

	"fazt/internal/egress/netlog"
	"fazt/internal/egress/scrub"
	"fazt/internal/limitio"
)

// hop is one request on the wire: the call itself, or a redirect it follows. Every hop passes the whole gate.
type hop struct {
	call   *call
	number int
	target *target
	method string
	header http.Header // from which the request's are built; not changed
	body   bool        // it carries the body of the call

	policy    *rules.Policy
	entry     rules.Entry
	ctx       context.Context
	began     time.Time
	secret    string // the name of the one that was put in
	status    int
	cached    string
	kept      bool          // the answer is out of the cache
	flight    *cache.Flight // that it leads; nil = none
	flightKey cache.Key
	content   io.Reader    // of the answer: decoded, bounded
	received  atomic.Int64 // bytes of it
}

// userAgent is sent where a function says none.
const userAgent = "fazt"

// send passes the gate and brings the answer.
func (h *hop) send() (*http.Response, *fault) {
	k, g := h.call, h.call.gate
	h.began, h.ctx = time.Now(), k.ctx
	h.policy = g.c.Policy()
	if f := h.allowed(); f != nil {
		return nil, f
	}
	if h.entry.Timeout > 0 && h.number > 0 {
		// The time of the first hop's entry is the call's; that of a later one is its own, and passes with it.
		ends := h.began.Add(milliseconds(h.entry.Timeout))
		if d, _ := k.ctx.Deadline(); ends.Before(d) {
			ctx, cancel := context.WithDeadline(k.ctx, ends)
			outer := k.cancel
			h.ctx, k.cancel = ctx, func() { cancel(); outer() }
		}
	}
	req, f := h.request()
	if f != nil {
		return nil, f
	}
	var w cache.Wish
	if h.secret == "" && k.limits.CacheMaxItems > 0 {
		w = cache.Wishes(k.asked.Cache, h.method, req.Header, &h.entry)
		w.Credentialed = (w.Read || w.Write) && h.policy.Credentialed(k.run.app, h.target.host, req)
	}
	kept, hit, f := h.lookUp(req, w)
	switch {
	case f != nil:
		return nil, f
	case hit:
		return h.serve(kept, cache.Hit), nil
	case w.OnlyCached: // RFC 9111 §5.2.1.7
		return h.serve(cache.Failure(http.StatusGatewayTimeout, h.began), cache.Miss), nil
	}
	asked := req.Header
	if kept != nil && kept.Validator() {
		req.Header = asked.Clone()
		kept.Validate(req.Header)
	}
	resp, f := h.exchange(req)
	if kept != nil && kept.Usable(h.began, &h.entry) && failing(resp, f) {
		h.drop(resp)
		return h.serve(kept, cache.Stale), nil
	}
	if f != nil {
		h.land(false, k.ctx.Err() != nil) // who waits did not leave
		return nil, f
	}
	return h.keep(resp, asked, kept, w)
}

// lookUp is what the cache has for a request, and whether it serves as it is. It waits for an identical call that is under
// way; where there is none, this one becomes what others wait for.
func (h *hop) lookUp(req *http.Request, w cache.Wish) (kept *cache.Response, hit bool, f *fault) {
	k, c, u := h.call, &h.call.gate.cache, h.target.url.String()
	for w.Read {
		now := time.Now()
		if kept = c.Get(k.run.app, u, req.Header, w.Credentialed); kept != nil && kept.Serves(now, w) {
			return kept, true, nil
		}
		if w.Credentialed || w.OnlyCached {
			break
		}
		key := cache.KeyOf(k.run.app, u, req.Header)
		flight, leads := c.Join(key, now)
		if flight == nil {
			break
		}
		if leads {
			h.flight, h.flightKey = flight, key
			break
		}
		select {
		case <-flight.Done:
		case <-h.ctx.Done():
			return nil, false, k.fault(h.ctx.Err())
		}
	}
	return kept, false, nil
}

// land ends the flight that the hop leads, if it does; later it changes nothing.
func (h *hop) land(kept, again bool) {
	if h.flight != nil {
		h.call.gate.cache.End(h.flightKey, h.flight, kept, again)
	}
}

// failing says whether the other server could not answer: the network, its gateway, or itself. What this gate refuses is no
// failure of another.
func failing(resp *http.Response, f *fault) bool {
	if f != nil {
		return f.err.Code == CodeError || f.err.Code == CodeTimeout
	}
	switch resp.StatusCode {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// allowed says whether the owner's entry grants this hop.
func (h *hop) allowed() *fault {
	t, found := h.target, false
	if h.entry, found = h.policy.Match(h.call.run.app, t.host); !found {
		return blocked("no entry allows " + t.host)
	}
	switch {
	case t.scheme == "http" && !h.entry.HTTP:
		return blocked("the entry " + h.entry.Domain + " allows HTTPS alone")
	case !h.entry.AllowsPort(t.scheme, t.port):
		return blocked("the entry " + h.entry.Domain + " does not allow the port of " + t.origin())
	case !h.entry.AllowsMethod(h.method):
		return blocked("the entry " + h.entry.Domain + " does not allow the method " + h.method)
	}
	return nil
}

// request builds what is sent.
func (h *hop) request() (*http.Request, *fault) {
	k := h.call
	header := make(http.Header, len(h.header)+3)
	for name, values := range h.header {
		header[name] = values
	}
	if header["User-Agent"] == nil {
		header["User-Agent"] = []string{userAgent}
	}
	if header["Range"] == nil { // a part of an encoded body cannot be decoded
		header["Accept-Encoding"] = []string{encodings}
	}
	if len(h.entry.Methods) > 0 {
		field.DropOverrides(header)
	}
	req := (&http.Request{
		Method: h.method, URL: h.target.url, Host: h.target.authority(), Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(h.ctx)
	if k.asked.Auth != "" && !k.left {
		s, why := h.credential()
		if why == "" {
			why = s.Put(req)
		}
		switch {
		case why == "":
			h.secret = s.Name
		case h.number == 0:
			return nil, unauthorized(why)
		}
	}
	if h.body && !k.body.attach(req, h.number > 0) {
		return nil, fail(CodeError, "the other server asked for the body again, and it was too long to keep", "a redirect asks for the body again, and no more than 1 MiB of a stream is kept")
	}
	return req, nil
}

// credential is the secret the call names, or why it is not for this hop. The reason is for the owner alone: a function
// cannot tell a secret that does not exist from one that is not for this place.
func (h *hop) credential() (s rules.Secret, why string) {
	s, ok := h.policy.Secret(h.call.run.app, h.call.asked.Auth)
	path := h.target.url.EscapedPath()
	switch {
	case !ok:
		return s, "there is no secret of this name"
	case s.Value == "": // it is kept, and its key is not there
		return s, "the secret " + s.Name + " cannot be opened; `fazt secret list` says why"
	case s.Domain == "" || !rules.Covers(s.Domain, h.target.host):
		return s, "the secret " + s.Name + " is for " + s.Domain
	case h.target.scheme == "http" && !s.HTTP:
		return s, "the secret " + s.Name + " is for HTTPS alone; set it with --http to have it sent where others can read it"
	case h.target.port != h.entry.PortOf(s, h.target.scheme):
		return s, "the secret " + s.Name + " is for port " + strconv.Itoa(h.entry.PortOf(s, h.target.scheme)) + "; set it with --port for another"
	case len(s.Methods) > 0 && !slices.Contains(s.Methods, h.method):
		return s, "the secret " + s.Name + " is not for the method " + h.method
	case s.PathPrefix != "" && (!under(path, s.PathPrefix) || ambiguous(path)):
		return s, "the secret " + s.Name + " is for paths below " + s.PathPrefix
	}
	return s, ""
}

// exchange pays, takes a place and asks the other server.
func (h *hop) exchange(req *http.Request) (*http.Response, *fault) {
	k, g := h.call, h.call.gate
	rate, burst := rateOf(&h.entry, k.limits)
	entry := h.entry.ID + " " + h.entry.Domain
	if rate > 0 {
		if wait := g.buckets.Take(bucketKey{k.run.app, entry}, float64(rate), burst, h.began); wait > 0 {
			return nil, later(CodeRate, "calls to this domain come too often; try again", "the rate of the entry "+h.entry.Domain, wait)
		}
	}
	if !k.slot {
		if g.transport.LostBy(k.run.app) >= maxLost {
			return nil, busy("too many connections of the app are stuck; `fazt server restart` ends them")
		}
		if ok, reason := g.slots.take(k.run.app, k.limits.AppConcurrency, g.c.System().Concurrency); !ok {
			return nil, busy(reason)
		}
		k.slot = true
	}
	if g.transport.Advance(h.policy.Version()) {
		g.warn(h.policy)
	}
	resp, err := g.transport.RoundTrip(req, h.route(entry))
	if err != nil {
		return nil, k.fault(err)
	}
	h.status = resp.StatusCode
	if why := strangeHead(resp); why != "" {
		_ = resp.Body.Close()
		return nil, fail(CodeError, "the answer of the other server could not be understood", why)
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		_ = resp.Body.Close()
		return nil, fail(CodeError, "the other server wants another protocol than HTTP", "the answer is 101")
	}
	most := k.limits.MaxResponse
	if h.entry.MaxResponse > 0 {
		most = min(most, h.entry.MaxResponse)
	}
	if h.redirects(resp) { // its body is dropped unread: it counts against nothing
		h.content = http.NoBody
		return resp, nil
	}
	if h.content, err = h.decode(resp, most); err != nil {
		_ = resp.Body.Close()
		return nil, k.fault(err)
	}
	return resp, nil
}

// maxLost is how many requests of an app may be stuck before it can make no more calls: each of them holds memory until the
// process ends.
const maxLost = 16

func busy(reason string) *fault {
	return later(CodeLimit, "too many calls are open; try again", reason, time.Second)
}

func (h *hop) route(entry string) *transport.Route {
	return &transport.Route{
		Key: transport.Key{
			Version: h.policy.Version(), App: h.call.run.app, Entry: entry, Scheme: h.target.scheme, Host: h.target.host, Port: h.target.port,
			MaxHeader: h.call.gate.c.System().MaxHeaderBytes,
		},
		Private: h.entry.Private,
	}
}

// warn logs entries that open private networks, which should be rare.
func (g *Gate) warn(policy *rules.Policy) {
	for _, e := range policy.Private() {
		g.c.Log.Warn("functions may call into a private network", "domain", e.Domain, "app", e.AppID, "ranges", e.Private)
	}
}

// decode is the body of an answer as it was before it was encoded, and within the limit. The encoded one is bounded too,
// for there are encodings of nothing that never end; encoding adds little to what it cannot make shorter.
func (h *hop) decode(resp *http.Response, most int64) (io.Reader, error) {
	empty := h.method == http.MethodHead || resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified
	list := resp.Header["Content-Encoding"]
	var body io.Reader = resp.Body
	switch {
	case empty:
	case len(list) == 1:
		raw := bounded(resp.Body, most+most/8+1024, "the answer")
		decoded, ok := decoded(raw, list[0])
		if body = decoded; ok {
			delete(resp.Header, "Content-Encoding")
			delete(resp.Header, "Content-Length")
			resp.ContentLength = -1
			break
		}
		fallthrough
	default:
		if resp.ContentLength > most {
			return nil, tooLarge("the answer")
		}
	}
	return limitio.Counter{R: bounded(body, most, "the answer"), N: &h.received}, nil
}

// serve is an answer out of the cache.
func (h *hop) serve(kept *cache.Response, state string) *http.Response {
	h.call.gate.cache.Count(state)
	h.cached, h.kept = state, true
	resp := kept.Response(h.began)
	h.status, h.content = resp.StatusCode, limitio.Counter{R: resp.Body, N: &h.received}
	return resp
}

// keep tells the cache of an answer.
func (h *hop) keep(resp *http.Response, asked http.Header, kept *cache.Response, w cache.Wish) (*http.Response, *fault) {
	k, c, u := h.call, &h.call.gate.cache, h.target.url.String()
	now := time.Now()
	if kept != nil && kept.Validator() && resp.StatusCode == http.StatusNotModified {
		renewed := kept.Renewed(asked, w.Credentialed, resp, &h.entry, h.began, now)
		switch {
		case renewed == nil:
			c.Forget(k.run.app, u)
		case c.Current(h.flight):
			kept = renewed
			c.Put(k.run.app, kept, k.limits.CacheMaxItems, k.limits.CacheMaxBytes)
		}
		h.land(renewed != nil && renewed.Fresh(now), false)
		h.drop(resp)
		return h.serve(kept, cache.Revalidated), nil
	}
	if w.Read || w.Write {
		h.cached = cache.Miss
		c.Count(cache.Miss)
	}
	if unsafe := h.method != http.MethodGet && h.method != http.MethodHead && h.method != http.MethodOptions; unsafe && resp.StatusCode < 400 {
		h.invalidate(resp)
	}
	if !w.Write {
		return resp, nil
	}
	fresh := cache.Keepable(u, asked, w.Credentialed, resp, &h.entry, h.began, now)
	if fresh == nil || !fresh.Fresh(now) {
		h.land(false, false)
	}
	if fresh == nil {
		if resp.StatusCode < 500 && !w.Credentialed {
			c.Forget(k.run.app, u) // what is kept is no longer what is there
		}
		return resp, nil
	}
	h.content = cache.NewCopying(h.content, k.limits.CacheMaxBytes, func(body []byte, whole bool) {
		if whole = whole && c.Current(h.flight); whole {
			fresh.SetBody(body)
			c.Put(k.run.app, fresh, k.limits.CacheMaxItems, k.limits.CacheMaxBytes)
		}
		h.land(whole, k.ctx.Err() != nil)
	})
	return resp, nil
}

// invalidate forgets what an unsafe method changed: what it was sent to, and what its answer names on the same origin (RFC
// 9111 §4.4).
func (h *hop) invalidate(resp *http.Response) {
	c, app := &h.call.gate.cache, h.call.run.app
	c.Forget(app, h.target.url.String())
	for _, name := range []string{"Location", "Content-Location"} {
		if text := resp.Header.Get(name); text != "" {
			if t, why := h.target.resolve(text); why == "" && t.same(h.target) {
				c.Forget(app, t.url.String())
			}
		}
	}
}

// leftover is how much of a body that nobody wants is read, so that its connection can serve again, and for how long.
const (
	leftover    = 2 << 10
	leftoverFor = 50 * time.Millisecond
)

// drop closes an answer that is not the function's.
func (h *hop) drop(resp *http.Response) {
	h.land(false, h.call.ctx.Err() != nil)
	if resp == nil {
		return
	}
	if resp.ContentLength >= 0 && resp.ContentLength <= leftover {
		late := time.AfterFunc(leftoverFor, func() { _ = resp.Body.Close() })
		_, _ = io.CopyN(io.Discard, resp.Body, leftover)
		late.Stop()
	}
	_ = resp.Body.Close()
}

// scrubber is what keeps the values of the app's secrets from it: those in force, and those that were when an earlier hop
// was sent, should they have been changed since.
func (h *hop) scrubber() *scrub.Scrubber {
	if h.policy == nil {
		return nil
	}
	app := h.call.run.app
	var changed []rules.Secret
	for i, p := range h.call.passed {
		if p != h.policy && !slices.Contains(h.call.passed[:i], p) {
			changed = append(changed, p.Visible(app)...)
		}
	}
	if changed == nil {
		return h.policy.Scrubber(app)
	}
	return rules.NewScrubber(append(changed, h.policy.Visible(app)...))
}

// log tells what came of the hop.
func (h *hop) log(f *fault) {
	k := h.call
	if k.gate.c.Record == nil {
		return
	}
	a := netlog.Attempt{
		AppID: k.run.app, RequestID: k.run.requestID, Time: h.began, Method: h.method, Hop: h.number, Status: h.status,
		EntryID: h.entry.ID, Secret: h.secret, Millis: float64(time.Since(h.began).Microseconds()) / 1000,
		Received: h.received.Load(), Cache: h.cached,
	}
	if h.body && k.body != nil {
		a.Sent, _ = k.body.state()
	}
	s := h.scrubber()
	if t := h.target; t != nil {
		a.Scheme, a.Host, a.Path = t.scheme, s.Name(t.authority()), s.Text(h.entry.LoggedPath(t.url.EscapedPath()))
	}
	if f != nil {
		a.Code, a.Reason = f.err.Code, s.Name(s.Text(f.reason)) // it may name a host
	}
	k.gate.c.Record.Record(a)
}
