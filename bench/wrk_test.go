package main

import (
	"testing"
	"time"
)

const wrkOutput = `Running 2s test @ http://127.0.0.1:4698/app.css
  2 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.26ms    2.50ms  38.11ms   88.62%
    Req/Sec    18.02k     2.31k   23.10k    67.50%
  Latency Distribution
     50%  587.00us
     75%    3.05ms
     90%    5.42ms
     99%   11.73ms
  71812 requests in 2.01s, 20.34MB read
Requests/sec:  35721.50
Transfer/sec:     10.12MB
`

func TestWrkOutputIsRead(t *testing.T) {
	got, err := parseWrk(wrkOutput)
	if err != nil {
		t.Fatal(err)
	}
	want := sample{PerSecond: 35721.5, P50: 587 * time.Microsecond, P99: 11730 * time.Microsecond}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRefusalsAreNotThroughput(t *testing.T) {
	got, err := parseWrk(wrkOutput + "  Non-2xx or 3xx responses: 35906\n") // half of them
	if err != nil {
		t.Fatal(err)
	}
	if want := 35721.5 / 2; got.Refused != 0.5 || got.PerSecond != want {
		t.Errorf("got %+v, want half refused and %v a second", got, want)
	}
}

func TestBrokenConnectionsAreAnError(t *testing.T) {
	if _, err := parseWrk(wrkOutput + "  Socket errors: connect 0, read 3, write 0, timeout 0\n"); err == nil {
		t.Error("no error")
	}
}
