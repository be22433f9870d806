package id

import (
	"regexp"
	"testing"
	"testing/synctest"
	"time"
)

func TestIDsHaveTheirFormAndDiffer(t *testing.T) {
	form := regexp.MustCompile(`^app_[0-9a-hjkmnp-tv-z]{26}$`)
	seen := map[string]bool{}
	for range 10_000 {
		v := New("app")
		if !form.MatchString(v) || seen[v] {
			t.Fatalf("%q", v)
		}
		seen[v] = true
	}
}

func TestLaterIDsSortAfterEarlierOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		last := ""
		for range 1000 {
			v := New("x")
			if v <= last {
				t.Fatalf("%s came after %s", v, last)
			}
			last = v
			time.Sleep(time.Microsecond)
		}
	})
}
