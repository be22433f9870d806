package throttle

import (
	"testing"
	"time"
)

func TestTake(t *testing.T) {
	now := time.Now()
	var th Throttle[string]
	count := func(perSecond float64, burst int) (n int) {
		for th.Take("key", perSecond, burst, now) == 0 {
			n++
		}
		return n
	}
	if n := count(10, 20); n != 20 {
		t.Errorf("a burst of %d", n)
	}
	if wait := th.Take("key", 10, 20, now); wait != 100*time.Millisecond {
		t.Errorf("the next after %v", wait)
	}
	if wait := th.Take("other", 10, 20, now); wait != 0 {
		t.Errorf("another key waits %v", wait)
	}
	now = now.Add(500 * time.Millisecond)
	if n := count(10, 20); n != 5 {
		t.Errorf("%d after half a second", n)
	}
	if n := count(10, 22); n != 2 {
		t.Errorf("%d after the burst was raised by 2", n)
	}
	now = now.Add(time.Hour)
	if n := count(10, 3); n != 3 {
		t.Errorf("%d after the burst was lowered", n)
	}
	now = now.Add(100 * time.Millisecond)
	if n := count(100, 3); n != 1 {
		t.Errorf("%d in a tenth of a second at 10 per second", n)
	}
	now = now.Add(20 * time.Millisecond)
	if n := count(100, 3); n != 2 {
		t.Errorf("%d in 20 ms at 100 per second", n)
	}
	if wait := th.Take("key", 1.0/3, 3, now); wait != 3*time.Second {
		t.Errorf("the next of a slow rate after %v", wait)
	}
}

func TestKeysAreBounded(t *testing.T) {
	for name, burst := range map[string]int{"full": 1, "none full": 1000} {
		t.Run(name, func(t *testing.T) {
			var th Throttle[int]
			now := time.Now()
			for i := range 3 * MaxKeys {
				now = now.Add(time.Millisecond)
				th.Take(i, 1, burst, now)
				if n := th.Len(); n > MaxKeys {
					t.Fatalf("%d keys", n)
				}
			}
			const last = 3*MaxKeys - 1
			for range burst - 1 {
				th.Take(last, 1, burst, now)
			}
			if wait := th.Take(last, 1, burst, now); wait == 0 {
				t.Error("the key that was used last is forgotten")
			}
		})
	}
}
