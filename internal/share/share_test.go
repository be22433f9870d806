package share

import (
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"fazt/internal/fazttest/await"
)

func of(app, ip string) Holder { return Holder{app, Client(netip.MustParseAddr(ip))} }

// fill takes n parts of size 1.
func fill(p *Pool, h Holder, n int, limit int64) (got int, cut *int) {
	cut = new(int)
	for range n {
		if p.Take(h, 1, limit, func() { *cut++ }) != nil {
			got++
		}
	}
	return got, cut
}

func TestTheLargestHolderGivesWay(t *testing.T) {
	const limit = 100
	p := &Pool{}
	got, cut := fill(p, of("a", "192.0.2.1"), 1000, limit)
	if got != limit || *cut != 0 {
		t.Fatalf("alone: %d, %d were taken away", got, *cut)
	}
	for i, h := range []Holder{of("a", "192.0.2.2"), of("b", "192.0.2.3"), of("b", "2001:db8::1")} {
		if n, own := fill(p, h, 10, limit); n != 10 || *own != 0 || *cut != 10*(i+1) {
			t.Errorf("%v got %d of 10; %d were taken from the first", h, n, *cut)
		}
	}
	if n, _ := fill(p, of("a", "192.0.2.1"), 10, limit); n != 0 {
		t.Errorf("who holds the most got %d more", n)
	}
	taken, all := p.Taken()
	if taken != limit || all != uint64(*cut) {
		t.Errorf("%d are taken, %d were taken away", taken, all)
	}
}

// An app with a thousand visitors does not keep another from the little it needs; among visitors of one app, who comes last
// is refused.
func TestAmongEqualClientsTheLargestAppGivesWay(t *testing.T) {
	const limit = 50
	p := &Pool{}
	cut := 0
	for i := range limit {
		p.Take(of("a", netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).String()), 1, limit, func() { cut++ })
	}
	if p.Take(of("a", "198.51.100.1"), 1, limit, nil) != nil || cut != 0 {
		t.Error("one of many equals took the place of another")
	}
	if p.Take(of("b", "198.51.100.1"), 1, limit, nil) == nil || cut != 1 {
		t.Error("another app got nothing")
	}
}

func TestAPartLargerThanThePoolTakesNothingAway(t *testing.T) {
	p := &Pool{}
	cut := false
	part := p.Take(of("a", "192.0.2.1"), 60, 100, func() { cut = true })
	if p.Take(of("b", "192.0.2.2"), 101, 100, nil) != nil || cut || part.Gone() {
		t.Error("it was let in, or took something away")
	}
	if part.Grow(41, 100) || !part.Grow(40, 100) || cut {
		t.Error("a part grows to what there is and no further")
	}
	if p.Take(of("b", "192.0.2.2"), 50, 100, nil) == nil || !cut || part.Grow(1, 1000) || !part.Gone() {
		t.Error("the larger one did not give way")
	}
	part.Release()
	if taken, _ := p.Taken(); taken != 50 {
		t.Errorf("%d are taken", taken)
	}
}

func TestEveryPartIsReleased(t *testing.T) {
	p := &Pool{}
	var group sync.WaitGroup
	for i := range 8 {
		h := of(string(rune('a'+i%2)), netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).String())
		group.Go(func() {
			for n := range 2000 {
				if part := p.Take(h, int64(n%7), 20, func() {}); part != nil {
					part.Grow(3, 20)
					part.Release()
				}
			}
		})
	}
	group.Wait()
	if p.taken != 0 || len(p.apps) != 0 || len(p.clients) != 0 {
		t.Errorf("%d are left, %v, %v", p.taken, p.apps, p.clients)
	}
}

func TestOneCustomerIsOneClient(t *testing.T) {
	for a, b := range map[string]string{
		"192.0.2.1":      "::ffff:192.0.2.1",
		"2001:db8:0:1::": "2001:db8:0:1:ffff::1",
		"fe80::1%eth0":   "fe80::2",
	} {
		if Client(netip.MustParseAddr(a)) != Client(netip.MustParseAddr(b)) {
			t.Errorf("%s and %s are two", a, b)
		}
	}
	if Client(netip.MustParseAddr("192.0.2.1")) == Client(netip.MustParseAddr("192.0.2.2")) {
		t.Error("two IPv4 addresses are one")
	}
}

// Who came when all was taken was refused, though it was free a moment later.
func TestWaitingCallersAreServedInOrder(t *testing.T) {
	var p Pool
	h := Holder{App: "a"}
	first := p.Take(h, 10, 10, func() {})
	var mu sync.Mutex
	var order []int
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			var part *Part
			if !p.Within(t.Context(), time.Minute, func() bool { part = p.Take(h, 10, 10, func() {}); return part != nil }) {
				t.Errorf("%d got nothing", n)
				return
			}
			mu.Lock()
			order = append(order, n)
			mu.Unlock()
			part.Release()
		})
		await.Until(t, "one more to wait", func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			return len(p.waiting) == n+1
		})
	}
	first.Release()
	group.Wait()
	if !slices.IsSorted(order) || len(order) != 4 {
		t.Errorf("the order was %v", order)
	}
	if taken, _ := p.Taken(); taken != 0 || len(p.waiting) != 0 {
		t.Errorf("%d are taken, %d wait", taken, len(p.waiting))
	}
	held := p.Take(h, 10, 10, func() {})
	defer held.Release()
	if p.Within(t.Context(), time.Millisecond, func() bool { return false }) {
		t.Error("Within succeeded although try never did")
	}
}
