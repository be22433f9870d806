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
	answerWait = 5 * time.Minute // for the head of an answer, after the request went out: a commit may compile for long
	attempts   = 4
	firstPause = 250 * time.Millisecond
	longPause  = 10 * time.Second // an instance that asks for more than this is not asked again
)

// Peer is another instance, and the key to it.
type Peer struct {
	Name      string
	URL       string // as the person gave it
	Host      string // of the admin host, where it does not follow from the URL
	PlainHTTP bool   // the person accepts that the key crosses a network unencrypted
	Token     Secret
}

// Secret is a text that formats as nothing: it can be neither printed nor encoded by accident.
type Secret string

func (Secret) String() string { return "(secret)" }

// GoString is String, for %#v.
func (Secret) GoString() string { return "(secret)" }

// MarshalText keeps it out of JSON.
func (Secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// route is where the requests for a peer go: the address of its control API, the host and port in it, and the
// host and port to dial instead.
type route struct{ base, named, dial string }

// route follows from the URL: the control API answers on the admin host alone, and the URL may name that, the domain,
// or an address of this machine.
func (p Peer) route() (route, error) {
	u, err := url.Parse(p.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
		return route{}, errs.New(errs.Invalid, "%q is no address of an instance; write it like https://admin.example.com", p.URL)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return route{}, errs.New(errs.Invalid, "the address of an instance is a scheme and a host, nothing else: %s://%s", u.Scheme, u.Host)
	}
	host, port := strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), u.Port()
	address, notIP := netip.ParseAddr(host)
	loopback := host == "localhost" || strings.HasSuffix(host, ".localhost") || notIP == nil && address.IsLoopback()
	if u.Scheme == "http" && !loopback && !p.PlainHTTP {
		return route{}, errs.New(errs.Invalid, "%s is not encrypted: everybody on the way could read the key; use https, or --plain-http to accept that", p.URL)
	}
	admin, dial := p.Host, host
	switch {
	case admin != "":
	case loopback && (notIP == nil || host == "localhost"):
		admin = "admin.localhost"
	case notIP == nil:
		return route{}, errs.New(errs.Invalid, "%s is an address of a machine; name the admin host of the instance too, with --host admin.example.com", host)
	case strings.HasPrefix(host, "admin."):
		admin = host
	default:
		admin, dial = "admin."+host, "admin."+host
	}
	if loopback && notIP != nil {
		dial = "localhost" // names below it are not known to every resolver
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

// Check says whether the peer can be used as it is written.
func (p Peer) Check() error {
	_, err := p.route()
	return err
}

// OpenPeer reaches another instance. It connects with the first call.
func OpenPeer(p Peer) (*Client, error) { return openPeer(p, nil) }

// openPeer takes the roots of a test's own certificates.
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
	// A RoundTripper follows no redirects: the key goes to the peer and nowhere else.
	return &Client{transport: withKey{transport, p.Token}, base: where.base, peer: &p, close: func() error {
		transport.CloseIdleConnections()
		return nil
	}}, nil
}

// withKey sends the key with every request.
type withKey struct {
	next  http.RoundTripper
	token Secret
}

func (t withKey) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+string(t.token))
	r.Header.Set("User-Agent", "fazt/"+system.Version)
	return t.next.RoundTrip(r)
}

// lost is the sentence for a connection that failed.
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
		return errs.Wrap(errs.Forbidden, err, "the certificate of %s (%s) cannot be trusted, so nothing was sent: %v", name, at, certificate.Err)
	case errors.As(err, &noHost) && noHost.IsNotFound:
		return errs.Wrap(errs.NotFound, err, "there is no host %s; is the address of %s right? `fazt peer list` shows it", noHost.Name, name)
	case errors.As(err, &operation) && operation.Op == "dial":
		return errs.Wrap(errs.Unavailable, err, "%s does not answer at %s", name, at)
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return errs.Wrap(errs.Unsupported, err, "%s speaks plain HTTP at %s, not HTTPS", name, at)
	}
	return errs.Wrap(errs.Unavailable, err, "the connection to %s was lost", name)
}

// refused explains answers of a peer that are no answers of its control API.
func (c *Client) refused(resp *http.Response) error {
	if c.peer == nil {
		return nil
	}
	json := strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json")
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return errs.New(errs.Unsupported, "%s leads on to %q; the key is not sent there; if that is right, add the peer again with that address", c.peer.URL, resp.Header.Get("Location"))
	case !json && (resp.StatusCode == http.StatusBadGateway || resp.StatusCode == http.StatusServiceUnavailable || resp.StatusCode == http.StatusGatewayTimeout):
		return errs.New(errs.Unavailable, "something before @%s answers that it cannot be reached (HTTP %d)", c.peer.Name, resp.StatusCode)
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

// repeatable says whether a request may be sent again without harm.
func repeatable(s op.Spec) bool { return !s.Mutates() || s.Repeats() }

// again waits before the next attempt at a request that failed, and says whether there is one. Each pause is about
// twice the one before, by chance shorter or longer so that many clients do not come back together; an instance that
// asks for more gets it.
func again(ctx context.Context, err error, attempt int, asked time.Duration) bool {
	if attempt >= attempts || asked > longPause || !errs.Is(err, errs.Unavailable) && !errs.Is(err, errs.RateLimited) {
		return false
	}
	pause := firstPause << (attempt - 1)
	pause = max(asked, pause/2+rand.N(pause)) //nolint:gosec // it only spreads the tries
	select {
	case <-time.After(pause):
		return true
	case <-ctx.Done():
		return false
	}
}
