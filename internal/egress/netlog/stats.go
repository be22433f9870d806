package netlog

import (
	"cmp"
	"context"
	"slices"

	"fazt/internal/database"
)

const (
	// maxCounted bounds the attempts that Stats counts: it holds a number for each in memory.
	maxCounted = 1_000_000
	// maxDomains bounds Stats; a function can name any number of domains.
	maxDomains = 500
)

// Stats summarizes attempts.
type Stats struct {
	Total     StatsRow   `json:"total"`
	Domains   []StatsRow `json:"domains"`   // by app and domain, most calls first
	Truncated bool       `json:"truncated"` // there are more attempts or more domains
	Dropped   uint64     `json:"dropped"`   // attempts that came faster than they could be stored, since the server started
}

// StatsRow summarizes the attempts of an app at a domain.
type StatsRow struct {
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

	took []float64
}

func (s *StatsRow) add(a Attempt) {
	s.Calls++
	s.Sent, s.Received = s.Sent+a.Sent, s.Received+a.Received
	if a.Failed() {
		s.Errors++
	}
	if a.Code == "NET_BLOCKED" {
		s.Blocked++
	}
	if a.cached() {
		s.CacheHits++
	}
	if a.WentOut() {
		s.took = append(s.took, a.Millis)
	}
}

// finish computes the values that follow from the sums.
func (s *StatsRow) finish() {
	if s.Calls > 0 {
		s.ErrorRate = float64(s.Errors) / float64(s.Calls)
	}
	slices.Sort(s.took)
	s.P50, s.P95 = percentile(s.took, 50), percentile(s.took, 95)
	s.took = nil
}

// percentile returns the pth percentile of sorted values, or 0 if there are none.
func percentile(sorted []float64, p int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)*p+99)/100-1]
}

// Stats counts the matching attempts.
func (l *Log) Stats(ctx context.Context, f Filter) (Stats, error) {
	if err := l.Settle(ctx); err != nil {
		return Stats{}, err
	}
	type place struct{ app, domain string }
	rows := map[place]*StatsRow{}
	s := Stats{Domains: []StatsRow{}, Dropped: l.Dropped()}
	n := 0
	err := l.db.Read(ctx, func(c *database.Conn) error {
		return f.each(c, "app_id, host, status, code, ms, sent, received, cache", maxCounted+1, func(r *database.Row) {
			if n++; n > maxCounted {
				s.Truncated = true
				return
			}
			a := Attempt{Status: r.Int(2), Code: r.Text(3), Millis: r.Float(4), Sent: r.Int64(5), Received: r.Int64(6), Cache: r.Text(7)}
			at := place{r.Text(0), r.Text(1)}
			row := rows[at]
			if row == nil {
				row = &StatsRow{AppID: at.app, Domain: at.domain}
				rows[at] = row
			}
			row.add(a)
		})
	})
	for _, row := range rows {
		s.Total.Calls, s.Total.Errors, s.Total.Blocked = s.Total.Calls+row.Calls, s.Total.Errors+row.Errors, s.Total.Blocked+row.Blocked
		s.Total.Sent, s.Total.Received, s.Total.CacheHits = s.Total.Sent+row.Sent, s.Total.Received+row.Received, s.Total.CacheHits+row.CacheHits
		s.Total.took = append(s.Total.took, row.took...)
		row.finish()
		s.Domains = append(s.Domains, *row)
	}
	s.Total.finish()
	slices.SortFunc(s.Domains, func(a, b StatsRow) int {
		return cmp.Or(b.Calls-a.Calls, cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.AppID, b.AppID))
	})
	if len(s.Domains) > maxDomains {
		s.Domains, s.Truncated = s.Domains[:maxDomains], true
	}
	return s, err
}
