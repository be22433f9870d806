package server

import (
	"testing"
	"time"
)

func TestAbandonedRunsAreToleratedForAWhileAndASingleOneForever(t *testing.T) {
	start := time.Now()
	for name, tt := range map[string]struct {
		runs []int // one per second
		want int   // the second at which it had been too long; -1 = never
	}{
		"none":             {make([]int, 100), -1},
		"one":              {repeat(1, 100), -1},
		"two":              {repeat(2, 100), 30},
		"two, with a rest": {append(append(repeat(2, 20), 1), repeat(2, 100)...), 51},
		"more, later":      {append(repeat(1, 50), repeat(5, 50)...), 80},
	} {
		t.Run(name, func(t *testing.T) {
			b, got := burning{limit: 1}, -1
			for second, n := range tt.runs {
				if b.tooLong(n, start.Add(time.Duration(second)*time.Second)) {
					got = second
					break
				}
			}
			if got != tt.want {
				t.Errorf("in second %d, want %d", got, tt.want)
			}
		})
	}
}

func repeat(n, times int) []int {
	list := make([]int, times)
	for i := range list {
		list[i] = n
	}
	return list
}
