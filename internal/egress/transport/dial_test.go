package transport

import (
	"net/netip"
	"strings"
	"testing"
)

const public = "93.184.215.14"

func TestTheSocketIsCheckedWhateverTheNameResolvedTo(t *testing.T) {
	tr := &Transport{Own: func() map[netip.Addr]bool { return map[netip.Addr]bool{netip.MustParseAddr("93.184.215.99"): true} }}
	r := &Route{Key: Key{Host: "example.com", Port: 80}}
	for _, peer := range []string{"127.0.0.1:80", "[::1]:80", "[::ffff:10.0.0.1]:80", "169.254.169.254:80", "93.184.215.99:80", public + ":22", "example.com:80"} {
		if tr.CheckSocket(r, peer) == nil {
			t.Errorf("%s passed", peer)
		}
	}
	if err := tr.CheckSocket(r, public+":80"); err != nil {
		t.Error(err)
	}
	if _, err := tr.dialTCP(t.Context(), r, netip.MustParseAddr("127.0.0.1")); err == nil || !strings.Contains(err.Error(), "the socket leads to 127.0.0.1:80: loopback") {
		t.Errorf("the dialer itself: %v", err)
	}
}
