package domain

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestTheStateOfADomainDependsOnWhereItPoints(t *testing.T) {
	addresses := func(texts string) []netip.Addr {
		var list []netip.Addr
		for _, text := range strings.Fields(texts) {
			list = append(list, netip.MustParseAddr(text))
		}
		return tidy(list)
	}
	const own = "127.0.0.1 ::1 10.0.0.5 fe80::1 203.0.113.5 2001:db8::5"
	for name, c := range map[string]struct {
		host, found string
		failed      error
		here        bool
		say, do     string
	}{
		"here":           {"www.a.example", "203.0.113.5", nil, true, "points here: to 203.0.113.5", ""},
		"here by both":   {"a.example", "2001:db8::5 203.0.113.5", nil, true, "points here: to 203.0.113.5, 2001:db8::5", ""},
		"mapped":         {"a.example", "::ffff:203.0.113.5", nil, true, "points here: to 203.0.113.5", ""},
		"loopback":       {"a.example", "127.0.0.1 ::1", nil, true, "only this machine itself can reach", ""},
		"elsewhere":      {"www.a.example", "198.51.100.7", nil, false, "points elsewhere: to 198.51.100.7", "(it knows of A 10.0.0.5, A 203.0.113.5, AAAA 2001:db8::5), or CNAME example.com; or, if a proxy"},
		"top of a zone":  {"a.example", "198.51.100.7", nil, false, "points elsewhere", "AAAA 2001:db8::5); or, if a proxy"},
		"one of two":     {"a.example", "203.0.113.5 2001:db8::6", nil, false, "points here and elsewhere: 2001:db8::6 is not", "remove the records of a.example for 2001:db8::6"},
		"no answer":      {"a.example", "", errors.New("no such host"), false, "does not resolve", "set a record for a.example"},
		"an empty one":   {"a.example", "", nil, false, "does not resolve", "set a record for a.example"},
		"its own cable":  {"a.example", "fe80::1", nil, true, "only this machine itself can reach", ""},
		"not even there": {"a.example", "127.0.0.2", nil, false, "points elsewhere", "set a record"},
	} {
		s := judge(c.host, "example.com", addresses(c.found), addresses(own), c.failed)
		if s.Here != c.here || !strings.Contains(s.Say, c.say) || !strings.Contains(s.Do, c.do) || (s.Do == "") != (c.do == "") {
			t.Errorf("%s: %+v", name, s)
		}
		if s.Addresses == nil || len(s.Instance) != 3 {
			t.Errorf("%s: %v %v", name, s.Addresses, s.Instance)
		}
	}
	// Without a known address or a domain, less can be said.
	s := judge("www.a.example", "localhost", nil, addresses("127.0.0.1"), nil)
	if strings.Contains(s.Do, "knows of") || strings.Contains(s.Do, "CNAME") || !strings.HasPrefix(s.Do, "set a record") {
		t.Errorf("%+v", s)
	}
}

func TestTheMachineKnowsItsAddresses(t *testing.T) {
	list, err := machineAddresses()
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
}
