package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/errs"
	"fazt/internal/system"
)

const (
	dialWait   = 10 * time.Second
	answerWait = 5 * time.Minute // for the response head, once the request is sent: a commit may compile for a while
	attempts   = 4
	firstPause = 250 * time.Millisecond
	longPause  = 10 * time.Second // a longer delay requested by the instance ends the retries
)

// Peer is another instance and the key for it.
type Peer struct {
	Name      string
	URL       string // as typed
	Host      string // the admin host, if it does not follow from the URL
	PlainHTTP bool   // the user accepts that the key crosses the network unencrypted
	Token     Secret
}

// Secret is a text that formats as a placeholder, so that it cannot be printed or encoded by accident.
type Secret string

func (Secret) String() string { return "(secret)" }

// GoString returns the same as String, for %#v.
func (Secret) GoString() string { return "(secret)" }

// MarshalText keeps the secret out of JSON.
func (Secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// route is where requests for a peer go: the URL of its control API, the host and port in it, and the host and port to
// dial instead.
type route struct{ base, named, dial string }

// route derives the route from the URL: the control API is served on the admin host only, while the URL may name the
// admin host, the domain, or an address of this machine.
func (p Peer) route() (route, error) {
	u, err := url.Parse(p.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
		return route{}, errs.New(errs.Invalid, "%q is not an instance URL; use one like https://admin.example.com", p.URL)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return route{}, errs.New(errs.Invalid, "an instance URL has a scheme and a host and nothing else: %s://%s", u.Scheme, u.Host)
	}
	host, port := strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), u.Port()
	address, notIP := netip.ParseAddr(host)
	loopback := host == "localhost" || strings.HasSuffix(host, ".localhost") || notIP == nil && address.IsLoopback()
	if u.Scheme == "http" && !loopback && !p.PlainHTTP {
		return route{}, errs.New(errs.Invalid, "%s is not encrypted: anyone on the network path could read the key; use https, or --plain-http to accept that", p.URL)
	}
	admin, dial := p.Host, host
	switch {
	case admin != "":
	case loopback && (notIP == nil || host == "localhost"):
		admin = "admin.localhost"
	case notIP == nil:
		return route{}, errs.New(errs.Invalid, "%s is an IP address; also name the admin host of the instance with --host admin.example.com", host)
	case strings.HasPrefix(host, "admin."):
		admin = host
	default:
		admin, dial = "admin."+host, "admin."+host
	}
	if loopback && notIP != nil {
		dial = "localhost" // not every resolver knows names below localhost
	}
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return route{base: u.Scheme + "://" + withPort(admin, u.Port()), named: net.JoinHostPort(admin, port), dial: net.JoinHostPort(dial, port)}, nil
}

func withPort(host, port string) string {
	if port == "" {
		return host
	}
	return net.JoinHostPort(host, port)
}

// Check reports whether the peer is usable as configured.
func (p Peer) Check() error {
	_, err := p.route()
	return err
}

// OpenPeer returns a client for another instance. It connects on the first call.
func OpenPeer(p Peer) (*Client, error) { return openPeer(p, nil) }

// openPeer accepts root certificates for tests.
func openPeer(p Peer, roots *x509.CertPool) (*Client, error) {
	where, err := p.route()
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: dialWait}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == where.named { // anything else is a proxy
				address = where.dial
			}
			return dialer.DialContext(ctx, network, address)
		},
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:   dialWait,
		ResponseHeaderTimeout: answerWait,
		ForceAttemptHTTP2:     true,
	}
	// A RoundTripper does not follow redirects: the key goes to the peer and nowhere else.
	return &Client{transport: withKey{transport, p.Token}, base: where.base, peer: &p, close: func() error {
		transport.CloseIdleConnections()
		return nil
	}}, nil
}

// withKey adds the key to every request.
type withKey struct {
	next  http.RoundTripper
	token Secret
}

func (t withKey) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+string(t.token))
	r.Header.Set("User-Agent", "fazt/"+system.Version)
	return t.next.RoundTrip(r)
}

// lost describes a failed connection.
func (c *Client) lost(err error) error {
	if c.peer == nil {
		return errs.Wrap(errs.Unavailable, err, "the connection to the instance was lost")
	}
	name, at := "@"+c.peer.Name, c.peer.URL
	var certificate *tls.CertificateVerificationError
	var noHost *net.DNSError
	var operation *net.OpError
	switch {
	case errors.As(err, &certificate):
		return errs.Wrap(errs.Forbidden, err, "the certificate of %s (%s) is not trusted, so nothing was sent: %v", name, at, certificate.Err)
	case errors.As(err, &noHost) && noHost.IsNotFound:
		return errs.Wrap(errs.NotFound, err, "host %s not found; is the address of %s right? `fazt peer list` shows it", noHost.Name, name)
	case errors.As(err, &operation) && operation.Op == "dial":
		return errs.Wrap(errs.Unavailable, err, "%s does not respond at %s", name, at)
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return errs.Wrap(errs.Unsupported, err, "%s speaks plain HTTP at %s, not HTTPS", name, at)
	}
	return errs.Wrap(errs.Unavailable, err, "the connection to %s was lost", name)
}

// refused explains peer responses that do not come from its control API.
func (c *Client) refused(resp *http.Response) error {
	if c.peer == nil {
		return nil
	}
	json := strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json")
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return errs.New(errs.Unsupported, "%s redirects to %q; the key is not sent there; if that is right, add the peer again with that address", c.peer.URL, resp.Header.Get("Location"))
	case !json && (resp.StatusCode == http.StatusBadGateway || resp.StatusCode == http.StatusServiceUnavailable || resp.StatusCode == http.StatusGatewayTimeout):
		return errs.New(errs.Unavailable, "a proxy in front of @%s cannot reach it (HTTP %d)", c.peer.Name, resp.StatusCode)
	}
	return nil
}

func retryAfter(resp *http.Response) time.Duration {
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// repeatable reports whether a request may safely be sent again.
func repeatable(s op.Spec) bool { return !s.Mutates() || s.Repeats() }

// again waits before the next attempt at a failed request and reports whether there is one. Each pause is about twice
// the previous one, with jitter so that many clients do not return together, and at least what the instance asks for.
func again(ctx context.Context, err error, attempt int, asked time.Duration) bool {
	if attempt >= attempts || asked > longPause || !errs.Is(err, errs.Unavailable) && !errs.Is(err, errs.RateLimited) {
		return false
	}
	pause := firstPause << (attempt - 1)
	pause = max(asked, pause/2+rand.N(pause)) //nolint:gosec // only jitter
	select {
	case <-time.After(pause):
		return true
	case <-ctx.Done():
		return false
	}
}
