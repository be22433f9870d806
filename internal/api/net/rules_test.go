package net

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"fazt/internal/egress/rules"
	"fazt/internal/errs"
)

func TestRangesOfAnEntry(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"192.168.1.0/24": "192.168.1.0/24", "192.168.1.7": "192.168.1.7/32", "10.0.0.0/8": "10.0.0.0/8", "fd00::/8": "fd00::/8", "fd00::1": "fd00::1/128", "fe80::1%eth0": "fe80::1/128",
		"192.168.1.7/24": "192.168.1.7/24", // the store makes it canonical, or refuses it
		"":               "", "192.168.1": "", "192.168.1.0/33": "", "192.168.1.0-192.168.1.9": "", "localhost": "", "192.168.1.0/24,10.0.0.0/8": "", " 10.0.0.1": "",
	} {
		got, err := parseRanges([]string{text})
		switch {
		case want == "" && (!errs.Is(err, errs.Invalid) || !strings.Contains(errs.Sentence(err), "is not an address range; use one such as 192.168.1.0/24")):
			t.Errorf("%q: %v %v", text, got, err)
		case want != "" && (err != nil || len(got) != 1 || got[0].String() != want):
			t.Errorf("%q: %v %v, want %s", text, got, err, want)
		}
	}
	if got, err := parseRanges(nil); err != nil || got == nil || len(got) != 0 {
		t.Errorf("no ranges are %v, %v", got, err)
	}
	if got, err := parseRanges([]string{"10.0.0.1", "x", "10.0.0.2"}); err == nil || got != nil {
		t.Errorf("one bad range: %v %v", got, err)
	}
}

func named(id string) string { return strings.TrimPrefix(id, "app_") }

func TestDangerousEntriesHaveWarnings(t *testing.T) {
	t.Parallel()
	private := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, tt := range map[string]struct {
		e    rules.Entry
		want []string // how each begins
	}{
		"plain":           {rules.Entry{}, nil},
		"private":         {rules.Entry{Private: private}, []string{"PRIVATE NETWORK: it may resolve to machines in your own network (10.0.0.0/8, fd00::/8)"}},
		"over plain HTTP": {rules.Entry{HTTP: true}, []string{"PLAIN HTTP: "}},
		"both":            {rules.Entry{HTTP: true, Private: private[:1]}, []string{"PRIVATE NETWORK: ", "PLAIN HTTP: "}},
	} {
		tt.e.AppID, tt.e.Domain = "app_blog", "api.example.com"
		got := netEntry(tt.e, named)
		if got.App != "blog" || got.Domain != "api.example.com" || got.Warnings == nil || len(got.Warnings) != len(tt.want) {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		for i, want := range tt.want {
			if !strings.HasPrefix(got.Warnings[i], want) {
				t.Errorf("%s: %q", name, got.Warnings[i])
			}
		}
	}
	if got := netEntry(rules.Entry{}, named); got.App != "" {
		t.Errorf("an entry for every app names %q", got.App)
	}
}

func TestASecretIsShownWithoutItsValue(t *testing.T) {
	t.Parallel()
	used := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	k := rules.StoredSecret{Secret: rules.Secret{Name: "KEY", AppID: "app_blog", As: "header", Key: "X-Key", Domain: "api.example.com", HTTP: true, Port: 8443, PathPrefix: "/v1", Value: "the value"}}
	got := secret(k, named)
	if got.Name != "KEY" || got.App != "blog" || got.AppID != "app_blog" || got.As != "header" || got.Key != "X-Key" || got.Domain != "api.example.com" || !got.HTTP || got.Port != 8443 || got.PathPrefix != "/v1" {
		t.Errorf("%+v", got)
	}
	if got.LastUsed != nil || got.Methods == nil || got.Fault != "" {
		t.Errorf("never used: %+v", got)
	}
	k.LastUsed, k.Methods, k.Fault = used, []string{"GET"}, "its key is missing"
	got = secret(k, named)
	if got.LastUsed == nil || !got.LastUsed.Equal(used) || !slices.Equal(got.Methods, []string{"GET"}) || got.Fault != "its key is missing" {
		t.Errorf("%+v", got)
	}
}
