// Package egress is the one way out: every request the instance makes for an app, and every hop of it, passes this gate.
//
// Package rules holds what the owner allows, package netlog what was tried. The app's side is Run.Do. Each hop takes
// its rules.Policy: everything the owner allows, as one immutable version.
package egress

import (
	"io"
	"net/http"
	"time"

	"fazt/internal/egress/netlog"
)

// Call is a request as a function asks for it.
type Call struct {
	Method   string
	URL      string
	Header   http.Header
	Body     io.Reader     // nil = none; read once
	Size     int64         // of Body; -1 = not known
	Auth     string        // name of a secret; "" = none
	Timeout  time.Duration // 0 = as entry and limits say
	Redirect string        // follow (also ""), manual, error
	Cache    string        // default (also ""), no-store, reload
}

// Answer is what came back. Whoever gets one closes Body; until then the call holds its place.
type Answer struct {
	Status     int
	StatusText string
	Header     http.Header // scrubbed; without Set-Cookie's effect: there is no cookie jar
	URL        string      // of the last hop, without user, secret and fragment
	Redirected bool
	Cached     bool
	Body       io.ReadCloser // decoded, bounded, scrubbed; its errors are this package's errors
}

// Recorder takes attempts and returns at once.
type Recorder interface {
	Record(a netlog.Attempt)
}
