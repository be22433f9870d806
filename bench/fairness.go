package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Visitors of the app whose latency is measured: few, arriving at random times, as for an ordinary app.
const (
	visitorConnections = 4
	visitorRate        = 100 // per second, in total
)

// neighbor is an app that hogs the processors.
type neighbor struct{ name, code string }

var neighbors = []neighbor{
	{"an endless loop", source("spin")},
	{"fib(27)", source("fib")},
	{"5 ms of computing", workApp},
}

// fairness measures how long visitors of one app wait for a response, first alone and then while another app is kept
// busy over many connections with requests that use all the processor time they get.
func fairness(ctx context.Context, o Options, length time.Duration) error {
	b, done, err := begin(o)
	if err != nil {
		return err
	}
	defer done()
	rows := [][]string{{"next to an app with", "idle p50, p99", "next to it p50, p99", "p99 / idle", "not served", "neighbor's good responses"}}
	for n, bad := range neighbors {
		note("%s", bad.name)
		row, err := b.alongside(ctx, fmt.Sprintf("fairness-%d.db", n), bad, length)
		if err != nil {
			return fmt.Errorf("%s: %w", bad.name, err)
		}
		rows = append(rows, row)
	}
	head := fmt.Sprintf("%d connections of the neighbor; %d requests a second to the app, for %s; load at the end: %s.\n\n", b.Connections, visitorRate, length, load())
	fmt.Print(head + plain(rows))
	return os.WriteFile(filepath.Join(b.Out, "fairness.md"), []byte(head+markdown(rows)), 0o644)
}

// alongside measures one neighbor on its own instance, alternating between idle and busy rounds.
func (b *bench) alongside(ctx context.Context, file string, bad neighbor, length time.Duration) ([]string, error) {
	db := filepath.Join(b.work, file)
	for name, code := range map[string]string{"good": helloApp, "bad": bad.code} {
		if _, err := b.deploy(ctx, db, name, map[string]string{"index.html": "<h1>hi</h1>", "api/main.js": code}); err != nil {
			return nil, err
		}
	}
	fazt, err := b.startFazt(ctx, db)
	if err != nil {
		return nil, err
	}
	defer fazt.stop()
	good := target{host: hostOn("good", fazt.addr), path: "/api/hello"}
	if _, _, err := fazt.answer(ctx, good); err != nil {
		return nil, err
	}
	var idle, busy []time.Duration
	lost, served := 0, 0
	for range b.Rounds {
		alone, err := ask(ctx, fazt.addr, good, visitorConnections, visitorRate, length)
		if err != nil {
			return nil, err
		}
		idle = append(idle, alone.took[200]...)
		crowd, leave := context.WithCancel(ctx)
		gone := make(chan answers)
		go func() {
			a, _ := ask(crowd, fazt.addr, target{host: hostOn("bad", fazt.addr), path: "/api/x"}, b.Connections, 0, time.Hour) // they need not succeed
			gone <- a
		}()
		time.Sleep(length / 4) // until it is busy
		loaded, err := ask(ctx, fazt.addr, good, visitorConnections, visitorRate, length)
		leave()
		served += (<-gone).good()
		if err != nil && loaded.all() == 0 {
			return nil, errors.Join(err, ctx.Err())
		}
		busy = append(busy, loaded.took[200]...)
		lost += loaded.all() - loaded.good()
		if err := b.quiet(ctx, fazt, good); err != nil {
			return nil, err
		}
	}
	idle50, idle99 := quantiles(idle)
	p50, p99 := quantiles(busy)
	return []string{bad.name, short(idle50) + ", " + short(idle99), short(p50) + ", " + short(p99),
		strings.TrimSuffix(fmt.Sprintf("%.1f", float64(p99)/float64(idle99)), ".0"), strconv.Itoa(lost), strconv.Itoa(served)}, nil
}

// quiet waits until the neighbor's invocations have ended: until the app responds quickly ten times in a row.
func (b *bench) quiet(ctx context.Context, p *process, t target) error {
	for deadline, row := time.Now().Add(30*time.Second), 0; row < 10; row++ {
		began := time.Now()
		if _, _, err := p.answer(ctx, t); err != nil {
			return err
		}
		if time.Since(began) > 3*time.Millisecond && time.Now().Before(deadline) {
			row = 0
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}
