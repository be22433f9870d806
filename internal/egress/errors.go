package egress

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"syscall"
	"time"

	"fazt/internal/errs"
)

// The codes of failed calls. The messages never contain an address, a URL or a secret; details for the owner are in the log
// (Attempt.Reason).
const (
	CodeBlocked = "NET_BLOCKED" // not allowed, by the owner or in general
	CodeTimeout = "NET_TIMEOUT" // the other server took too long
	CodeLimit   = "NET_LIMIT"   // too many calls: concurrently (try again), or in one request
	CodeBudget  = "NET_BUDGET"  // the request has no time left for calls
	CodeSize    = "NET_SIZE"    // a body or header is too large
	CodeAuth    = "NET_AUTH"    // no such secret for this call
	CodeRate    = "NET_RATE"    // too many calls in a short time; try again
	CodeError   = "NET_ERROR"   // anything else: the call is malformed, or the other server cannot be reached or breaks HTTP
)

// fault is the failure of a call.
type fault struct {
	err    *errs.Error // for the function
	reason string      // for the owner
}

func (f *fault) Error() string { return f.err.Message }
func (f *fault) Unwrap() error { return f.err }

// fail returns a fault that is not retryable. If a script does not catch the error, its request ends with 500, or with 504
// for NET_TIMEOUT if no script is involved.
func fail(code, text, reason string) *fault {
	kind := errs.Unprocessable
	switch code {
	case CodeBlocked, CodeAuth:
		kind = errs.Forbidden
	case CodeTimeout:
		kind = errs.Timeout
	}
	return &fault{&errs.Error{Kind: kind, Code: code, Message: text}, reason}
}

// retryable returns a fault that goes away by itself: uncaught, it ends the request with 503 and Retry-After.
func retryable(code, text, reason string, wait time.Duration) *fault {
	return &fault{&errs.Error{Kind: errs.Unavailable, Code: code, Message: text, Retry: wait}, reason}
}

// blocked returns a fault whose message gives no details: an app should not learn which addresses a name has, or what else
// is allowed.
func blocked(reason string) *fault {
	return fail(CodeBlocked, "this call is not allowed; the owner can see why with `fazt net logs`, and allow a domain with `fazt net allow`", reason)
}

func unauthorized(reason string) *fault {
	return fail(CodeAuth, "there is no secret with that name for this call; the owner can see why with `fazt net logs`, and set one with `fazt secret set`", reason)
}

func malformed(text string) *fault { return fail(CodeError, text, text) }

func callTime() *fault {
	return fail(CodeTimeout, "the other server did not respond in time", "the call timed out")
}

func noBudget(reason string) *fault {
	return retryable(CodeBudget, "the time for outbound calls of this request is used up; try again", reason, time.Second)
}

func canceled() *fault {
	return &fault{&errs.Error{Kind: errs.Canceled, Code: CodeError, Message: "the call was canceled"}, "canceled by the function or its visitor"}
}

// broken returns the fault for a server that cannot be reached or breaks HTTP.
func broken(reason string) *fault {
	return fail(CodeError, "the other server could not be reached, or its response is malformed", reason)
}

// unreachable converts an error of the transport, a decoder or the system into one of a few fixed reasons, even for the owner:
// the text of such an error can quote the other server, such as its status line or the names in its certificate, and the
// server may have put a secret there that it was sent.
func unreachable(err error) *fault {
	text := broken("").err.Message
	var timed net.Error
	if errors.As(err, &timed) && timed.Timeout() {
		return callTime()
	}
	if strings.Contains(err.Error(), "response headers exceeded") || strings.Contains(err.Error(), "response header list larger") { // HTTP/1, HTTP/2
		return tooLarge("the response header")
	}
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	var dial *net.OpError
	switch {
	case errors.As(err, &certificate):
		return fail(CodeError, "the certificate of the other server is not valid", "its certificate "+whyInvalid(certificate.Err))
	case errors.As(err, &name):
		return fail(CodeError, "the name of the other server was not found", "the DNS lookup failed: "+whyNotFound(name))
	case errors.As(err, &dial) && dial.Addr != nil && dial.Op != "remote error":
		return fail(CodeError, text, dial.Op+" "+dial.Addr.String()+": "+systemError(err))
	}
	return fail(CodeError, text, whyBroken(err))
}

func whyInvalid(err error) string {
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &authority):
		return "is not signed by an authority that this machine trusts"
	case errors.As(err, &host):
		return "is for other names"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "has expired or is not valid yet, or the clock of this machine is wrong"
	}
	return "is not valid"
}

func whyNotFound(err *net.DNSError) string {
	switch {
	case err.IsNotFound:
		return "the name does not exist"
	case err.IsTemporary:
		return "the name server failed"
	}
	return "no answer from a name server"
}

// systemError returns the error of the operating system.
func systemError(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	return "the connection failed"
}

// protocolErrors maps texts that errors of net/http, crypto/tls and the decoders contain to reasons.
var protocolErrors = [...]struct{ text, reason string }{
	{"malformed HTTP version", "its response has a malformed HTTP version"},
	{"malformed HTTP status code", "its response has a malformed status"},
	{"malformed HTTP response", "its response is not HTTP"},
	{"malformed MIME header", "a header of its response is malformed"},
	{"Content-Length", "the Content-Length of its response is malformed"},
	{"transfer encoding", "its response has an unknown transfer encoding"},
	{"malformed chunked encoding", "the chunks of its response are malformed"},
	{"invalid byte in chunk length", "the chunks of its response are malformed"},
	{"1xx", "it sent too many informational responses"},
	{"GOAWAY", "it closed the HTTP/2 connection"},
	{"stream error", "it reset the HTTP/2 stream, or broke the rules of HTTP/2"},
	{"connection error", "it broke the rules of HTTP/2"},
	{"http2:", "it broke the rules of HTTP/2"},
	{"server gave HTTP response to HTTPS client", "it speaks HTTP instead of HTTPS"},
	{"first record does not look like a TLS handshake", "it does not speak TLS"},
	{"tls:", "the TLS handshake failed"},
	{"x509:", "its certificate is malformed"},
	{"gzip:", "its response is not valid gzip"},
	{"flate:", "its response is not valid gzip"},
	{"brotli:", "its response is not valid Brotli"},
	{"EOF", "it closed the connection before its response was complete"},
	{"server closed idle connection", "it closed the connection before it responded"},
	{"connection reset", "it reset the connection"},
	{"broken pipe", "it closed the connection during the request"},
	{"use of closed network connection", "the connection was closed"},
}

// whyBroken returns the reason for an error. Text of the other server in the error can at most affect which one it is.
func whyBroken(err error) string {
	text := err.Error()
	for _, b := range protocolErrors {
		if strings.Contains(text, b.text) {
			return b.reason
		}
	}
	return "its response is malformed"
}
