package kit

import (
	"testing"
)

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{"mesage": "message", "formt": "format", "nam": "name", "x": "", "nothing": "", "": ""} {
		if got := Nearest(word, []string{"message", "format", "name", "db"}); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
