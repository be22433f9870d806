package schema_test

import (
	"testing"

	"fazt/internal/errs"
	"fazt/internal/schema"
)

func TestQuantitiesAreParsedAsPeopleWriteThem(t *testing.T) {
	const bad = -1 << 62
	for _, tt := range []struct {
		unit, text string
		want       int64
	}{
		{"bytes", "100", 100}, {"bytes", "100 B", 100}, {"bytes", "100bytes", 100}, {"bytes", "64MiB", 64 << 20}, {"bytes", " 64 mib ", 64 << 20},
		{"bytes", "1.5KiB", 1536}, {"bytes", "1.5kB", 1500}, {"bytes", "1TB", 1e12}, {"bytes", "2TiB", 2 << 40}, {"bytes", "0GB", 0}, {"bytes", "-1", -1},
		{"bytes", "", bad}, {"bytes", "MiB", bad}, {"bytes", "1e3", bad}, {"bytes", "0.3B", bad}, {"bytes", "1..2kB", bad}, {"bytes", ".", bad}, {"bytes", "1-2", bad},
		{"bytes", "5M", bad}, {"bytes", "5s", bad}, {"bytes", "10MB/s", bad}, {"bytes", "0x10", bad}, {"bytes", "9999999TiB", bad}, {"bytes", "9223372036854775807", 1<<63 - 1},
		{"bytes", "9223372036854775808", bad}, {"bytes", "1e99999999", bad}, {"bytes", "1_000", bad}, {"bytes", "१", bad},
		{"bytes/s", "10MB/s", 1e7}, {"bytes/s", "10MB", 1e7}, {"bytes/s", "10 bytes/s", 10}, {"bytes/s", "10MB/h", bad},
		{"ms", "8000", 8000}, {"ms", "8s", 8000}, {"ms", "0.5s", 500}, {"ms", "5min", 300000}, {"ms", "5m", 300000}, {"ms", "5M", bad}, {"ms", "2h", 7200000}, {"ms", "1d", 86400000},
		{"ms", "0.5ms", bad}, {"ms", "5MB", bad},
		{"s", "90", 90}, {"s", "1.5min", 90}, {"s", "1.5s", bad}, {"s", "500ms", bad}, {"s", "2000ms", 2},
		{"days", "90", 90}, {"days", "90 days", 90}, {"days", "2d", 2}, {"days", "48h", 2}, {"days", "1h", bad},
		{"%", "50%", 50}, {"%", "50 %", 50}, {"VMs", "7 vms", 7}, {"VMs", "7s", bad}, {"", "7", 7}, {"", "7x", bad},
	} {
		got, err := schema.ParseQuantity("some.limit", tt.unit, tt.text)
		if (tt.want == bad) != errs.Is(err, errs.Invalid) || err == nil && got != tt.want {
			t.Errorf("%q of %s: %d %v", tt.text, tt.unit, got, err)
		}
	}
}

func TestTheErrorForAQuantityShowsValidOnes(t *testing.T) {
	for unit, want := range map[string]string{
		"bytes":   `some.limit must be a whole number of bytes, or one with a unit such as 64MiB or 100MB, not "x"`,
		"bytes/s": `some.limit must be a whole number of bytes per second, or one with a unit such as 4MiB or 10MB/s, not "x"`,
		"ms":      `some.limit must be a whole number of ms, or one with a unit such as 500ms, 8s, 5min or 2h, not "x"`,
		"days":    `some.limit must be a whole number of days, not "x"`,
		"%":       `some.limit must be a whole number of percent, not "x"`,
		"VMs":     `some.limit must be a whole number, not "x"`,
	} {
		if _, err := schema.ParseQuantity("some.limit", unit, "x"); err == nil || err.Error() != want {
			t.Errorf("%s: %v", unit, err)
		}
	}
	if _, err := schema.ParseQuantity("some.limit", "ms", "0.5ms"); err == nil || err.Error() != `some.limit: "0.5ms" is not a whole number of ms` {
		t.Error(err)
	}
}

func TestQuantitiesAreFormattedForPeople(t *testing.T) {
	for _, tt := range []struct {
		unit string
		n    int64
		want string
	}{
		{"bytes", 0, "0 B"}, {"bytes", 1, "1 B"}, {"bytes", 1000, "1 kB"}, {"bytes", 1024, "1 KiB"}, {"bytes", 1536, "1536 B"}, {"bytes", 99999, "99999 B"},
		{"bytes", 64 << 20, "64 MiB"}, {"bytes", 1e8, "100 MB"}, {"bytes", 3 << 40, "3 TiB"}, {"bytes", 1234567, "1.2 MB"}, {"bytes", 7654321987, "7.7 GB"}, {"bytes", 7654321987123, "7.7 TB"},
		{"bytes", 123456, "123.5 kB"}, // was 123456.0 B
		{"bytes/s", 1 << 20, "1 MiB/s"}, {"bytes/s", 1234567, "1.2 MB/s"},
		{"ms", 0, "0 ms"}, {"ms", 1, "1 ms"}, {"ms", 1500, "1500 ms"}, {"ms", 5000, "5 s"}, {"ms", 90000, "90 s"}, {"ms", 60000, "1 min"}, {"ms", 86400000, "1 d"},
		{"s", 45, "45 s"}, {"s", 3600, "1 h"}, {"s", 86400, "1 d"}, {"days", 90, "90 days"}, {"VMs", 20, "20 VMs"}, {"%", 50, "50 %"}, {"", 5, "5"},
	} {
		if got := schema.Quantity(tt.unit, tt.n); got != tt.want {
			t.Errorf("%d %s: %q, want %q", tt.n, tt.unit, got, tt.want)
		}
	}
}

func TestTheNearestWordIsAtMostTwoTyposAway(t *testing.T) {
	words := []string{"deploy", "remove", "list"}
	for word, want := range map[string]string{"deply": "deploy", "dpeloy": "deploy", "deployed": "deploy", "deployment": "", "lst": "list", "ls": "", "l": "", "": "", "remove": "remove", "xyz": ""} {
		if got := schema.Nearest(word, words); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"ab", "ba", 2}, {"same", "same", 0}} {
		if got := schema.Distance(tt.a, tt.b); got != tt.want {
			t.Errorf("%q %q: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

// A formatted quantity can be typed, and means the same unless it was rounded.
func FuzzQuantity(f *testing.F) {
	f.Add(int64(64<<20), "64MiB")
	f.Add(int64(1500), "1.5s")
	f.Fuzz(func(t *testing.T, n int64, text string) {
		for _, unit := range []string{"bytes", "bytes/s", "ms", "s", "days", "%", "VMs", ""} {
			_, _ = schema.ParseQuantity("x", unit, text)
			shown := schema.Quantity(unit, n)
			if got, err := schema.ParseQuantity("x", unit, shown); n >= 0 && n < 1e5 && (err != nil || got != n) {
				t.Errorf("%d %s is shown as %q, which means %d: %v", n, unit, shown, got, err)
			}
		}
	})
}
