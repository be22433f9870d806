package header

import (
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add("a\nb\nc\nd")
	f.Add("a\n\n\n")
	f.Fuzz(func(t *testing.T, flat string) {
		for name, values := range Parse(flat) {
			for _, v := range values {
				if strings.ContainsAny(name+v, "\n") {
					t.Errorf("%q: %q", name, v)
				}
			}
		}
	})
}
