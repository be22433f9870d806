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

// The codes a call can fail with. There are no others, and their texts carry no address, no URL and no secret: what the
// owner has to know stands in the log (Attempt.Reason).
const (
	CodeBlocked = "NET_BLOCKED" // the owner did not allow it, or nobody may
	CodeTimeout = "NET_TIMEOUT" // the other server took too long
	CodeLimit   = "NET_LIMIT"   // too many calls: at once (try again), or of one request
	CodeBudget  = "NET_BUDGET"  // the request has no time left for calls
	CodeSize    = "NET_SIZE"    // a body or a head is too large
	CodeAuth    = "NET_AUTH"    // no such secret for this call
	CodeRate    = "NET_RATE"    // too often; try again
	CodeError   = "NET_ERROR"   // anything else: the call is malformed, the other server cannot be reached or talks nonsense
)

// fault is a failed hop: what the app hears, and what the owner reads.
type fault struct {
	err    *errs.Error
	reason string
}

func (f *fault) Error() string { return f.err.Message }
func (f *fault) Unwrap() error { return f.err }

// fail makes a fault that trying again does not mend. The texts reach scripts; uncaught there, they end the request with
// 500, and NET_TIMEOUT with 504 where no script stands between.
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

// later makes a fault that passes by itself: uncaught, it ends the request with 503 and Retry-After.
func later(code, text, reason string, wait time.Duration) *fault {
	return &fault{&errs.Error{Kind: errs.Unavailable, Code: code, Message: text, Retry: wait}, reason}
}

// blocked says no more than that: which addresses a name has, and what else is allowed, is not the app's to learn.
func blocked(reason string) *fault {
	return fail(CodeBlocked, "this call is not allowed; the owner of the instance allows domains with `fazt net allow`, and `fazt net logs` says why", reason)
}

func unauthorized(reason string) *fault {
	return fail(CodeAuth, "there is no secret of that name for this call; the owner of the instance gives them with `fazt secret set`, and `fazt net logs` says why", reason)
}

func malformed(text string) *fault { return fail(CodeError, text, text) }

// The ends of a call's time.
func callTime() *fault {
	return fail(CodeTimeout, "the other server did not answer in time", "the time of the call passed")
}

func noBudget(reason string) *fault {
	return later(CodeBudget, "the time this request has for calls has passed; try again", reason, time.Second)
}

func canceled() *fault {
	return &fault{&errs.Error{Kind: errs.Canceled, Code: CodeError, Message: "the call was canceled"}, "canceled by the function or its visitor"}
}

// nonsense is an answer that is none.
func nonsense(reason string) *fault {
	return fail(CodeError, "the other server could not be reached, or its answer could not be understood", reason)
}

// unreachable is what the transport, a decoder or the system said. The app hears which of a few sorts it is, and so does
// the owner: what such errors say quotes the other server, a status line or the names of a certificate, and it may have put
// there what it was sent.
func unreachable(err error) *fault {
	text := nonsense("").err.Message
	var timed net.Error
	if errors.As(err, &timed) && timed.Timeout() {
		return callTime()
	}
	if strings.Contains(err.Error(), "response headers exceeded") || strings.Contains(err.Error(), "response header list larger") { // HTTP/1, HTTP/2
		return tooLarge("the head of the answer")
	}
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	var dial *net.OpError
	switch {
	case errors.As(err, &certificate):
		return fail(CodeError, "the certificate of the other server is not valid", "its certificate "+whyInvalid(certificate.Err))
	case errors.As(err, &name):
		return fail(CodeError, "the name of the other server was not found", "the name was looked up, and "+whyNotFound(name))
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
		return "is signed by no authority that this machine trusts"
	case errors.As(err, &host):
		return "is for other names"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "has expired, or is not valid yet, or the clock of this machine is wrong"
	}
	return "is not valid"
}

func whyNotFound(err *net.DNSError) string {
	switch {
	case err.IsNotFound:
		return "there is no such name"
	case err.IsTemporary:
		return "the name server failed"
	}
	return "the lookup failed"
}

// systemError is what the operating system said.
func systemError(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	return "the connection failed"
}

// broken are the sorts of failures in the middle of an answer: what errors of net/http, crypto/tls and the decoders have in
// them, and how it is told.
var broken = [...]struct{ has, told string }{
	{"malformed HTTP version", "its answer begins with no version of HTTP"},
	{"malformed HTTP status code", "its answer has no status"},
	{"malformed HTTP response", "its answer is not HTTP"},
	{"malformed MIME header", "a header of its answer is malformed"},
	{"Content-Length", "the length of its answer is malformed"},
	{"transfer encoding", "its answer has a transfer encoding that there is not"},
	{"malformed chunked encoding", "the pieces of its answer are malformed"},
	{"invalid byte in chunk length", "the pieces of its answer are malformed"},
	{"1xx", "it sent too many informational answers"},
	{"GOAWAY", "it closed the HTTP/2 connection"},
	{"stream error", "it reset the HTTP/2 stream, or broke the rules of HTTP/2"},
	{"connection error", "it broke the rules of HTTP/2"},
	{"http2:", "it broke the rules of HTTP/2"},
	{"server gave HTTP response to HTTPS client", "it speaks HTTP where HTTPS was asked for"},
	{"first record does not look like a TLS handshake", "it does not speak TLS"},
	{"tls:", "the TLS handshake failed"},
	{"x509:", "its certificate cannot be read"},
	{"gzip:", "its answer is not the gzip it says it is"},
	{"flate:", "its answer is not the gzip it says it is"},
	{"brotli:", "its answer is not the Brotli it says it is"},
	{"EOF", "it closed the connection before its answer was whole"},
	{"server closed idle connection", "it closed the connection before it answered"},
	{"connection reset", "it reset the connection"},
	{"broken pipe", "it closed the connection while it was sent to"},
	{"use of closed network connection", "the connection was closed"},
}

// whyBroken is the sort of an error. What the other server wrote into it may choose the sort, and nothing more.
func whyBroken(err error) string {
	text := err.Error()
	for _, b := range broken {
		if strings.Contains(text, b.has) {
			return b.told
		}
	}
	return "its answer could not be understood"
}
