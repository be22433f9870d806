// Package egress makes the outbound HTTP calls of apps. Each call, and each redirect it follows, is checked by one gate
// against what the owner allows.
//
// Package rules holds what the owner allows, netlog the log of attempts, and transport makes the connections. A function
// calls Run.Do. Each hop uses one rules.Policy, an immutable version of all rules.
package egress

import (
	"io"
	"net/http"
	"time"

	"fazt/internal/egress/netlog"
)

// Call is an outbound call of a function.
type Call struct {
	Method   string
	URL      string
	Header   http.Header
	Body     io.Reader     // nil = none; read once
	Size     int64         // of Body; -1 = unknown
	Auth     string        // name of a secret; "" = none
	Timeout  time.Duration // 0 = that of the entry and the limits
	Redirect string        // follow (also ""), manual, error
	Cache    string        // default (also ""), no-store, reload
}

// Response is the response to a call. The caller closes Body; until then the call holds its slot.
type Response struct {
	Status     int
	StatusText string
	Header     http.Header // without secrets; Set-Cookie is passed on, there is no cookie jar
	URL        string      // of the last hop, without secret and fragment
	Redirected bool
	Cached     bool
	Body       io.ReadCloser // decoded, without secrets, within the limit; its errors have the codes of this package
}

// Recorder logs attempts. It does not block.
type Recorder interface {
	Record(a netlog.Attempt)
}
