package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// sample is what one run of wrk found.
type sample struct {
	PerSecond float64       `json:"per_second"`
	P50       time.Duration `json:"p50_ns"`
	P99       time.Duration `json:"p99_ns"`
}

// drive lets wrk repeat one request for d. An answer that is not 2xx or 3xx, or a broken connection, is an error:
// a fast refusal is not throughput.
func (b *bench) drive(ctx context.Context, p *process, t target, d time.Duration) (sample, error) {
	args := []string{
		"--threads", "2", "--connections", strconv.Itoa(b.Connections), "--latency",
		"--duration", fmt.Sprintf("%ds", max(1, int(d.Seconds()))),
		"--header", "Accept-Encoding: " + t.acceptEncoding(),
	}
	if t.host != "" {
		args = append(args, "--header", "Host: "+t.host)
	}
	out, err := exec.CommandContext(ctx, "wrk", append(args, "http://"+p.addr+t.path)...).CombinedOutput()
	if err != nil {
		return sample{}, fmt.Errorf("wrk on %s: %w: %s", p.name, err, out)
	}
	s, err := parseWrk(string(out))
	if err != nil {
		return sample{}, fmt.Errorf("wrk on %s %s: %w", p.name, t.path, err)
	}
	return s, nil
}

var (
	wrkRate   = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	wrkP50    = regexp.MustCompile(`\s50%\s+([0-9.]+[a-z]+)`)
	wrkP99    = regexp.MustCompile(`\s99%\s+([0-9.]+[a-z]+)`)
	wrkErrors = regexp.MustCompile(`(Non-2xx or 3xx responses|Socket errors): .*`)
)

// parseWrk reads what wrk 4 prints with --latency.
func parseWrk(out string) (sample, error) {
	if bad := wrkErrors.FindString(out); bad != "" {
		return sample{}, fmt.Errorf("%s", bad)
	}
	rate, p50, p99 := wrkRate.FindStringSubmatch(out), wrkP50.FindStringSubmatch(out), wrkP99.FindStringSubmatch(out)
	if rate == nil || p50 == nil || p99 == nil {
		return sample{}, fmt.Errorf("cannot read %q", out)
	}
	var s sample
	var err error
	if s.PerSecond, err = strconv.ParseFloat(rate[1], 64); err != nil {
		return sample{}, err
	}
	if s.P50, err = time.ParseDuration(p50[1]); err != nil {
		return sample{}, err
	}
	s.P99, err = time.ParseDuration(p99[1])
	return s, err
}
