package errs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"time"
)

func TestEveryKindHasItsOwnCodeStatusAndSentence(t *testing.T) {
	codes := map[string]Kind{}
	for k := Kind(0); k < kinds; k++ {
		if other, taken := codes[k.Code()]; taken {
			t.Errorf("kinds %d and %d share the code %s", k, other, k.Code())
		}
		codes[k.Code()] = k
		if k.Code() == "" || k.HTTPStatus() < 400 || k.ExitCode() == 0 || k.info().sentence == "" {
			t.Errorf("kind %d has an incomplete row: %+v", k, k.info())
		}
		if got := KindOfCode(k.Code()); got != k {
			t.Errorf("KindOfCode(%s) = %d, want %d", k.Code(), got, k)
		}
	}
}

func TestKindOf(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want Kind
	}{
		{"classified", New(Conflict, "taken"), Conflict},
		{"classified and wrapped", fmt.Errorf("deploy: %w", New(Conflict, "taken")), Conflict},
		{"outermost wins", Wrap(Invalid, New(Conflict, "taken"), "bad"), Invalid},
		{"canceled", fmt.Errorf("read: %w", context.Canceled), Canceled},
		{"deadline", context.DeadlineExceeded, Timeout},
		{"missing file", fs.ErrNotExist, NotFound},
		{"anything else", errors.New("boom"), Internal},
		{"kind out of range", &Error{Kind: 200}, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := KindOf(tt.err); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSentenceNeverShowsACauseOrAnInternalFailure(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"sentence", New(NotFound, "no app named %q", "blog"), `no app named "blog"`},
		{"cause stays hidden", Wrap(Unavailable, errors.New("dial 10.0.0.7"), "try again"), "try again"},
		{"internal", Wrap(Internal, errors.New("table users"), "reading users"), "something went wrong inside the instance"},
		{"unclassified", errors.New("secret"), "something went wrong inside the instance"},
		{"kind without a sentence", &Error{Kind: Timeout}, "timed out"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Sentence(tt.err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if Details(&Error{Kind: Internal, Details: "x"}) != nil {
		t.Error("details of an internal failure are shown")
	}
}

func TestRetryAfter(t *testing.T) {
	if got := RetryAfter(New(Unavailable, "queue full")); got != time.Second {
		t.Errorf("retryable kind: got %v", got)
	}
	if got := RetryAfter(&Error{Kind: RateLimited, Retry: 7 * time.Second}); got != 7*time.Second {
		t.Errorf("own delay: got %v", got)
	}
	if got := RetryAfter(New(Invalid, "no")); got != 0 {
		t.Errorf("final kind: got %v", got)
	}
	if got := RetryAfter(nil); got != 0 {
		t.Errorf("nil: got %v", got)
	}
}

func TestWrapNil(t *testing.T) {
	if Wrap(Invalid, nil, "x") != nil {
		t.Fatal("wrapping nothing made an error")
	}
}
