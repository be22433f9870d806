package net

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/errs"
)

func TestAnEntryIsShownWithWhatItAllows(t *testing.T) {
	small := op.NetEntry{NetRecord: op.NetRecord{ID: "net_1", Domain: "api.example.com"}}
	full := op.NetEntry{App: "shop", NetRecord: op.NetRecord{
		ID: "net_2", Domain: "*.example.com", HTTP: true, Ports: []int{80, 8443}, Methods: []string{"GET", "POST"}, Rate: 10, Burst: 20, Timeout: 1500, MaxResponse: 500_000,
		CacheTTL: 90, Stale: 3600, Private: []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24"), netip.MustParsePrefix("fd00::/8")}, Paths: []string{"/bot{token}", "/b"},
	}}
	for name, tt := range map[string]struct {
		entry            op.NetEntry
		rows             [][]string
		reached, remarks string
	}{
		"the defaults": {small, [][]string{{"domain", "api.example.com"}, {"app", "(every app)"}, {"reached by", "HTTPS"}, {"methods", "all methods"}, {"id", "net_1"}}, "HTTPS", ""},
		"everything": {full, [][]string{
			{"domain", "*.example.com"}, {"app", "shop"}, {"reached by", "HTTPS and PLAIN HTTP on 80, 8443"}, {"methods", "GET, POST"}, {"rate", "10/s, bursts of 20"}, {"timeout", "1.5s"},
			{"largest response", "500.0 kB"}, {"cache", "1m30s"}, {"stale", "1h0m0s more while the server fails"}, {"PRIVATE", "192.168.1.0/24"}, {"PRIVATE", "fd00::/8"},
			{"path", "/bot{token}"}, {"path", "/b"}, {"id", "net_2"},
		}, "HTTPS and PLAIN HTTP on 80, 8443", "PRIVATE 192.168.1.0/24, PRIVATE fd00::/8, GET|POST, 10/s, bursts of 20, cache 1m30s"},
	} {
		if diff := cmp.Diff(tt.rows, entryRows(tt.entry)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got := ReachedBy(tt.entry); got != tt.reached {
			t.Errorf("%s: %q", name, got)
		}
		if got := Notes(tt.entry); got != tt.remarks {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := rateText(op.NetRecord{Rate: 5}); got != "5/s" {
		t.Error(got)
	}
	small.CreatedAt = time.Date(2020, 1, 2, 3, 4, 0, 0, time.Local)
	small.UpdatedAt = small.CreatedAt
	rows := Entry(small).Rows
	if diff := cmp.Diff([][]string{{"allowed", "2020-01-02 03:04"}, {"updated", "2020-01-02 03:04"}}, rows[len(rows)-2:]); diff != "" {
		t.Error(diff)
	}
}

func TestFlagsOfAnEntryAreReadInUnits(t *testing.T) {
	for name, tt := range map[string]struct {
		flags allowFlags
		want  op.NetGrant
		err   string
	}{
		"nothing":         {allowFlags{}, op.NetGrant{}, ""},
		"plain numbers":   {allowFlags{timeout: "2000", maxResponse: "500000", cacheTTL: "60", stale: "5"}, op.NetGrant{Timeout: 2000, MaxResponse: 500_000, CacheTTL: 60, Stale: 5}, ""},
		"units":           {allowFlags{timeout: "2s", maxResponse: "500KB", cacheTTL: "1m", stale: "1h"}, op.NetGrant{Timeout: 2000, MaxResponse: 500_000, CacheTTL: 60, Stale: 3600}, ""},
		"binary units":    {allowFlags{maxResponse: "1MiB"}, op.NetGrant{MaxResponse: 1 << 20}, ""},
		"ports":           {allowFlags{ports: []string{"443", " 8443 "}}, op.NetGrant{Ports: []int{443, 8443}}, ""},
		"a port by name":  {allowFlags{ports: []string{"443", "https"}}, op.NetGrant{}, `--ports is a list of numbers, such as 443,8443, not "https"`},
		"no port":         {allowFlags{ports: []string{""}}, op.NetGrant{}, `--ports is a list of numbers, such as 443,8443, not ""`},
		"words":           {allowFlags{timeout: "soon"}, op.NetGrant{}, "--timeout must be a whole number"},
		"a size for time": {allowFlags{timeout: "5MB"}, op.NetGrant{}, "--timeout must be a whole number"},
		"a time for size": {allowFlags{maxResponse: "5s"}, op.NetGrant{}, "--max-response must be a whole number"},
		"a bad lifetime":  {allowFlags{cacheTTL: "1x"}, op.NetGrant{}, "--cache-ttl must be a whole number"},
		"a bad extension": {allowFlags{stale: "-"}, op.NetGrant{}, "--stale must be a whole number"},
	} {
		err := tt.flags.read()
		switch {
		case tt.err != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.err)), tt.err == "" && err != nil:
			t.Errorf("%s: %v, want %q", name, err, tt.err)
		case tt.err == "":
			if diff := cmp.Diff(tt.want, tt.flags.NetGrant); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
	again := allowFlags{ports: []string{"1"}}
	if err1, err2 := again.read(), again.read(); err1 != nil || err2 != nil || len(again.Ports) != 1 {
		t.Errorf("read twice: %v, %v, %v", again.Ports, err1, err2)
	}
}

func TestTheVerdictOnACall(t *testing.T) {
	entry := &op.NetRecord{Domain: "*.example.com"}
	for name, tt := range map[string]struct {
		verdict op.NetVerdict
		want    [][]string
		err     string
	}{
		"allowed": {
			op.NetVerdict{Allowed: true, Method: "GET", URL: "https://a.example.com/", Entry: entry, App: "shop", Addresses: []op.NetAddress{{Address: netip.MustParseAddr("203.0.113.1")}, {Address: netip.MustParseAddr("192.168.1.1"), Private: true}}},
			[][]string{{"outcome", "allowed"}, {"call", "GET https://a.example.com/"}, {"entry", "*.example.com"}, {"of", "shop"}, {"203.0.113.1", "public"}, {"192.168.1.1", "PRIVATE, allowed by the entry"}}, "",
		},
		"refused": {
			op.NetVerdict{Code: "NET_BLOCKED", Reason: "no entry allows it", Method: "POST", URL: "https://b.example/"},
			[][]string{{"outcome", "refused with NET_BLOCKED"}, {"call", "POST https://b.example/"}, {"reason", "no entry allows it"}}, "the call would be refused: no entry allows it",
		},
		"a refused address": {
			op.NetVerdict{Code: "NET_BLOCKED", Reason: "it leads to loopback", Method: "GET", URL: "https://c.example/", Entry: entry, Addresses: []op.NetAddress{{Address: netip.MustParseAddr("::1"), Refused: "loopback", Private: true}}},
			[][]string{{"outcome", "refused with NET_BLOCKED"}, {"call", "GET https://c.example/"}, {"reason", "it leads to loopback"}, {"entry", "*.example.com"}, {"of", "(every app)"}, {"::1", "refused: loopback"}}, "the call would be refused: it leads to loopback",
		},
		"a malformed address": {op.NetVerdict{Code: "NET_BLOCKED", Reason: "malformed", Method: "GET"}, [][]string{{"outcome", "refused with NET_BLOCKED"}, {"call", "GET"}, {"reason", "malformed"}}, "the call would be refused: malformed"},
	} {
		if diff := cmp.Diff(tt.want, Verdict(tt.verdict).Rows); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		err := Refused(&kit.CLI{}, tt.verdict)
		if (err == nil) != (tt.err == "") || err != nil && (errs.Sentence(err) != tt.err || !errs.Is(err, errs.Forbidden)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWarningsAreOneLineEach(t *testing.T) {
	var notes bytes.Buffer
	c := &kit.CLI{Quiet: true, Env: kit.Env{Stderr: &notes}} // warnings are not hints: --quiet does not hide them
	danger := op.NetEntry{NetRecord: op.NetRecord{Domain: "nas.example"}, Warnings: []string{"PLAIN HTTP: others can\nread it", "PRIVATE"}}
	if err := WarnAll(c, []op.NetEntry{danger, {NetRecord: op.NetRecord{Domain: "a.example"}}}); err != nil || notes.String() != "WARNING: nas.example: PLAIN HTTP: others can read it\nWARNING: nas.example: PRIVATE\n" {
		t.Errorf("%q, %v", notes.String(), err)
	}
	notes.Reset()
	if err := Refused(c, op.NetVerdict{Allowed: true, Entry: &op.NetRecord{Domain: "nas.example"}, Warnings: []string{"PRIVATE"}}); err != nil || notes.String() != "WARNING: nas.example: PRIVATE\n" {
		t.Errorf("%q, %v", notes.String(), err)
	}
	notes.Reset()
	if err := WarnSecrets(c, []op.Secret{{Name: "A"}, {Name: "B", Fault: "the key\tis missing"}}); err != nil || notes.String() != "WARNING: B cannot be used: the key is missing\n" {
		t.Errorf("%q, %v", notes.String(), err)
	}
	if Usable(op.Secret{}) != "••••••" || Usable(op.Secret{Fault: "x"}) != "CANNOT BE USED" {
		t.Error("the value of a secret")
	}
}

func TestWhereASecretIsSent(t *testing.T) {
	for want, s := range map[string]op.Secret{
		"a.example":                           {Domain: "a.example"},
		"http(s)://a.example":                 {Domain: "a.example", HTTP: true},
		"a.example:8443":                      {Domain: "a.example", Port: 8443},
		"a.example/v1/…":                      {Domain: "a.example", PathPrefix: "/v1"},
		"a.example/v1/… ":                     {Domain: "a.example", PathPrefix: "/v1/"},
		"GET|POST http(s)://*.a.example:80/…": {Domain: "*.a.example", HTTP: true, Port: 80, PathPrefix: "/", Methods: []string{"GET", "POST"}},
	} {
		if got := SentTo(s); got != strings.TrimSpace(want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := SentAs(op.Secret{As: "bearer"}); got != "bearer" {
		t.Error(got)
	}
	if got := SentAs(op.Secret{As: "header", Key: "X-Key"}); got != "header X-Key" {
		t.Error(got)
	}
}

func TestTheValueOfASecretIsReadFromTheFlagOrAPipe(t *testing.T) {
	for name, tt := range map[string]struct {
		flags       []string
		stdin, want string
		err         string
	}{
		"a pipe":                  {nil, "s3cret", "s3cret", ""},
		"a line":                  {nil, "s3cret\n", "s3cret", ""},
		"a line of Windows":       {nil, "s3cret\r\n", "s3cret", ""},
		"spaces are kept":         {nil, " s \n\n", " s \n", ""},
		"the flag":                {[]string{"--value", "other"}, "s3cret", "other", ""},
		"an empty flag":           {[]string{"--value="}, "s3cret", "", ""}, // the instance refuses it
		"nothing":                 {nil, "", "", "KEY has no value: pipe it in, or type it at a terminal"},
		"an empty line":           {nil, "\n", "", "KEY has no value: pipe it in, or type it at a terminal"},
		"more than can be stored": {nil, strings.Repeat("x", 1<<20+1), "", "the value of KEY is longer than 1 MiB"},
	} {
		var in secretInput
		cmd := &cobra.Command{}
		in.flag(cmd)
		if err := cmd.ParseFlags(tt.flags); err != nil {
			t.Fatal(err)
		}
		got, err := in.read(&kit.CLI{Env: kit.Env{Stdin: strings.NewReader(tt.stdin)}}, cmd, "KEY")
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %.20q, %v, want %.20q, %q", name, got, err, tt.want, tt.err)
		}
	}
}

func TestAnAttemptInALine(t *testing.T) {
	for name, tt := range map[string]struct {
		attempt       op.NetAttempt
		call, outcome string
	}{
		"a response":   {op.NetAttempt{Method: "GET", Scheme: "https", Host: "a.example", Path: "/v1", Status: 200}, "GET https://a.example/v1", "200"},
		"a redirect":   {op.NetAttempt{Method: "GET", Scheme: "https", Host: "a.example:8443", Path: "/", Hop: 1, Status: 302, Cache: "miss"}, "-> GET https://a.example:8443/", "302 miss"},
		"a refusal":    {op.NetAttempt{Method: "POST", Scheme: "http", Host: "b.example", Code: "NET_BLOCKED", Reason: "no entry"}, "POST http://b.example", "NET_BLOCKED (no entry)"},
		"malformed":    {op.NetAttempt{Host: "x", Code: "NET_BLOCKED"}, "x", "NET_BLOCKED"},
		"from a cache": {op.NetAttempt{Method: "GET", Scheme: "https", Host: "a.example", Status: 200, Cache: "hit"}, "GET https://a.example", "200 hit"},
		"nothing":      {op.NetAttempt{}, "", ""},
	} {
		if call, outcome := attemptCall(tt.attempt), attemptOutcome(tt.attempt); call != tt.call || outcome != tt.outcome {
			t.Errorf("%s: %q, %q", name, call, outcome)
		}
	}
}

func TestStatisticsHaveATotalOnlyOfSeveralDomains(t *testing.T) {
	one := op.NetTotal{App: "shop", NetCount: op.NetCount{Domain: "a.example", Calls: 4, Errors: 1, ErrorRate: 0.25, P50: 12.4, P95: 99.6, Sent: 1500, Received: 2_000_000, CacheHits: 3}}
	row := []string{"shop", "a.example", "4", "1 (25 %)", "12 ms", "100 ms", "1.5 kB", "2.0 MB", "3"}
	if diff := cmp.Diff([][]string{row}, Stats(op.NetTotals{Domains: []op.NetTotal{one}}).Rows); diff != "" {
		t.Error(diff)
	}
	two := Stats(op.NetTotals{Domains: []op.NetTotal{one, {App: "blog", NetCount: op.NetCount{Domain: "b.example"}}}, Total: op.NetCount{Calls: 9}})
	want := [][]string{row, {"blog", "b.example", "0", "0 (0 %)", "0 ms", "0 ms", "0 B", "0 B", "0"}, {"(all)", "", "9", "0 (0 %)", "0 ms", "0 ms", "0 B", "0 B", "0"}}
	if diff := cmp.Diff(want, two.Rows); diff != "" {
		t.Error(diff)
	}
	if none := Stats(op.NetTotals{}); len(none.Rows) > 0 || none.Empty != "There were no calls." {
		t.Errorf("%+v", none)
	}
	for name, tt := range map[string]struct {
		totals op.NetTotals
		quiet  bool
		want   string
	}{
		"all of them":      {op.NetTotals{}, false, ""},
		"cut off":          {op.NetTotals{Truncated: true}, false, "There are more domains than are shown; narrow it with --since, --app or --domain.\n"},
		"cut off, quietly": {op.NetTotals{Truncated: true}, true, ""},
		"lost":             {op.NetTotals{Dropped: 1}, true, "note: 1 attempt came faster than they could be logged; `fazt limits set net.log_buffer` makes room\n"},
	} {
		var notes bytes.Buffer
		if err := StatsNotes(&kit.CLI{Quiet: tt.quiet, Env: kit.Env{Stderr: &notes}}, tt.totals); err != nil || notes.String() != tt.want {
			t.Errorf("%s: %q, %v", name, notes.String(), err)
		}
	}
	cache := Cache(op.NetCacheState{Items: 2, Bytes: 1500, Hits: 3, Revalidated: 4, Stale: 5, Misses: 6})
	if diff := cmp.Diff([][]string{{"responses", "2"}, {"size", "1.5 kB"}, {"served", "3 without a request, 4 after revalidation, 5 stale while the server failed"}, {"misses", "6"}}, cache.Rows); diff != "" {
		t.Error(diff)
	}
}
