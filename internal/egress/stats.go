package egress

import (
	"cmp"
	"context"
	"slices"

	"fazt/internal/database"
)

const (
	// statsMost bounds the attempts that one question counts: a number for each is in memory meanwhile.
	statsMost = 1_000_000
	// statsRows is how many domains are told apart; a function can name as many as it likes.
	statsRows = 500
)

// Stats is what was made of the attempts of a time.
type Stats struct {
	Total     StatsRow   `json:"total"`
	Domains   []StatsRow `json:"domains"`   // by app and domain, those with most calls first
	Truncated bool       `json:"truncated"` // there are more attempts, or more domains, than are told of
	Dropped   uint64     `json:"dropped"`   // attempts that came faster than they could be stored, since the server began
}

// StatsRow is what was made of the attempts of an app at a domain.
type StatsRow struct {
	AppID     string  `json:"app_id"`
	Domain    string  `json:"domain"`
	Calls     int     `json:"calls"`  // every attempt: redirects, and what was refused, too
	Errors    int     `json:"errors"` // of them, those that were refused or failed, and answers from 500 on
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

// finish computes what follows from the sums.
func (s *StatsRow) finish() {
	if s.Calls > 0 {
		s.ErrorRate = float64(s.Errors) / float64(s.Calls)
	}
	slices.Sort(s.took)
	s.P50, s.P95 = percentile(s.took, 50), percentile(s.took, 95)
	s.took = nil
}

// percentile is the least of the sorted values that so many of a hundred do not exceed; 0 of none.
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
		return f.each(c, "app_id, host, status, code, ms, sent, received, cache", statsMost+1, func(r *database.Row) {
			if n++; n > statsMost {
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
	if len(s.Domains) > statsRows {
		s.Domains, s.Truncated = s.Domains[:statsRows], true
	}
	return s, err
}
