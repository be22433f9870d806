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

// hop is one request of a call: the first, or one that follows a redirect. Every hop goes through all checks.
type hop struct {
	call     *call
	number   int
	target   *target
	method   string
	header   http.Header // that the request header is built from; read-only
	sendBody bool        // the hop sends the body of the call

	policy     *rules.Policy
	entry      rules.Entry
	ctx        context.Context
	began      time.Time
	secret     string // name of the secret in the request
	status     int
	cacheState string
	fromCache  bool          // the response is from the cache
	flight     *cache.Flight // that this hop leads; nil = none
	flightKey  cache.Key
	content    io.Reader    // of the response: decoded, within the limit
	received   atomic.Int64 // bytes of content
}

// userAgent is sent if a function sets none.
const userAgent = "fazt"

// send checks the hop, sends its request and returns the response.
func (h *hop) send() (*http.Response, *fault) {
	k, g := h.call, h.call.gate
	h.began, h.ctx = time.Now(), k.ctx
	h.policy = g.c.Policy()
	if f := h.checkEntry(); f != nil {
		return nil, f
	}
	if h.entry.Timeout > 0 && h.number > 0 {
		// The timeout of the first hop's entry applies to the call (begin); that of a later entry only to its hop.
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
	var o cache.Options
	if h.secret == "" && k.limits.CacheMaxItems > 0 {
		o = cache.OptionsFor(k.spec.Cache, h.method, req.Header, &h.entry)
		o.Credentialed = (o.Read || o.Write) && h.policy.Credentialed(k.run.app, h.target.host, req)
	}
	stored, hit, f := h.lookUp(req, o)
	switch {
	case f != nil:
		return nil, f
	case hit:
		return h.serve(stored, cache.Hit), nil
	case o.OnlyCached: // RFC 9111 §5.2.1.7
		return h.serve(cache.Failure(http.StatusGatewayTimeout, h.began), cache.Miss), nil
	}
	header := req.Header
	if stored != nil && stored.Validator() {
		req.Header = header.Clone()
		stored.Validate(req.Header)
	}
	resp, f := h.exchange(req)
	if stored != nil && stored.Usable(h.began, &h.entry) && failing(resp, f) {
		h.discard(resp)
		return h.serve(stored, cache.Stale), nil
	}
	if f != nil {
		h.endFlight(false, k.ctx.Err() != nil) // if only this call ended, one of those that wait goes out
		return nil, f
	}
	return h.store(resp, header, stored, o)
}

// lookUp returns the stored response for a request, if any, and whether it can be served as it is. It waits for an identical
// call in flight; if there is none, this call becomes the one that others wait for.
func (h *hop) lookUp(req *http.Request, o cache.Options) (stored *cache.Response, hit bool, f *fault) {
	k, c, u := h.call, &h.call.gate.cache, h.target.url.String()
	for o.Read {
		now := time.Now()
		if stored = c.Get(k.run.app, u, req.Header, o.Credentialed); stored != nil && stored.Serves(now, o) {
			return stored, true, nil
		}
		if o.Credentialed || o.OnlyCached {
			break
		}
		key := cache.KeyOf(k.run.app, u, req.Header)
		flight, leads := c.Join(key, now)
		if flight == nil {
			break
		}
		if leads {
			h.flight, h.flightKey = flight, key
			// An earlier flight may have ended since the cache was read.
			if newer := c.Get(k.run.app, u, req.Header, o.Credentialed); newer != nil && newer.Serves(time.Now(), o) {
				h.endFlight(true, false)
				return newer, true, nil
			}
			break
		}
		select {
		case <-flight.Done:
		case <-h.ctx.Done():
			return nil, false, k.fault(h.ctx.Err())
		}
	}
	return stored, false, nil
}

// endFlight ends the flight that the hop leads, if any. Only the first call has an effect.
func (h *hop) endFlight(stored, again bool) {
	if h.flight != nil {
		h.call.gate.cache.End(h.flightKey, h.flight, stored, again)
	}
}

// failing reports whether the other server failed: the network, its gateway, or the server itself. A refusal by this gate
// does not count.
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

// checkEntry finds the entry for the hop and returns a fault unless it allows the hop.
func (h *hop) checkEntry() *fault {
	t, found := h.target, false
	if h.entry, found = h.policy.Match(h.call.run.app, t.host); !found {
		return blocked("no entry allows " + t.host)
	}
	switch {
	case t.scheme == "http" && !h.entry.HTTP:
		return blocked("the entry " + h.entry.Domain + " allows only HTTPS")
	case !h.entry.AllowsPort(t.scheme, t.port):
		return blocked("the entry " + h.entry.Domain + " does not allow the port of " + t.origin())
	case !h.entry.AllowsMethod(h.method):
		return blocked("the entry " + h.entry.Domain + " does not allow the method " + h.method)
	}
	return nil
}

// request builds the request.
func (h *hop) request() (*http.Request, *fault) {
	k := h.call
	header := make(http.Header, len(h.header)+3)
	for name, values := range h.header {
		header[name] = values
	}
	if header["User-Agent"] == nil {
		header["User-Agent"] = []string{userAgent}
	}
	if header["Range"] == nil { // part of an encoded body could not be decoded
		header["Accept-Encoding"] = []string{encodings}
	}
	if len(h.entry.Methods) > 0 {
		field.DropOverrides(header)
	}
	req := (&http.Request{
		Method: h.method, URL: h.target.url, Host: h.target.authority(), Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(h.ctx)
	if k.spec.Auth != "" && !k.left {
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
	if h.sendBody && !k.body.attach(req, h.number > 0) {
		return nil, fail(CodeError, "the other server asked for the body again, which was too long to keep", "a redirect asks for the body again; of a stream, at most 1 MiB is kept")
	}
	return req, nil
}

// credential returns the secret that the call names, or why this hop cannot have it. Only the owner sees the reason: to a
// function, a secret that does not exist and one for another server look the same.
func (h *hop) credential() (s rules.Secret, why string) {
	s, ok := h.policy.Secret(h.call.run.app, h.call.spec.Auth)
	path := h.target.url.EscapedPath()
	switch {
	case !ok:
		return s, "there is no secret with this name"
	case s.Value == "": // it cannot be decrypted
		return s, "the secret " + s.Name + " cannot be opened; `fazt secret list` says why"
	case s.Domain == "" || !rules.Covers(s.Domain, h.target.host):
		return s, "the secret " + s.Name + " is for " + s.Domain
	case h.target.scheme == "http" && !s.HTTP:
		return s, "the secret " + s.Name + " is for HTTPS only; set it with --http to send it where others can read it"
	case h.target.port != h.entry.PortOf(s, h.target.scheme):
		return s, "the secret " + s.Name + " is for port " + strconv.Itoa(h.entry.PortOf(s, h.target.scheme)) + "; set it with --port for another"
	case len(s.Methods) > 0 && !slices.Contains(s.Methods, h.method):
		return s, "the secret " + s.Name + " is not for the method " + h.method
	case s.PathPrefix != "" && (!under(path, s.PathPrefix) || ambiguous(path)):
		return s, "the secret " + s.Name + " is for paths below " + s.PathPrefix
	}
	return s, ""
}

// exchange takes a token and a slot, and sends the request to the other server.
func (h *hop) exchange(req *http.Request) (*http.Response, *fault) {
	k, g := h.call, h.call.gate
	rate, burst := rateOf(&h.entry, k.limits)
	entry := h.entry.ID + " " + h.entry.Domain
	if rate > 0 {
		if wait := g.buckets.Take(bucketKey{k.run.app, entry}, float64(rate), burst, h.began); wait > 0 {
			return nil, retryable(CodeRate, "too many calls to this domain; try again", "the rate limit of the entry "+h.entry.Domain, wait)
		}
	}
	if !k.slot {
		if g.transport.LostBy(k.run.app) >= maxLost {
			return nil, busy("too many connections of the app are stuck; `fazt server restart` ends them")
		}
		if ok, reason := g.slots.acquire(k.run.app, k.limits.AppConcurrency, g.c.System().Concurrency); !ok {
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
	if why := malformedHead(resp); why != "" {
		_ = resp.Body.Close()
		return nil, fail(CodeError, "the response of the other server is malformed", why)
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		_ = resp.Body.Close()
		return nil, fail(CodeError, "the other server wants to switch to another protocol", "the response is 101 Switching Protocols")
	}
	limit := k.limits.MaxResponse
	if h.entry.MaxResponse > 0 {
		limit = min(limit, h.entry.MaxResponse)
	}
	if h.redirects(resp) { // the body is not read, so no limit applies
		h.content = http.NoBody
		return resp, nil
	}
	if h.content, err = h.decode(resp, limit); err != nil {
		_ = resp.Body.Close()
		return nil, k.fault(err)
	}
	return resp, nil
}

// maxLost is how many requests of an app may be stuck before it can make no more calls: each of them holds memory until the
// process ends.
const maxLost = 16

func busy(reason string) *fault {
	return retryable(CodeLimit, "too many calls are open; try again", reason, time.Second)
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

// decode returns the decoded body of a response, bounded by the limit. The encoded body is bounded too, because some
// encodings of nothing never end; encoding adds little to data that it cannot compress.
func (h *hop) decode(resp *http.Response, limit int64) (io.Reader, error) {
	empty := h.method == http.MethodHead || resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified
	list := resp.Header["Content-Encoding"]
	var body io.Reader = resp.Body
	switch {
	case empty:
	case len(list) == 1:
		raw := bounded(resp.Body, limit+limit/8+1024, "the response")
		decoded, ok := decoded(raw, list[0])
		if body = decoded; ok {
			delete(resp.Header, "Content-Encoding")
			delete(resp.Header, "Content-Length")
			resp.ContentLength = -1
			break
		}
		fallthrough
	default:
		if resp.ContentLength > limit {
			return nil, tooLarge("the response")
		}
	}
	return limitio.Counter{R: bounded(body, limit, "the response"), N: &h.received}, nil
}

// serve returns a response from the cache.
func (h *hop) serve(stored *cache.Response, state string) *http.Response {
	h.call.gate.cache.Count(state)
	h.cacheState, h.fromCache = state, true
	resp := stored.Response(h.began)
	h.status, h.content = resp.StatusCode, limitio.Counter{R: resp.Body, N: &h.received}
	return resp
}

// store updates the cache with a response. header is that of the request, without conditions.
func (h *hop) store(resp *http.Response, header http.Header, stored *cache.Response, o cache.Options) (*http.Response, *fault) {
	k, c, u := h.call, &h.call.gate.cache, h.target.url.String()
	now := time.Now()
	if stored != nil && stored.Validator() && resp.StatusCode == http.StatusNotModified {
		renewed := stored.Renewed(header, o.Credentialed, resp, &h.entry, h.began, now)
		switch {
		case renewed == nil:
			c.Forget(k.run.app, u)
		case c.Current(h.flight):
			stored = renewed
			c.Put(k.run.app, stored, k.limits.CacheMaxItems, k.limits.CacheMaxBytes)
		}
		h.endFlight(renewed != nil && renewed.Fresh(now), false)
		h.discard(resp)
		return h.serve(stored, cache.Revalidated), nil
	}
	if o.Read || o.Write {
		h.cacheState = cache.Miss
		c.Count(cache.Miss)
	}
	if unsafe := h.method != http.MethodGet && h.method != http.MethodHead && h.method != http.MethodOptions; unsafe && resp.StatusCode < 400 {
		h.invalidate(resp)
	}
	if !o.Write {
		return resp, nil
	}
	fresh := cache.Storable(u, header, o.Credentialed, resp, &h.entry, h.began, now)
	if fresh == nil || !fresh.Fresh(now) {
		h.endFlight(false, false)
	}
	if fresh == nil {
		if resp.StatusCode < 500 && !o.Credentialed {
			c.Forget(k.run.app, u) // the stored response is out of date
		}
		return resp, nil
	}
	h.content = cache.NewTee(h.content, k.limits.CacheMaxBytes, func(body []byte, complete bool) {
		if complete = complete && c.Current(h.flight); complete {
			fresh.SetBody(body)
			c.Put(k.run.app, fresh, k.limits.CacheMaxItems, k.limits.CacheMaxBytes)
		}
		h.endFlight(complete, k.ctx.Err() != nil)
	})
	return resp, nil
}

// invalidate drops stored responses after an unsafe method: of its URL, and of the URLs on the same origin that the response
// names (RFC 9111 §4.4).
func (h *hop) invalidate(resp *http.Response) {
	c, app := &h.call.gate.cache, h.call.run.app
	c.Forget(app, h.target.url.String())
	for _, name := range []string{"Location", "Content-Location"} {
		if text := resp.Header.Get(name); text != "" {
			if t, why := h.target.resolve(text); why == "" && t.sameOrigin(h.target) {
				c.Forget(app, t.url.String())
			}
		}
	}
}

// A short body that the function does not get is read to its end, so that its connection can be reused. A body of unknown
// length may be short too.
const (
	maxDiscard     = 2 << 10
	discardTimeout = 50 * time.Millisecond
)

// discard closes a response that the function does not get.
func (h *hop) discard(resp *http.Response) {
	h.endFlight(false, h.call.ctx.Err() != nil)
	if resp == nil {
		return
	}
	if resp.ContentLength <= maxDiscard {
		timer := time.AfterFunc(discardTimeout, func() { _ = resp.Body.Close() })
		_, _ = io.CopyN(io.Discard, resp.Body, maxDiscard)
		timer.Stop()
	}
	_ = resp.Body.Close()
}

// scrubber returns the scrubber for the app's secrets: the current ones, and those that an earlier hop may have sent before
// they were changed.
func (h *hop) scrubber() *scrub.Scrubber {
	if h.policy == nil {
		return nil
	}
	app := h.call.run.app
	var changed []rules.Secret
	for i, p := range h.call.earlier {
		if p != h.policy && !slices.Contains(h.call.earlier[:i], p) {
			changed = append(changed, p.SecretsOf(app)...)
		}
	}
	if changed == nil {
		return h.policy.Scrubber(app)
	}
	return rules.NewScrubber(append(changed, h.policy.SecretsOf(app)...))
}

// log logs the outcome of the hop.
func (h *hop) log(f *fault) {
	k := h.call
	if k.gate.c.Record == nil {
		return
	}
	a := netlog.Attempt{
		AppID: k.run.app, RequestID: k.run.requestID, Time: h.began, Method: h.method, Hop: h.number, Status: h.status,
		EntryID: h.entry.ID, Secret: h.secret, Millis: float64(time.Since(h.began).Microseconds()) / 1000,
		Received: h.received.Load(), Cache: h.cacheState,
	}
	if h.sendBody {
		a.Sent, _ = k.body.state()
	}
	s := h.scrubber()
	if t := h.target; t != nil {
		a.Scheme, a.Host, a.Path = t.scheme, s.Name(t.authority()), s.Text(h.entry.LoggedPath(t.url.EscapedPath()))
	}
	if f != nil {
		a.Code, a.Reason = f.err.Code, s.Name(s.Text(f.reason)) // it may contain a host
	}
	k.gate.c.Record.Record(a)
}
