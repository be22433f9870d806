package main

import (
	"bufio"
	"strings"
	"testing"
	"time"
)

func TestResponsesAreReadOneAfterAnother(t *testing.T) {
	in := bufio.NewReader(strings.NewReader("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\ncontent-length: 0\r\n\r\nnonsense\r\n"))
	for _, want := range []int{200, 503} {
		if got, err := readAnswer(in); err != nil || got != want {
			t.Fatalf("%d %v, want %d", got, err, want)
		}
	}
	if _, err := readAnswer(in); err == nil {
		t.Error("nonsense was read")
	}
}

func TestQuantiles(t *testing.T) {
	var of []time.Duration
	for n := range 100 {
		of = append(of, time.Duration(99-n))
	}
	if p50, p99 := quantiles(of); p50 != 50 || p99 != 99 {
		t.Errorf("%d %d", p50, p99)
	}
	if p50, p99 := quantiles(nil); p50 != 0 || p99 != 0 {
		t.Errorf("%d %d of nothing", p50, p99)
	}
}
