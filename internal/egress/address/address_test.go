package address

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestWhichAddressesCanBeCalled(t *testing.T) {
	own := map[netip.Addr]bool{netip.MustParseAddr("8.8.4.4"): true, netip.MustParseAddr("2a00::1"): true}
	for _, a := range []string{"8.8.8.8", "1.1.1.1", "93.184.215.14", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "223.255.255.255", "11.0.0.0", "2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "2001:200::1", "2620:4f:8001::1", "3ffe::1"} {
		if why := Refused(netip.MustParseAddr(a), nil, own); why != "" {
			t.Errorf("%s is refused: %s", a, why)
		}
	}
	for _, a := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "100.100.100.200", "127.0.0.1", "127.255.255.255", "168.63.129.16", "169.254.0.1", "169.254.169.254", "169.254.170.2",
		"172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.9", "192.0.0.170", "192.0.0.192", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.0", "192.168.255.255", "192.175.48.1",
		"198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "8.8.4.4",
		"::", "::1", "::7f00:1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.4.4", "::ffff:0:127.0.0.1", "64:ff9b::808:808", "64:ff9b::7f00:1", "64:ff9b:1::808:808", "100::1", "100:0:0:1::1",
		"2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2001:1ff:ffff::1", "2002:7f00:1::1", "2002:808:808::1", "2620:4f:8000::1", "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "2a00::1",
		"2a00:1450::5efe:7f00:1", "2a00:1450::200:5efe:808:808", "2a00:1450:0:1:200:5efe:a00:1",
	} {
		if Refused(netip.MustParseAddr(a), nil, own) == "" {
			t.Errorf("%s may be called", a)
		}
	}
	everything := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")} // as no entry can have it
	for _, a := range []string{"127.0.0.1", "::1", "169.254.169.254", "100.100.100.200", "fd00:ec2::254", "fe80::1", "224.0.0.1", "0.0.0.0", "8.8.4.4", "::ffff:127.0.0.1", "64:ff9b::a00:1", "192.0.2.1"} {
		if Refused(netip.MustParseAddr(a), everything, own) == "" {
			t.Errorf("%s may be called where private ranges are open", a)
		}
	}
	for _, a := range []string{"10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "fd12::1"} {
		if why := Refused(netip.MustParseAddr(a), everything, own); why != "" {
			t.Errorf("%s is refused where it is open: %s", a, why)
		}
	}
	if Refused(netip.Addr{}, nil, nil) == "" {
		t.Error("no address at all may be called")
	}
}

// FuzzAddress compares Refused with the registries.
func FuzzAddress(f *testing.F) {
	var list []*net.IPNet
	for _, text := range strings.Fields(registries) {
		_, n, err := net.ParseCIDR(text)
		if err != nil {
			f.Fatal(err)
		}
		list = append(list, n)
		f.Add([]byte(n.IP))
	}
	f.Add([]byte(net.ParseIP("8.8.8.8").To4()))
	f.Add([]byte(net.ParseIP("::ffff:8.8.8.8")))
	f.Add([]byte(net.ParseIP("2a00:1450::5efe:7f00:1")))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		ip := net.IP(b)
		special := slices.ContainsFunc(list, func(n *net.IPNet) bool { return n.Contains(ip) }) || !ip.IsGlobalUnicast() || ip.IsPrivate()
		if ip.To4() == nil {
			special = special || b[0]>>5 != 1 || bytes.Equal(b[8:12], []byte{0, 0, 0x5e, 0xfe}) || bytes.Equal(b[8:12], []byte{2, 0, 0x5e, 0xfe})
		}
		if why := Refused(a, nil, nil); (why != "") != special {
			t.Fatalf("%s: %q, by the registries %v", a, why, special)
		}
	})
}

// registries has the IANA registries; for IPv6, everything outside 2000::/3 is refused too.
const registries = `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.0.0/29 192.0.0.8/32 192.0.0.9/32 192.0.0.10/32
192.0.0.170/32 192.0.0.171/32 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24
224.0.0.0/4 240.0.0.0/4 255.255.255.255/32 168.63.129.16/32
::1/128 ::/128 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32
2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7 fe80::/10 ff00::/8`
