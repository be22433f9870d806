package op

import (
	"net/netip"
	"time"
)

// NetRecord is an entry as it is stored.
type NetRecord struct {
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

// NetEntry allows functions to reach a domain.
type NetEntry struct {
	NetRecord
	App      string   `json:"app" none:"(every app)"` // name of the app; "" = every app
	Warnings []string `json:"warnings"`               // what makes the entry more dangerous than others
}

// NetAllowed is the entry after it was set.
type NetAllowed struct {
	NetEntry
	Replaced bool `json:"replaced"` // there was one for the same domain and app
}

// NetGrant sets the entry of a domain. It replaces the whole entry: fields that are left out get their defaults, whatever
// the previous entry had.
type NetGrant struct {
	Domain      string   `json:"domain" desc:"api.example.com, or *.example.com for the names below it"`
	App         string   `json:"app" desc:"name or id of the app; every app when empty"`
	HTTP        bool     `json:"http" desc:"allow plain HTTP too, which others on the network can read and change"`
	Ports       []int    `json:"ports" desc:"443 when empty, and 80 with http"`
	Methods     []string `json:"methods" desc:"all when empty"`
	Rate        int      `json:"rate" desc:"calls per second; 0 = the entry sets no limit"`
	Burst       int      `json:"burst" desc:"calls allowed in a burst; 0 = the same as the rate"`
	Timeout     int      `json:"timeout" desc:"ms that one call may take; 0 = net.call_timeout, which is also the maximum"`
	MaxResponse int64    `json:"max_response" desc:"bytes of one response; 0 = net.max_response, which is also the maximum"`
	CacheTTL    int      `json:"cache_ttl" desc:"seconds that a response without an explicit lifetime is cached; 0 = not cached"`
	Stale       int      `json:"stale" desc:"seconds that an expired response may be served while the other server fails"`
	Private     []string `json:"private" desc:"private ranges the domain may resolve to, such as 192.168.1.0/24"`
	Paths       []string `json:"paths" desc:"templates for the paths in the log, such as /bot{token}/{method}"`
}

// NetRef names an entry.
type NetRef struct {
	Domain string `path:"domain" desc:"domain of the entry" example:"api.stripe.com"`
	App    string `query:"app" desc:"name or id of the app; the entry for every app when empty"`
}

// NetOf selects entries or secrets.
type NetOf struct {
	App string `query:"app" desc:"name or id of an app: only what applies to it"`
}

// NetCall is a call to explain.
type NetCall struct {
	URL    string `json:"url" desc:"address of the call" example:"https://api.stripe.com/v1/charges"`
	App    string `json:"app" desc:"name or id of the app that makes the call; an app without entries of its own when empty"`
	Method string `json:"method" desc:"GET when empty"`
}

// NetVerdict explains what would happen to a call.
type NetVerdict struct {
	Allowed   bool         `json:"allowed"`
	Code      string       `json:"code"`   // of the refusal; "" = allowed
	Reason    string       `json:"reason"` // of the refusal
	Method    string       `json:"method"`
	URL       string       `json:"url"`   // canonical; "" = malformed
	Entry     *NetRecord   `json:"entry"` // that applies; null = none
	Addresses []NetAddress `json:"addresses"`

	App      string   `json:"app"`      // name of the app whose entry applies; "" = it is for every app, or none applies
	Warnings []string `json:"warnings"` // what makes the entry more dangerous than others
}

// NetAddress is an address that a name resolves to.
type NetAddress struct {
	Address netip.Addr `json:"address"`
	Refused string     `json:"refused"` // why calls to it are refused; "" = they are not
	Private bool       `json:"private"` // allowed only by the entry
}

// NetCacheState is the state of the response cache. Its counters start with the server.
type NetCacheState struct {
	Items       int   `json:"items"`
	Bytes       int64 `json:"bytes"`
	Hits        int64 `json:"hits"`        // without asking the origin
	Revalidated int64 `json:"revalidated"` // unchanged at the origin
	Stale       int64 `json:"stale"`       // expired, served because the origin failed
	Misses      int64 `json:"misses"`
}

// NetCleared selects the cached responses to delete.
type NetCleared struct {
	App string `query:"app" desc:"name or id of an app; every app when empty"`
}

// NetFilter selects attempts.
type NetFilter struct {
	App    string `query:"app" desc:"name or id of the app"`
	Domain string `query:"domain" desc:"the host, or *.example.com for the names below it"`
	Errors bool   `query:"errors" desc:"only calls that were refused or failed, or got a status of 500 or above"`
	Since  string `query:"since" format:"time" desc:"not older than 30m, 24h, 7d, 2026-01-31 (UTC) or 2026-01-31T12:00:00Z"`
}

// NetLogPage selects one page of attempts.
type NetLogPage struct {
	NetFilter
	List
}

// NetTail selects the newest attempts and those to come.
type NetTail struct {
	NetFilter
	Limit int    `query:"limit" desc:"start with this many of the newest entries, 0 to 1000"`
	After string `header:"Last-Event-ID" desc:"continue after the event with this id; browsers send it when they reconnect"`
}

// NetAttempt is one hop of one call.
type NetAttempt struct {
	ID        int64     `json:"id"`
	AppID     string    `json:"app_id"`
	RequestID string    `json:"request_id"`
	Time      time.Time `json:"time"`
	Method    string    `json:"method"`
	Scheme    string    `json:"scheme"`
	Host      string    `json:"host"` // with the port unless it is the default of the scheme
	Path      string    `json:"path"` // by the entry's template, without query
	Hop       int       `json:"hop"`  // 0 = the call itself, 1 = its first redirect
	Status    int       `json:"status"`
	Code      string    `json:"code"`   // NET_…; "" = there was a response
	Reason    string    `json:"reason"` // for the owner: why it was refused or failed; may hold addresses, never a secret
	EntryID   string    `json:"entry_id"`
	Secret    string    `json:"secret"` // the name of the secret that was used
	Millis    float64   `json:"ms"`
	Sent      int64     `json:"sent"`     // bytes of the body
	Received  int64     `json:"received"` // bytes of the body, decoded
	Cache     string    `json:"cache"`    // "", hit, stale, revalidated, miss

	App    string `json:"app"`              // name of the app
	Missed int    `json:"missed,omitempty"` // attempts that were skipped before this one, because they came too fast; they are stored
}

// NetTotals sums up attempts.
type NetTotals struct {
	Total     NetCount   `json:"total"`
	Domains   []NetTotal `json:"domains"`   // by app and domain, most calls first
	Truncated bool       `json:"truncated"` // there are more attempts or more domains
	Dropped   uint64     `json:"dropped"`   // attempts that came faster than they could be stored, since the server started
}

// NetCount sums up the attempts of one app at one domain, or all attempts.
type NetCount struct {
	AppID     string  `json:"app_id"`
	Domain    string  `json:"domain"`
	Calls     int     `json:"calls"`  // all attempts, including redirects and refused ones
	Errors    int     `json:"errors"` // refused or failed, or a status of 500 or above
	Blocked   int     `json:"blocked"`
	ErrorRate float64 `json:"error_rate"` // 0 to 1
	P50       float64 `json:"p50_ms"`     // of those that went out
	P95       float64 `json:"p95_ms"`
	Sent      int64   `json:"sent"` // bytes of bodies
	Received  int64   `json:"received"`
	CacheHits int     `json:"cache_hits"`
}

// NetTotal sums up the attempts of one app at one domain.
type NetTotal struct {
	NetCount
	App string `json:"app"` // name of the app
}

// Secret is a secret without its value.
type Secret struct {
	Name       string     `json:"name"`
	App        string     `json:"app" none:"(every app)"` // name of the app; "" = every app
	AppID      string     `json:"app_id"`
	As         string     `json:"as"`
	Key        string     `json:"key"`
	Domain     string     `json:"domain"`
	HTTP       bool       `json:"http"` // sent over plain HTTP too
	Port       int        `json:"port"` // the only port it is sent to; 0 = the first of the entry
	Methods    []string   `json:"methods"`
	PathPrefix string     `json:"path_prefix"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	LastUsed   *time.Time `json:"last_used"` // null = never; a few seconds behind
	Fault      string     `json:"fault"`     // why it cannot be used; "" = it can
}

// SecretDone is a secret that was set.
type SecretDone struct {
	Secret
	Replaced bool `json:"replaced"` // there was one with the same name and app
}

// SecretGrant gives functions a credential.
type SecretGrant struct {
	Secret     string   `path:"secret" desc:"name of the secret"`
	Value      string   `json:"value"`
	As         string   `json:"as" desc:"how it is sent: bearer (when empty), header, query or basic"`
	Key        string   `json:"key" desc:"name of the header or of the query parameter"`
	Domain     string   `json:"domain" desc:"the only domain it is sent to, as in an entry"`
	HTTP       bool     `json:"http" desc:"send it over plain HTTP too, where others on the network can read it; otherwise only over HTTPS"`
	Port       int      `json:"port" desc:"the only port it is sent to; 0 = the first one of the entry"`
	App        string   `json:"app" desc:"name or id of the app; every app when empty"`
	Methods    []string `json:"methods" desc:"all when empty"`
	PathPrefix string   `json:"path_prefix" desc:"send it only to paths that start with this; all when empty"`
}

// SecretValue gives a secret a new value.
type SecretValue struct {
	Secret string `path:"secret" desc:"name of the secret"`
	Value  string `json:"value"`
	App    string `json:"app" desc:"name or id of the app; the secret for every app when empty"`
}

// SecretRef names a secret.
type SecretRef struct {
	Secret string `path:"secret" desc:"name of the secret" example:"STRIPE_KEY"`
	App    string `query:"app" desc:"name or id of the app; the secret for every app when empty"`
}

// Need is something that an app's fazt.json asks for and that has not been granted.
type Need struct {
	Kind string `json:"kind"` // net or secret
	Name string `json:"name"` // the domain, or the name of the secret
}
