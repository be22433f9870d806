// Package errs gives every failure a kind for programs, a sentence for people and a cause for operators.
//
// One table maps a Kind to each surface: the HTTP status, the code a JavaScript function sees, the exit code of the
// command line, and whether retrying can help. The sentence is safe to show to any caller; the cause is for the log
// only.
package errs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"time"
)

// Kind classifies a failure. The zero value is Internal: an unclassified failure is ours.
type Kind uint8

// The kinds of failure.
const (
	Internal         Kind = iota // a fault of the product; the cause goes to the log
	Invalid                      // the request is wrong in any state of the instance
	Unauthorized                 // not signed in
	Forbidden                    // signed in, but not allowed
	NotFound                     // the thing named does not exist, or the caller may not know that it does
	MethodNotAllowed             // the path exists, the method does not
	Conflict                     // valid, but conflicts with the current state (name taken, number stale)
	TooLarge                     // over a limit on size
	Unprocessable                // understood, but the content is broken (a syntax error in a function)
	RateLimited                  // too often; try again later
	Canceled                     // the caller went away
	Timeout                      // a deadline passed
	Unavailable                  // temporarily not possible (queue full, shutting down); try again
	StorageFull                  // the disk or a quota is full
	Failed                       // the function of an app failed
	Unsupported                  // needs a newer or older Fazt, or another platform
	kinds                        // their number
)

// kindInfo is a row of the table that maps kinds to surfaces.
type kindInfo struct {
	code      string // on the wire and as error.code in JavaScript; stable
	status    int    // HTTP
	exit      int    // process exit code: 1 failed, 2 usage
	retryable bool   // the same request may succeed later
	sentence  string // shown if an error has no sentence of its own
}

var table = [kinds]kindInfo{
	Internal:         {"INTERNAL", http.StatusInternalServerError, 1, false, "something went wrong inside the instance"},
	Invalid:          {"INVALID", http.StatusBadRequest, 1, false, "the request is not valid"},
	Unauthorized:     {"UNAUTHORIZED", http.StatusUnauthorized, 1, false, "sign in first"},
	Forbidden:        {"FORBIDDEN", http.StatusForbidden, 1, false, "not allowed"},
	NotFound:         {"NOT_FOUND", http.StatusNotFound, 1, false, "not found"},
	MethodNotAllowed: {"METHOD_NOT_ALLOWED", http.StatusMethodNotAllowed, 1, false, "method not allowed"},
	Conflict:         {"CONFLICT", http.StatusConflict, 1, false, "conflicts with the current state"},
	TooLarge:         {"TOO_LARGE", http.StatusRequestEntityTooLarge, 1, false, "too large"},
	Unprocessable:    {"UNPROCESSABLE", http.StatusUnprocessableEntity, 1, false, "the content cannot be used"},
	RateLimited:      {"RATE_LIMITED", http.StatusTooManyRequests, 1, true, "too many requests; try again later"},
	Canceled:         {"CANCELED", 499, 1, true, "the request was canceled"},
	Timeout:          {"TIMEOUT", http.StatusGatewayTimeout, 1, false, "timed out"},
	Unavailable:      {"UNAVAILABLE", http.StatusServiceUnavailable, 1, true, "not available right now; try again"},
	StorageFull:      {"STORAGE_FULL", http.StatusInsufficientStorage, 1, false, "the disk is full; nothing was changed"},
	Failed:           {"FUNCTION_FAILED", http.StatusInternalServerError, 1, false, "the app's function failed"},
	Unsupported:      {"UNSUPPORTED", http.StatusNotImplemented, 1, false, "not supported here"},
}

// Code returns the stable name of the kind, on the wire and in JavaScript.
func (k Kind) Code() string { return k.info().code }

// HTTPStatus returns the status of a response that fails with this kind.
func (k Kind) HTTPStatus() int { return k.info().status }

// ExitCode returns the exit code of a command that fails with this kind.
func (k Kind) ExitCode() int { return k.info().exit }

// Retryable reports whether the same request may succeed later.
func (k Kind) Retryable() bool { return k.info().retryable }

func (k Kind) String() string { return k.Code() }

func (k Kind) info() kindInfo {
	if k >= kinds {
		k = Internal
	}
	return table[k]
}

// Kinds returns all kinds.
func Kinds() []Kind {
	list := make([]Kind, kinds)
	for i := range list {
		list[i] = Kind(i)
	}
	return list
}

// KindOfCode returns the kind with the given wire code; unknown codes (from a newer peer) are Internal.
func KindOfCode(code string) Kind {
	for k, info := range table {
		if info.code == code {
			return Kind(k)
		}
	}
	return Internal
}

// Error is a failure with a kind, a sentence and a cause.
type Error struct {
	Kind    Kind
	Code    string        // overrides the kind's code if programs must distinguish two failures; "" = the kind's
	Message string        // what was wrong, where, and what to do; lower case, no period; safe to show
	Details any           // structured facts for programs (positions, limits); JSON-encodable
	Retry   time.Duration // how long to wait before trying again; 0 = unknown
	Err     error         // the cause, for the log; never shown
}

// Error returns the sentence followed by the cause: the text for operators.
func (e *Error) Error() string {
	switch {
	case e.Message != "" && e.Err != nil:
		return e.Message + ": " + e.Err.Error()
	case e.Message != "":
		return e.Message
	case e.Err != nil:
		return e.Err.Error()
	}
	return e.Kind.info().sentence
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of a kind with a sentence.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Wrap gives cause a kind and a sentence that is safe to show; the cause itself is for the log only. It returns nil if
// cause is nil.
func Wrap(kind Kind, cause error, format string, args ...any) error {
	if cause == nil {
		return nil
	}
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Err: cause}
}

// WithDetails returns a copy of e that carries details.
func (e *Error) WithDetails(details any) *Error {
	c := *e
	c.Details = details
	return &c
}

// KindOf returns the kind of the outermost classified error in err's chain. Context errors and fs.ErrNotExist are
// recognized; anything else is Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	switch {
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, fs.ErrNotExist):
		return NotFound
	}
	return Internal
}

// Is reports whether err is of the given kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Code returns the stable code of err: its own, or its kind's.
func Code(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Code != "" {
		return e.Code
	}
	return KindOf(err).Code()
}

// Sentence returns the text that is safe to show to any caller: the outermost sentence in the chain, without its cause.
// Internal failures reveal nothing.
func Sentence(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Kind != Internal && e.Message != "" {
		return e.Message
	}
	return KindOf(err).info().sentence
}

// Details returns the structured facts err carries, or nil.
func Details(err error) any {
	var e *Error
	if errors.As(err, &e) && e.Kind != Internal {
		return e.Details
	}
	return nil
}

// RetryAfter returns how long to wait before retrying: err's own delay, one second for any retryable kind, or 0.
func RetryAfter(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) && e.Retry > 0 {
		return e.Retry
	}
	if err != nil && KindOf(err).Retryable() {
		return time.Second
	}
	return 0
}

// RetryAfterHeader returns RetryAfter as an HTTP header value, in whole seconds rounded up; "" = no header.
func RetryAfterHeader(err error) string {
	wait := RetryAfter(err)
	if wait <= 0 {
		return ""
	}
	return strconv.Itoa(int((wait + time.Second - 1) / time.Second))
}
