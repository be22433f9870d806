package key

import (
	"errors"
	"testing"
	"time"

	"fazt/internal/cli/kit"
)

func TestTheExpiryOfAKey(t *testing.T) {
	zone := time.FixedZone("east", 2*60*60)
	now := time.Date(2026, 1, 30, 12, 30, 0, 0, zone)
	for text, want := range map[string]time.Time{
		"1h":         time.Date(2026, 1, 30, 13, 30, 0, 0, zone),
		"48h":        time.Date(2026, 2, 1, 12, 30, 0, 0, zone),
		"2d":         time.Date(2026, 2, 1, 12, 30, 0, 0, zone),
		"90d":        time.Date(2026, 4, 30, 12, 30, 0, 0, zone),
		"1w":         time.Date(2026, 2, 6, 12, 30, 0, 0, zone),
		"2026-01-30": time.Date(2026, 1, 31, 0, 0, 0, 0, zone), // the key works on that day
		"2028-02-29": time.Date(2028, 3, 1, 0, 0, 0, 0, zone),
		"2001-01-01": time.Date(2001, 1, 2, 0, 0, 0, 0, zone), // the instance refuses the past
		"100000h":    now.Add(100_000 * time.Hour),
	} {
		if got, err := parseExpiry(text, now); !got.Equal(want) || err != nil {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "5", "0d", "-5d", "1.5d", "5m", "5y", "d5", "100001h", "99999999999999999999d", "2026-02-30", "2026-1-1", "tomorrow", "5 d", "5D"} {
		at, err := parseExpiry(text, now)
		var usage *kit.Usage
		if !at.IsZero() || !errors.As(err, &usage) {
			t.Errorf("%q: %v, %v", text, at, err)
		}
	}
}
