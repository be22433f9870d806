package activity

import (
	"strconv"
	"time"

	"fazt/internal/errs"
)

// ParseTime parses a time in the past as people write it: 90s, 30m, 24h, 7d, 2w ago; the start of a day, 2026-01-31; or
// a full time, 2026-01-31T12:00:00Z. Days are in the time zone of now.
func ParseTime(text string, now time.Time) (time.Time, error) {
	bad := errs.New(errs.Invalid, "%q is not a time; use 30m, 24h, 7d, a day such as 2026-01-31, or 2026-01-31T12:00:00Z", cut(text, 60))
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, now.Location()); err == nil {
		return t, nil
	}
	if len(text) < 2 {
		return time.Time{}, bad
	}
	n, err := strconv.Atoi(text[:len(text)-1])
	if err != nil || n < 0 || n > 1_000_000 || text[0] == '+' {
		return time.Time{}, bad
	}
	switch text[len(text)-1] {
	case 's':
		return now.Add(-time.Duration(n) * time.Second), nil
	case 'm':
		return now.Add(-time.Duration(n) * time.Minute), nil
	case 'h':
		return now.Add(-time.Duration(n) * time.Hour), nil
	case 'd':
		return now.AddDate(0, 0, -n), nil
	case 'w':
		return now.AddDate(0, 0, -7*n), nil
	}
	return time.Time{}, bad
}
