package server

import (
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/gateway"
)

// latencies are the upper ends of the classes of durations, in seconds. The last class has none.
var latencies = [...]float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

// traffic counts the responses of the front door, by app and by the part that responded. Counting takes no lock.
type traffic struct {
	apps sync.Map // id of the app, "" = none -> *appTraffic
}

type appTraffic struct {
	class []served // by gateway.Class
}

// served counts the responses of one class.
type served struct {
	status [6]atomic.Uint64 // by the first digit; 0 = the client left before there was a status
	bytes  atomic.Uint64
	nanos  atomic.Uint64
	took   [len(latencies) + 1]atomic.Uint64
}

// count is called for every response, on the goroutine of its request.
func (t *traffic) count(e gateway.Event) {
	found, ok := t.apps.Load(e.AppID)
	if !ok {
		found, _ = t.apps.LoadOrStore(e.AppID, &appTraffic{make([]served, len(gateway.Classes()))})
	}
	s := &found.(*appTraffic).class[e.Class]
	s.status[digit(e.Status)].Add(1)
	s.bytes.Add(uint64(e.Bytes))
	s.nanos.Add(uint64(e.Duration))
	s.took[latency(e.Duration)].Add(1)
}

func digit(status int) int {
	if d := status / 100; d >= 1 && d <= 5 {
		return d
	}
	return 0
}

func latency(d time.Duration) int {
	s := d.Seconds()
	for i, upper := range latencies {
		if s <= upper {
			return i
		}
	}
	return len(latencies)
}

// forget drops the counts of removed apps, so that memory does not grow as apps come and go.
func (t *traffic) forget(exists map[string]string) {
	for id := range t.apps.Range {
		if _, ok := exists[id.(string)]; !ok && id != "" {
			t.apps.Delete(id)
		}
	}
}
