package egress

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
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

// unreachable is what the transport, a decoder or the system said. The app hears which of a few sorts it is.
func unreachable(err error) *fault {
	text := "the other server could not be reached, or its answer could not be understood"
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	var timed net.Error
	switch {
	case errors.As(err, &timed) && timed.Timeout():
		return callTime()
	case errors.As(err, &certificate):
		text = "the certificate of the other server is not valid"
	case errors.As(err, &name):
		text = "the name of the other server was not found"
	case strings.Contains(err.Error(), "response headers exceeded"), strings.Contains(err.Error(), "response header list larger"): // HTTP/1, HTTP/2
		return tooLarge("the head of the answer")
	}
	return fail(CodeError, text, err.Error())
}
