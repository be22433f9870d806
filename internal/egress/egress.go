// Package egress is the one way out: every request the instance makes for an app, and every hop of it, passes this gate.
//
// The owner's side is what may be reached (Entry), with which credentials (Secret) and what was tried (package netlog). The
// app's side is Run.Do. Between them stands Policy: everything the owner allowed, as one immutable version.
package egress

import (
	"context"
	"fazt/internal/egress/netlog"
	"io"
	"net/http"
	"net/netip"
	"time"
)

// Entry allows functions to reach a domain.
type Entry struct {
	ID          string         `json:"id"`
	Domain      string         `json:"domain"`       // canonical: api.example.com, or *.example.com for the names below
	AppID       string         `json:"app_id"`       // "" = every app
	HTTP        bool           `json:"http"`         // plain HTTP too
	Ports       []int          `json:"ports"`        // empty = 443, and 80 with HTTP
	Methods     []string       `json:"methods"`      // empty = all there are
	Rate        int            `json:"rate"`         // calls in a second; 0 = not bounded by the entry
	Burst       int            `json:"burst"`        // calls at once under the rate; 0 = as many as the rate
	Timeout     int            `json:"timeout"`      // ms of one call; 0 = as the limits say. Never more than they say
	MaxResponse int64          `json:"max_response"` // bytes; 0 = as the limits say. Never more than they say
	CacheTTL    int            `json:"cache_ttl"`    // seconds an answer without a lifetime of its own is kept; 0 = nothing is kept
	Stale       int            `json:"stale"`        // seconds a kept answer may serve after its end while the other server fails
	Private     []netip.Prefix `json:"private"`      // private ranges the domain may lead to; never loopback, never metadata
	Paths       []string       `json:"paths"`        // templates such as /bot{token}/{method}, by which paths are logged
	CreatedAt   time.Time      `json:"created_at"`
	UpdatedAt   time.Time      `json:"updated_at"`
}

// The ways a secret is put into a request.
const (
	AsBearer = "bearer" // Authorization: Bearer VALUE
	AsHeader = "header" // KEY: VALUE
	AsQuery  = "query"  // ?KEY=VALUE
	AsBasic  = "basic"  // Authorization: Basic base64(VALUE); VALUE is user:password
)

// Secret is a credential that functions name and never see.
type Secret struct {
	Name       string    `json:"name"`
	As         string    `json:"as"`
	Key        string    `json:"key"`         // header or query parameter
	Domain     string    `json:"domain"`      // as in Entry
	HTTP       bool      `json:"http"`        // by plain HTTP too; without it by HTTPS alone
	Port       int       `json:"port"`        // the only port it is sent to; 0 = the first of the entry
	AppID      string    `json:"app_id"`      // "" = every app
	Methods    []string  `json:"methods"`     // empty = all
	PathPrefix string    `json:"path_prefix"` // "" = all
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
	LastUsed   time.Time `json:"last_used"` // zero = never
	Value      string    `json:"-"`         // in the clear, in memory only
}

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

// Resolver looks names up.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Recorder takes attempts and returns at once.
type Recorder interface {
	Record(a netlog.Attempt)
}
