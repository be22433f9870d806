package httpfn

import "testing"

// The host checks every response itself and does not rely on the prelude.
func TestTheHostChecksResponsesItself(t *testing.T) {
	for _, status := range []int{-1, 0, 99, 100, 101, 199, 600, 1000} {
		if _, err := (&response{status: status}).check(nil); err == nil {
			t.Errorf("status %d", status)
		}
	}
}
