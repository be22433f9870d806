package errs_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"fazt/internal/errs"
)

// Clients of other versions and functions rely on these.
func TestCodesAndStatusesStayAsTheyAre(t *testing.T) {
	type row struct {
		code   string
		status int
		retry  bool
	}
	want := map[errs.Kind]row{
		errs.Internal: {"INTERNAL", 500, false}, errs.Invalid: {"INVALID", 400, false}, errs.Unauthorized: {"UNAUTHORIZED", 401, false},
		errs.Forbidden: {"FORBIDDEN", 403, false}, errs.NotFound: {"NOT_FOUND", 404, false}, errs.MethodNotAllowed: {"METHOD_NOT_ALLOWED", 405, false},
		errs.Conflict: {"CONFLICT", 409, false}, errs.TooLarge: {"TOO_LARGE", 413, false}, errs.Unprocessable: {"UNPROCESSABLE", 422, false},
		errs.RateLimited: {"RATE_LIMITED", 429, true}, errs.Canceled: {"CANCELED", 499, true}, errs.Timeout: {"TIMEOUT", 504, false},
		errs.Unavailable: {"UNAVAILABLE", 503, true}, errs.StorageFull: {"STORAGE_FULL", 507, false}, errs.Unsupported: {"UNSUPPORTED", 501, false},
		errs.Failed: {"FUNCTION_FAILED", 500, false},
	}
	if len(want) != len(errs.Kinds()) {
		t.Errorf("%d kinds are listed, there are %d", len(want), len(errs.Kinds()))
	}
	for _, k := range errs.Kinds() {
		if got := (row{k.Code(), k.HTTPStatus(), k.Retryable()}); got != want[k] || k.ExitCode() != 1 || k.String() != k.Code() {
			t.Errorf("%v: %+v, want %+v", k, got, want[k])
		}
	}
	if k := errs.Kind(200); k.Code() != "INTERNAL" || k.HTTPStatus() != 500 {
		t.Errorf("a kind that does not exist is %v", k)
	}
	if errs.KindOfCode("OF_A_NEWER_SERVER") != errs.Internal {
		t.Error("an unknown code has a kind")
	}
}

func TestTheTextForOperatorsHasSentenceAndCause(t *testing.T) {
	cause := errors.New("the cause")
	for want, err := range map[string]error{
		"the sentence: the cause":  errs.Wrap(errs.Invalid, cause, "the %s", "sentence"),
		"the sentence":             errs.New(errs.Invalid, "the sentence"),
		"the cause":                &errs.Error{Kind: errs.Invalid, Err: cause},
		"the request is not valid": &errs.Error{Kind: errs.Invalid},
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err.Error(), want)
		}
	}
	if !errors.Is(errs.Wrap(errs.Invalid, cause, "x"), cause) {
		t.Error("the cause is lost")
	}
}

func TestCodesAndDetailsOfAnError(t *testing.T) {
	special := &errs.Error{Kind: errs.NotFound, Code: "NO_SUCH_ALIAS", Message: "gone", Details: 7}
	for _, err := range []error{special, fmt.Errorf("listing: %w", special)} {
		if errs.Code(err) != "NO_SUCH_ALIAS" || errs.Details(err) != 7 || !errs.Is(err, errs.NotFound) {
			t.Errorf("%v: %s %v", err, errs.Code(err), errs.Details(err))
		}
	}
	if errs.Code(errors.New("boom")) != "INTERNAL" || errs.Details(errors.New("boom")) != nil {
		t.Error("an unclassified error is more than internal")
	}
	if errs.Is(nil, errs.Internal) {
		t.Error("no error is an internal one")
	}
	plain := errs.New(errs.Conflict, "taken")
	if with := plain.WithDetails(1); plain.Details != nil || with.Details != 1 || with.Message != "taken" {
		t.Errorf("%+v %+v", plain, with)
	}
}

func TestRetryAfterHeaderIsInWholeSeconds(t *testing.T) {
	for wait, want := range map[time.Duration]string{time.Nanosecond: "1", time.Second: "1", time.Second + 1: "2", 90 * time.Second: "90"} {
		if got := errs.RetryAfterHeader(&errs.Error{Kind: errs.Timeout, Retry: wait}); got != want {
			t.Errorf("%v: %q, want %q", wait, got, want)
		}
	}
	if got := errs.RetryAfterHeader(errs.New(errs.Unavailable, "busy")); got != "1" {
		t.Errorf("busy: %q", got)
	}
	if got := errs.RetryAfterHeader(errs.New(errs.NotFound, "x")) + errs.RetryAfterHeader(nil); got != "" {
		t.Errorf("%q", got)
	}
}
