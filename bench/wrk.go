package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// sample is the result of one run of wrk.
type sample struct {
	PerSecond float64       `json:"per_second"` // 2xx and 3xx responses
	Refused   float64       `json:"refused"`    // share of other responses: a fast refusal is not throughput
	P50       time.Duration `json:"p50_ns"`
	P99       time.Duration `json:"p99_ns"`
}

// drive makes wrk repeat one request for d. A broken connection is an error.
func (b *bench) drive(ctx context.Context, p *process, t target, d time.Duration) (sample, error) {
	args := []string{
		"--threads", "2", "--connections", strconv.Itoa(b.Connections), "--latency",
		"--duration", fmt.Sprintf("%ds", max(1, int(d.Seconds()))),
		"--header", "Accept-Encoding: " + t.acceptEncoding(),
	}
	if t.host != "" {
		args = append(args, "--header", "Host: "+t.host)
	}
	return b.wrk(ctx, p, append(args, "http://"+p.addr+t.path))
}

// wrk runs wrk against p.
func (b *bench) wrk(ctx context.Context, p *process, args []string) (sample, error) {
	out, err := exec.CommandContext(ctx, "wrk", args...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return sample{}, errors.New("wrk generates the load and is not installed; run `apt-get install wrk`")
	}
	if err != nil {
		return sample{}, fmt.Errorf("wrk on %s: %w: %s", p.name, err, out)
	}
	s, err := parseWrk(string(out))
	if err != nil {
		return sample{}, fmt.Errorf("wrk %s on %s: %w", strings.Join(args, " "), p.name, err)
	}
	return s, nil
}

var (
	wrkRate    = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	wrkP50     = regexp.MustCompile(`\s50%\s+([0-9.]+[a-z]+)`)
	wrkP99     = regexp.MustCompile(`\s99%\s+([0-9.]+[a-z]+)`)
	wrkTotal   = regexp.MustCompile(`([0-9]+) requests in `)
	wrkRefused = regexp.MustCompile(`Non-2xx or 3xx responses: ([0-9]+)`)
	wrkBroken  = regexp.MustCompile(`Socket errors: .*`)
)

// parseWrk parses the output of wrk 4 with --latency.
func parseWrk(out string) (sample, error) {
	if broken := wrkBroken.FindString(out); broken != "" {
		return sample{}, errors.New(broken)
	}
	found := map[*regexp.Regexp]string{wrkRefused: "0"}
	for _, pattern := range []*regexp.Regexp{wrkRate, wrkP50, wrkP99, wrkTotal, wrkRefused} {
		if match := pattern.FindStringSubmatch(out); match != nil {
			found[pattern] = match[1]
		} else if pattern != wrkRefused {
			return sample{}, fmt.Errorf("cannot read %q", out)
		}
	}
	rate, err1 := strconv.ParseFloat(found[wrkRate], 64)
	total, err2 := strconv.ParseFloat(found[wrkTotal], 64)
	refused, err3 := strconv.ParseFloat(found[wrkRefused], 64)
	p50, err4 := time.ParseDuration(found[wrkP50])
	p99, err5 := time.ParseDuration(found[wrkP99])
	share := refused / max(total, 1)
	return sample{PerSecond: rate * (1 - share), Refused: share, P50: p50, P99: p99}, errors.Join(err1, err2, err3, err4, err5)
}
