// Package await lets a test wait for a condition instead of sleeping and hoping.
package await

import (
	"testing"
	"time"
)

// patience is long enough for a slow machine that does a lot else: only a test that fails waits as long.
const patience = time.Minute

// Until returns as soon as is reports true, and fails the test if that takes too long. It says in the failure what the
// test waited for. Only the goroutine of the test may call it.
func Until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}
