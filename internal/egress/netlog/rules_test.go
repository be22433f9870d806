package netlog

import (
	"strings"
	"testing"
)

func TestWhatAnAttemptCountsAs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a                    Attempt
		failed, cached, sent bool
	}{
		{Attempt{Status: 200}, false, false, true},
		{Attempt{Status: 499}, false, false, true},
		{Attempt{Status: 500}, true, false, true},
		{Attempt{Status: 200, Cache: "hit"}, false, true, false},
		{Attempt{Status: 200, Cache: "stale"}, false, true, false},
		{Attempt{Status: 200, Cache: "revalidated"}, false, true, true}, // the origin was asked
		{Attempt{Status: 200, Cache: "miss"}, false, false, true},
		{Attempt{Code: "NET_BLOCKED"}, true, false, false},
		{Attempt{Code: "NET_RATE"}, true, false, false},
		{Attempt{Code: "NET_AUTH"}, true, false, false},
		{Attempt{Code: "NET_TIMEOUT"}, true, false, true},
		{Attempt{Code: "NET_ERROR"}, true, false, true},
		{Attempt{Code: "NET_SIZE", Status: 200}, true, false, true},
	} {
		if tt.a.Failed() != tt.failed || tt.a.cached() != tt.cached || tt.a.WentOut() != tt.sent {
			t.Errorf("%+v: failed %v, cached %v, sent %v", tt.a, tt.a.Failed(), tt.a.cached(), tt.a.WentOut())
		}
	}
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	numbers := func(n int) (list []float64) {
		for i := range n {
			list = append(list, float64(i+1))
		}
		return list
	}
	for _, tt := range []struct {
		n        int
		p50, p95 float64
	}{{0, 0, 0}, {1, 1, 1}, {2, 1, 2}, {3, 2, 3}, {4, 2, 4}, {10, 5, 10}, {19, 10, 19}, {20, 10, 19}, {21, 11, 20}, {100, 50, 95}, {101, 51, 96}} {
		if p50, p95 := percentile(numbers(tt.n), 50), percentile(numbers(tt.n), 95); p50 != tt.p50 || p95 != tt.p95 {
			t.Errorf("of %d: %v and %v, want %v and %v", tt.n, p50, p95, tt.p50, tt.p95)
		}
	}
	var row StatsRow
	for _, a := range []Attempt{{Status: 200, Millis: 30, Sent: 1, Received: 10}, {Status: 500, Millis: 10, Sent: 2, Received: 20}, {Code: "NET_BLOCKED", Millis: 99}, {Status: 200, Cache: "hit", Millis: 99, Received: 40}} {
		row.add(a)
	}
	row.finish()
	if row.Calls != 4 || row.Errors != 2 || row.Blocked != 1 || row.CacheHits != 1 || row.Sent != 3 || row.Received != 70 || row.ErrorRate != 0.5 || row.P50 != 10 || row.P95 != 30 {
		t.Errorf("%+v", row)
	}
	if row = (StatsRow{}); row.ErrorRate != 0 {
		t.Error("no calls have a rate of errors")
	}
	row.finish()
	if row.ErrorRate != 0 || row.P50 != 0 {
		t.Errorf("no calls: %+v", row)
	}
}

// A function chooses most of the texts, and could fill the database with them.
func TestTheTextsOfAnAttemptAreCut(t *testing.T) {
	t.Parallel()
	l := openLog(t, openDatabase(t), 100, 100)
	long := strings.Repeat("x", 5000)
	l.Record(Attempt{AppID: "app_a", RequestID: long, Method: long, Scheme: long, Host: long, Path: "/" + long, Code: long, Reason: long, EntryID: long, Secret: long, Cache: long})
	l.Record(Attempt{AppID: "app_a", Host: "h.example:8443", Path: "/a?token=secret", Cache: "stale"})
	l.Record(Attempt{AppID: "app_gone", Host: "h.example"})
	list, _, err := l.List(t.Context(), Filter{}, 10)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d attempts, %v", len(list), err)
	}
	if a := list[0]; a.Host != "h.example:8443" || a.Path != "/a" || a.Cache != "stale" {
		t.Errorf("%+v", a)
	}
	a := list[1]
	for name, tt := range map[string]struct {
		text string
		max  int
	}{"request": {a.RequestID, maxWord}, "method": {a.Method, maxWord}, "scheme": {a.Scheme, maxWord}, "host": {a.Host, maxHost}, "path": {a.Path, maxPath}, "code": {a.Code, maxWord}, "reason": {a.Reason, maxReason}, "entry": {a.EntryID, maxWord}, "secret": {a.Secret, maxWord}} {
		if len(tt.text) == 0 || len(tt.text) > tt.max+len("…") {
			t.Errorf("the %s has %d bytes", name, len(tt.text))
		}
	}
	if a.Cache != "" {
		t.Errorf("an unknown state of the cache is stored as %.20q", a.Cache)
	}
}
