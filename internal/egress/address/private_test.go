package address

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhichRangesAnEntryCanOpen(t *testing.T) {
	t.Parallel()
	const public = "only private ranges can be allowed (within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10 or fc00::/7)"
	for text, want := range map[string]string{
		"10.0.0.0/8": "", "10.1.2.3/32": "", "172.16.0.0/12": "", "172.31.255.255/32": "", "192.168.0.0/16": "", "100.64.0.0/10": "", "100.127.0.0/16": "", "fc00::/7": "", "fd00::/8": "", "fd12::1/128": "",
		"10.0.0.0/7": public, "172.16.0.0/11": public, "172.32.0.0/12": public, "172.15.0.0/16": public, "192.168.0.0/15": public, "192.169.0.0/16": public, "100.64.0.0/9": public, "100.128.0.0/16": public,
		"fc00::/6": public, "fe80::/10": public, "8.8.8.8/32": public, "0.0.0.0/0": public, "::/0": public, "127.0.0.1/32": public, "169.254.0.0/16": public, "::ffff:10.0.0.0/104": public, "2000::/3": public,
		"100.100.100.200/32": "it is Alibaba Cloud metadata", "100.100.100.0/24": "", "fd00:ec2::/32": "it is AWS metadata", "fd00:ec2::254/128": "it is AWS metadata", "fd20:ce::/64": "it is Google Cloud metadata", "fd00:c1::/32": "it is Oracle Cloud metadata", "fd00:42::1/128": "it is Scaleway metadata",
	} {
		if got := CheckPrivate(netip.MustParsePrefix(text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	if CheckPrivate(netip.Prefix{}) == "" {
		t.Error("no range at all can be allowed")
	}
}

// An entry opens its own ranges and no others, and never what gives a cloud machine its credentials.
func TestAnOpenRangeEndsWhereItEnds(t *testing.T) {
	t.Parallel()
	open := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("fd00::/8")}
	for text, want := range map[string]string{
		"10.1.0.0": "", "10.1.255.255": "", "::ffff:10.1.2.3": "", "100.100.100.199": "", "fd00::1": "", "fdff::1": "",
		"10.0.255.255": "private use (RFC 1918)", "10.2.0.0": "private use (RFC 1918)", "192.168.0.1": "private use (RFC 1918)", "fc00::1": "outside the global unicast range of IPv6",
		"100.100.100.200": "Alibaba Cloud metadata", "fd00:ec2::254": "AWS metadata", "fd20:ce::254": "Google Cloud metadata", "fd00:c1::1": "Oracle Cloud metadata", "fd00:42::42": "Scaleway metadata",
		"169.254.169.254": "cloud metadata", "168.63.129.16": "the Azure wire server", "192.0.0.192": "Oracle Cloud metadata", "fd00::5efe:a01:203": "ISATAP (RFC 5214)", "fe80::1%eth0": "an address with a zone",
	} {
		if got := Refused(netip.MustParseAddr(text), open, nil); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestTheAddressesOfTheMachineAreReadNowAndThen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		s := Self{More: func() []netip.Addr {
			reads++
			return []netip.Addr{netip.MustParseAddr("::ffff:203.0.113.7"), netip.MustParseAddr("fe80::7%eth0")}
		}}
		for _, tt := range []struct {
			pause time.Duration
			reads int
		}{{0, 1}, {0, 1}, {refreshEvery - 1, 1}, {1, 2}, {refreshEvery, 3}} {
			time.Sleep(tt.pause)
			list := s.Addresses()
			if reads != tt.reads {
				t.Errorf("%s later: %d reads, want %d", tt.pause, reads, tt.reads)
			}
			for _, own := range []string{"203.0.113.7", "fe80::7"} { // as Refused compares them
				if !list[netip.MustParseAddr(own)] {
					t.Errorf("%s is missing in %v", own, list)
				}
			}
		}
	})
	if list := (&Self{}).Addresses(); !list[netip.MustParseAddr("127.0.0.1")] {
		t.Errorf("the machine has %v", list)
	}
}
