// Package address knows which IP addresses functions may reach.
package address

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// special4 is the IANA IPv4 Special-Purpose Address Registry (RFC 6890; iana.org/assignments/iana-ipv4-special-registry,
// as of 2025-10), and multicast (RFC 5771). It includes the few blocks that are globally reachable: they are
// for anycast relays and sinks, not for servers.
var special4 = []special{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network (RFC 791)"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private use (RFC 1918)"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared address space (RFC 6598)"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback (RFC 1122)"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local (RFC 3927)"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private use (RFC 1918)"},
	{netip.MustParsePrefix("192.0.0.0/24"), "protocol assignments (RFC 6890)"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation (RFC 5737)"},
	{netip.MustParsePrefix("192.31.196.0/24"), "AS112 (RFC 7535)"},
	{netip.MustParsePrefix("192.52.193.0/24"), "AMT (RFC 7450)"},
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay anycast (RFC 7526)"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private use (RFC 1918)"},
	{netip.MustParsePrefix("192.175.48.0/24"), "AS112 (RFC 7534)"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking (RFC 2544)"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation (RFC 5737)"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation (RFC 5737)"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast (RFC 5771)"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved (RFC 1112), and broadcast (RFC 919)"},
}

// global6 is the only IPv6 range from which addresses of internet hosts are assigned (RFC 4291 §2.4,
// iana.org/assignments/ipv6-address-space). Loopback, mapped, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), ULA, link-local and
// multicast addresses are outside it.
var global6 = netip.MustParsePrefix("2000::/3") //nolint:gochecknoglobals // a table of one row

// special6 has the entries of the IANA IPv6 Special-Purpose Address Registry (iana.org/assignments/iana-ipv6-special-registry,
// as of 2025-10) inside that range.
var special6 = []special{
	{netip.MustParsePrefix("2001::/23"), "protocol assignments, Teredo, ORCHID, benchmarking (RFC 2928, 4380, 5180, 7343)"},
	{netip.MustParsePrefix("2001:db8::/32"), "documentation (RFC 3849)"},
	{netip.MustParsePrefix("2002::/16"), "6to4 (RFC 3056)"},
	{netip.MustParsePrefix("2620:4f:8000::/48"), "AS112 (RFC 7534)"},
	{netip.MustParsePrefix("3fff::/20"), "documentation (RFC 9637)"},
}

// metadata has the services that give a cloud machine its credentials, if the tables do not cover them or if they are in a
// private range that an entry could allow.
var metadata = []special{
	{netip.MustParsePrefix("168.63.129.16/32"), "the Azure wire server"},
	{netip.MustParsePrefix("169.254.0.0/16"), "cloud metadata"},
	{netip.MustParsePrefix("100.100.100.200/32"), "Alibaba Cloud metadata"},
	{netip.MustParsePrefix("192.0.0.192/32"), "Oracle Cloud metadata"},
	{netip.MustParsePrefix("fd00:ec2::/32"), "AWS metadata"},
	{netip.MustParsePrefix("fd20:ce::/32"), "Google Cloud metadata"},
	{netip.MustParsePrefix("fd00:c1::/32"), "Oracle Cloud metadata"},
	{netip.MustParsePrefix("fd00:42::/32"), "Scaleway metadata"},
}

// private has the ranges that an entry can allow, in whole or in part.
var private = []special{
	{netip.MustParsePrefix("10.0.0.0/8"), "RFC 1918"},
	{netip.MustParsePrefix("172.16.0.0/12"), "RFC 1918"},
	{netip.MustParsePrefix("192.168.0.0/16"), "RFC 1918"},
	{netip.MustParsePrefix("100.64.0.0/10"), "RFC 6598"},
	{netip.MustParsePrefix("fc00::/7"), "RFC 4193"},
}

type special struct {
	prefix netip.Prefix
	name   string
}

func within(table []special, a netip.Addr) string {
	for _, s := range table {
		if s.prefix.Contains(a) {
			return s.name
		}
	}
	return ""
}

// Refused returns why calls cannot go to an address, or "" if they can. allowed has the private ranges of the entry, own has the
// addresses of the instance. An IPv4-mapped IPv6 address is treated as IPv4, as resolvers and the system do.
func Refused(a netip.Addr, allowed []netip.Prefix, own map[netip.Addr]bool) string {
	a = a.Unmap()
	switch {
	case !a.IsValid():
		return "not an address"
	case a.Zone() != "":
		return "an address with a zone"
	case own[a]:
		return "an address of this instance"
	case isatap(a):
		return "ISATAP (RFC 5214)"
	}
	if name := within(metadata, a); name != "" {
		return name
	}
	if contains(allowed, a) && within(private, a) != "" {
		return ""
	}
	if a.Is4() {
		return within(special4, a)
	}
	if !global6.Contains(a) {
		return "outside the global unicast range of IPv6"
	}
	return within(special6, a)
}

func contains(list []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// isatap reports whether an address leads through a tunnel to the IPv4 address in its last four bytes.
func isatap(a netip.Addr) bool {
	b := a.As16()
	return a.Is6() && b[8]&^0x02 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}

// CheckPrivate returns why an entry cannot allow a range, or "" if it can.
func CheckPrivate(p netip.Prefix) string {
	if !p.IsValid() {
		return "it is not an address range; use one such as 192.168.1.0/24"
	}
	for _, s := range private {
		if s.prefix.Bits() <= p.Bits() && s.prefix.Contains(p.Addr()) {
			for _, m := range metadata {
				if m.prefix.Bits() <= p.Bits() && m.prefix.Contains(p.Addr()) {
					return "it is " + m.name
				}
			}
			return ""
		}
	}
	return "only private ranges can be allowed (within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10 or fc00::/7)"
}

// Self has the addresses of this machine and of the instance. It reads them at most once every few seconds.
type Self struct {
	More func() []netip.Addr // that the instance listens on
	mu   sync.Mutex
	list map[netip.Addr]bool
	at   time.Time
}

const refreshEvery = 5 * time.Second

// Addresses returns all addresses of this machine.
func (s *Self) Addresses() map[netip.Addr]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list != nil && time.Since(s.at) < refreshEvery {
		return s.list
	}
	list := map[netip.Addr]bool{}
	if found, err := net.InterfaceAddrs(); err == nil {
		for _, f := range found {
			if n, ok := f.(*net.IPNet); ok {
				if a, ok := netip.AddrFromSlice(n.IP); ok {
					list[a.Unmap()] = true
				}
			}
		}
	}
	if s.More != nil {
		for _, a := range s.More() {
			list[a.Unmap().WithZone("")] = true
		}
	}
	s.list, s.at = list, time.Now()
	return list
}
