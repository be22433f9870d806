package runtime_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"fazt/internal/fazttest/await"
	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

// While one app is at all its limits, with built-ins that never end, requests to another are served. The timings are logged, not
// checked.
func TestAnAppAtItsLimitsDoesNotStopAnother(t *testing.T) {
	h := runtimetest.NewWith(t, `export default () => { [].indexOf.call({ length: 2 ** 53 - 1 }, 1); };`, runtimetest.Options{Limits: func(app string) system.Runtime {
		l := runtimetest.Patient()
		if app == "app_a" {
			l.ExecTimeout, l.VMsPerApp, l.QueueWait = 1000, 2, 100
		}
		return l
	}})
	other := h.Another(t, "dep_2", `export default () => new Response("fine");`)
	other.Fn.AppID = "app_b"
	measure := func(n int) (times []time.Duration) {
		for range n {
			began := time.Now()
			if w := other.Ask(t, "GET", "/", ""); w.Code != http.StatusOK {
				t.Errorf("another app: %d %s", w.Code, w.Body)
			}
			times = append(times, time.Since(began))
		}
		slices.Sort(times)
		return times
	}
	measure(1)
	idle := measure(200)
	end := make(chan struct{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
					h.Ask(t, "GET", "/", "")
				}
			}
		})
	}
	await.Until(t, "the app to be at work", func() bool { return h.Stats().Busy > 0 })
	loaded := measure(20)
	close(end)
	all.Wait()
	t.Logf("idle: median %v, worst %v; next to an app at its limits: median %v, worst %v; %+v",
		idle[len(idle)/2], idle[len(idle)-1], loaded[len(loaded)/2], loaded[len(loaded)-1], h.Stats())
}
