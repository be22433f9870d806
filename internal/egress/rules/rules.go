// Package rules holds what the owner allows functions to reach, and the secrets they use there.
package rules

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Entry allows functions to call a domain.
type Entry struct {
	ID          string         `json:"id"`
	Domain      string         `json:"domain"`       // canonical: api.example.com, or *.example.com for the names below
	AppID       string         `json:"app_id"`       // "" = every app
	HTTP        bool           `json:"http"`         // plain HTTP too
	Ports       []int          `json:"ports"`        // empty = 443, and 80 with HTTP
	Methods     []string       `json:"methods"`      // empty = all
	Rate        int            `json:"rate"`         // calls per second; 0 = the entry sets no limit
	Burst       int            `json:"burst"`        // calls that may come at once; 0 = as many as the rate
	Timeout     int            `json:"timeout"`      // ms of one call; 0 = net.call_timeout, which is also the maximum
	MaxResponse int64          `json:"max_response"` // bytes; 0 = net.max_response, which is also the maximum
	CacheTTL    int            `json:"cache_ttl"`    // seconds that a response without an explicit lifetime is stored; 0 = nothing is stored
	Stale       int            `json:"stale"`        // seconds that an expired response may be served while the other server fails
	Private     []netip.Prefix `json:"private"`      // private ranges that the domain may resolve to; never loopback, never metadata
	Paths       []string       `json:"paths"`        // templates such as /bot{token}/{method} for the paths in the log
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

// Secret is a credential that functions name but never see.
type Secret struct {
	Name       string    `json:"name"`
	As         string    `json:"as"`
	Key        string    `json:"key"`         // header or query parameter
	Domain     string    `json:"domain"`      // as in Entry
	HTTP       bool      `json:"http"`        // also over plain HTTP
	Port       int       `json:"port"`        // the only port it is sent to; 0 = the first of the entry
	AppID      string    `json:"app_id"`      // "" = every app
	Methods    []string  `json:"methods"`     // empty = all
	PathPrefix string    `json:"path_prefix"` // "" = all
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
	LastUsed   time.Time `json:"last_used"` // zero = never
	Value      string    `json:"-"`         // plain text, only in memory
}

// AllowsPort reports whether an entry allows a scheme at a port.
func (e *Entry) AllowsPort(scheme string, port int) bool {
	if scheme == "http" && !e.HTTP {
		return false
	}
	if len(e.Ports) == 0 {
		return port == DefaultPort(scheme)
	}
	return slices.Contains(e.Ports, port)
}

// PortOf returns the only port that a secret is sent to under an entry: its own, or the first that the entry names.
func (e *Entry) PortOf(s Secret, scheme string) int {
	switch {
	case s.Port != 0:
		return s.Port
	case len(e.Ports) > 0:
		return e.Ports[0]
	}
	return DefaultPort(scheme)
}

// AllowsMethod reports whether an entry allows a method.
func (e *Entry) AllowsMethod(method string) bool {
	return len(e.Methods) == 0 || slices.Contains(e.Methods, method)
}

// Covers reports whether the domain of an entry or secret covers a canonical host.
func Covers(domain, host string) bool {
	if suffix, ok := strings.CutPrefix(domain, "*"); ok {
		return strings.HasSuffix(host, suffix) && len(host) > len(suffix)
	}
	return domain == host
}
