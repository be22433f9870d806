package header

import (
	"fmt"
	"strings"
	"testing"
)

// The host does not rely on the checks of the prelude, which a script can replace.
func TestInvalidHeadersAreLeftOut(t *testing.T) {
	headers := strings.Join([]string{
		"a b", "1", "", "2", "c\r", "3", "é", "4", "trailer:x", "5", "d", "6\r7", "e", "8\x009", "SET-COOKIE", "a=b\rc", "Set-Cookie", "fazt=1", "CONNECTION", "close", "own", "kept", "odd",
	}, "\n")
	var left Removed
	kept := left.Filter(headers, false, 0)
	if kept != "own\nkept\nodd\n" || len(left) != 10 {
		t.Errorf("%q %q", kept, left)
	}
	for i := range 100 {
		left.Note(fmt.Sprint(i), "x")
	}
	if len(left) != maxRemoved {
		t.Error(len(left))
	}
}
