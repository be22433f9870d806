package httpfn

import "testing"

// The host looks at what arrives however it came to be: nothing below relies on the prelude.
func TestTheHostChecksAnswersItself(t *testing.T) {
	for _, status := range []int{-1, 0, 99, 100, 101, 199, 600, 1000} {
		if _, err := (&response{status: status}).check(nil); err == nil {
			t.Errorf("status %d", status)
		}
	}
}
