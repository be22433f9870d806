package runtime

import (
	"strconv"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/runtime/header"
)

// maxHeaders bounds the headers of an answer, names and values together, in bytes.
const maxHeaders = 128 << 10

// checkResponse takes the answer as the function wants it, and makes of it what it may send. What would hurt another app, the
// owner's session or the connection is left out, and the console of the app says why, in one line. It trusts nothing that
// the prelude has checked: a script can replace what that checks with.
func (inv *Invocation) checkResponse(a *response, body []byte) error {
	if a.status < 200 || a.status > 599 {
		return errs.New(errs.Invalid, "%d cannot be the status of a response; it must be from 200 to 599", a.status)
	}
	if len(a.headers) > maxHeaders {
		return errs.New(errs.TooLarge, "the headers of the response have %d bytes; at most %d are allowed", len(a.headers), maxHeaders)
	}
	var left header.Removed
	if header.IsBodyless(a.status) && len(body) > 0 {
		left.Note("the body", "an answer with status "+strconv.Itoa(a.status)+" has none")
	}
	if a.headers != "" {
		a.headers = left.Filter(a.headers, a.streamed, len(a.body))
	}
	if len(left) > 0 {
		inv.print("warn", "left out of the answer: "+strings.Join(left, "; "))
	}
	return nil
}
