package server

import "testing"

func TestTheCollectorIsLazyOnlyWhileLittleIsAlive(t *testing.T) {
	for live, want := range map[uint64]int{
		0: 400, 5 << 20: 400, 8 << 20: 300, 10 << 20: 200, 12 << 20: 200, 24 << 20: 100, 1 << 30: 100,
	} {
		if got := gcPercent(live); got != want {
			t.Errorf("with %d MB alive the heap may grow by %d %%, should be %d", live>>20, got, want)
		}
	}
}
