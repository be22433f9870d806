// Package netlog logs the attempts of functions to reach other servers.
package netlog

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"fazt/internal/database"
	"fazt/internal/journal"
	"fazt/internal/limitio"
)

// Attempt is one hop of one call. It holds no query, header or body.
type Attempt struct {
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
}

// Bounds of the texts of an attempt, most of which a function chooses.
const (
	maxHost   = 255
	maxPath   = 1024
	maxReason = 500
	maxWord   = 128
)

// Config configures a Log.
type Config struct {
	DB         *database.DB
	MaxWaiting func() int             // attempts that may wait to be stored
	FlushEvery func() time.Duration   // how long an attempt waits to be stored
	Keep       func(appID string) int // attempts kept of an app, the newest
	MaxAge     func() time.Duration   // how long attempts are kept; 0 = for ever
	Log        *slog.Logger
}

// Log is the log of all attempts to reach another server, including refused ones. If attempts come faster than the disk
// takes them, successful ones are dropped first, and counted.
type Log struct {
	*journal.Journal[Attempt]
	db *database.DB
}

// Open opens the log in a database.
func Open(ctx context.Context, c Config) (*Log, error) {
	j, err := journal.Open(ctx, journal.Config[Attempt]{
		DB: c.DB, Table: journal.Table{Name: "net_log", Owner: "app_id", Order: "id"}, What: "outbound calls", Log: c.Log, Visitors: true,
		MaxWaiting: c.MaxWaiting, FlushEvery: c.FlushEvery, Keep: c.Keep, MaxAge: c.MaxAge,
		Number: func(a *Attempt, number int64) { a.ID, a.Time = number, timeOf(number) },
		Yields: func(a Attempt) bool { return !a.Failed() },
		Owner:  func(a Attempt) string { return a.AppID },
		Insert: insertAttempt,
	})
	return &Log{j, c.DB}, err
}

func timeOf(id int64) time.Time { return time.UnixMicro(id).UTC() }

// Record takes an attempt and returns at once. It sets the number and the time.
func (l *Log) Record(a Attempt) {
	a.AppID, a.RequestID, a.EntryID, a.Secret = cut(a.AppID, maxWord), cut(a.RequestID, maxWord), cut(a.EntryID, maxWord), cut(a.Secret, maxWord)
	a.Method, a.Scheme, a.Code = cut(a.Method, maxWord), cut(a.Scheme, maxWord), cut(a.Code, maxWord)
	a.Host, a.Path, a.Reason = cut(a.Host, maxHost), cut(a.Path, maxPath), cut(a.Reason, maxReason)
	a.Path, _, _ = strings.Cut(a.Path, "?") // there should be none; a query may hold secrets
	l.Journal.Record(a)
}

// Failed reports whether an attempt was refused, broke off, or got a server error.
func (a Attempt) Failed() bool { return a.Code != "" || a.Status >= 500 }

// cached reports whether the response came from the cache.
func (a Attempt) cached() bool {
	return a.Cache == "hit" || a.Cache == "stale" || a.Cache == "revalidated"
}

// WentOut reports whether a request was sent, so that its time is that of the other server.
func (a Attempt) WentOut() bool {
	switch a.Code {
	case "", "NET_TIMEOUT", "NET_ERROR", "NET_SIZE":
		return a.Cache != "hit" && a.Cache != "stale"
	}
	return false
}

func insertAttempt(tx *database.Tx, a Attempt) error {
	host, port := a.Host, 0
	if name, number, err := net.SplitHostPort(a.Host); err == nil {
		host = name
		port, _ = strconv.Atoi(number)
	}
	if !slices.Contains([]string{"", "hit", "stale", "revalidated", "miss"}, a.Cache) {
		a.Cache = ""
	}
	// If the app has been removed, nothing is inserted.
	return tx.Exec(`INSERT INTO net_log (id, app_id, request_id, method, scheme, host, port, path, hop, status, code, reason, entry_id, secret, ms, sent, received, cache)
		SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM apps WHERE id = ?`,
		a.ID, a.RequestID, a.Method, a.Scheme, host, port, a.Path, a.Hop, a.Status, a.Code, a.Reason, a.EntryID, a.Secret, a.Millis, a.Sent, a.Received, a.Cache, a.AppID)
}

// Filter selects attempts. The zero value selects all.
type Filter struct {
	AppID         string
	Domain        string    // a host, or *.example.com for the names below
	Failed        bool      // only failed ones
	Since         time.Time // no older attempts; zero = no bound
	Before, After int64     // only ids below and above; 0 = open
}

func (f Filter) ids() (above, below int64) {
	above, below = f.After, int64(1)<<62
	if f.Before > 0 {
		below = f.Before
	}
	if !f.Since.IsZero() {
		above = max(above, f.Since.UnixMicro()-1)
	}
	return above, below
}

// host returns the host that the filter names, or the suffix of the host.
func (f Filter) host() (name, suffix string) {
	if below, wild := strings.CutPrefix(f.Domain, "*"); wild {
		return "", below
	}
	return f.Domain, ""
}

// matches is the condition of the statement below, for attempts that are not stored yet.
func (f Filter) matches(a Attempt) bool {
	above, below := f.ids()
	name, suffix := f.host()
	host := a.Host
	if h, _, err := net.SplitHostPort(a.Host); err == nil {
		host = h
	}
	return a.ID > above && a.ID < below && (f.AppID == "" || f.AppID == a.AppID) && (!f.Failed || a.Failed()) &&
		(name == "" || name == host) && strings.HasSuffix(host, suffix)
}

// Each filter uses one index to find the newest attempts; adding an empty text to a column keeps SQLite from using another.
const (
	byApp    = "app_id = ?1"
	byHost   = "host = ?2"
	byFailed = "(code <> '' OR status >= 500)"
	byAll    = "?1 = ?1"
	andRest  = ` AND id > ?3 AND id < ?4 AND (?1 = '' OR app_id || '' = ?1) AND (?2 = '' OR host || '' = ?2)
		AND (?5 = '' OR substr(host, length(host) - length(?5) + 1) = ?5) AND (?6 = 0 OR code <> '' OR status >= 500) ORDER BY id DESC LIMIT ?7`
)

func (f Filter) way() string {
	switch {
	case f.Domain != "" && !strings.HasPrefix(f.Domain, "*"):
		return byHost
	case f.AppID != "":
		return byApp
	case f.Failed:
		return byFailed
	}
	return byAll
}

// each calls fn with the newest matching attempts that are stored, newest first.
func (f Filter) each(c *database.Conn, columns string, limit int, fn func(r *database.Row)) error {
	above, below := f.ids()
	name, suffix := f.host()
	return c.Each("SELECT "+columns+" FROM net_log WHERE "+f.way()+andRest, func(r *database.Row) error {
		fn(r)
		return nil
	}, f.AppID, name, above, below, suffix, f.Failed, limit)
}

const attemptColumns = "id, app_id, request_id, method, scheme, host, port, path, hop, status, code, reason, entry_id, secret, ms, sent, received, cache"

func scanAttempt(r *database.Row) Attempt {
	a := Attempt{ID: r.Int64(0), AppID: r.Text(1), RequestID: r.Text(2), Time: timeOf(r.Int64(0)), Method: r.Text(3), Scheme: r.Text(4), Host: r.Text(5),
		Path: r.Text(7), Hop: r.Int(8), Status: r.Int(9), Code: r.Text(10), Reason: r.Text(11), EntryID: r.Text(12), Secret: r.Text(13),
		Millis: r.Float(14), Sent: r.Int64(15), Received: r.Int64(16), Cache: r.Text(17)}
	if port := r.Int(6); port != 0 {
		a.Host = net.JoinHostPort(a.Host, strconv.Itoa(port))
	}
	return a
}

func (l *Log) newest(ctx context.Context, f Filter, limit int) (list []Attempt, err error) {
	list = []Attempt{}
	err = l.db.Read(ctx, func(c *database.Conn) error {
		return f.each(c, attemptColumns, limit, func(r *database.Row) { list = append(list, scanAttempt(r)) })
	})
	return list, err
}

// List returns a page of the matching attempts, newest first; next is Before of the next page, or 0 on the last.
func (l *Log) List(ctx context.Context, f Filter, limit int) (page []Attempt, next int64, err error) {
	if err := l.Settle(ctx); err != nil {
		return nil, 0, err
	}
	page, err = l.newest(ctx, f, limit+1)
	if len(page) > limit {
		page = page[:limit]
		next = page[limit-1].ID
	}
	return page, next, err
}

// Tail returns the newest matching attempts, oldest first, and a follower that receives exactly those made afterwards. The
// follower must be stopped.
func (l *Log) Tail(ctx context.Context, f Filter, limit int) ([]Attempt, *journal.Follower[Attempt], error) {
	list, follower, err := l.Journal.Tail(f.matches, func() ([]Attempt, error) { return l.newest(ctx, f, limit) })
	slices.SortFunc(list, func(a, b Attempt) int { return int(a.ID - b.ID) })
	return list[max(0, len(list)-limit):], follower, err
}

// cut shortens a text.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return limitio.Cut(s, limit) + "…"
}
