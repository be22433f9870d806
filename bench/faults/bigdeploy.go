package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	bigFiles = 20_000
	bigKeys  = 100_000

	// waitTimes is by which factor a visitor's write may be slower during large work of the owner; waitOften and
	// waitMost are what the 99th percentile and the longest may take in any case, on a busy machine.
	waitTimes = 3
	waitOften = 250 * time.Millisecond
	waitMost  = 400 * time.Millisecond
)

// attackBigDeploy does all the large work an owner can do at once while visitors of another app store values.
func attackBigDeploy(ctx context.Context, l *lab) error {
	i, err := l.start(ctx, "")
	if err != nil {
		return err
	}
	for _, name := range []string{"visited", "big"} {
		if err := l.deploy(ctx, i, name, "api/main.js", counters, "index.html", "hi"); err != nil {
			return err
		}
	}
	if err := l.manyKeys(ctx, i); err != nil {
		return err
	}
	first, err := l.manyFiles("first", "first")
	if err != nil {
		return err
	}
	second, err := l.manyFiles("second", "second")
	if err != nil {
		return err
	}
	for limit, value := range map[string]string{"storage.max_site_files": "30000", "storage.keep_deployments": "2"} {
		if _, err := l.cli(ctx, i.db, "limits", "set", limit, value); err != nil {
			return err
		}
	}
	idle, err := l.waits(ctx, i, func() error { return wait(ctx, 6*time.Second) })
	if err != nil {
		return err
	}
	l.noteWaits("nothing", idle)
	bad := []string{}
	for _, work := range []struct {
		what string
		args []string
	}{
		{"deploy of 20,000 files", []string{"app", "deploy", first, "--name", "big"}},
		{"deploy of 20,000 others", []string{"app", "deploy", second, "--name", "big"}},
		{"deploy of 20,000 files again", []string{"app", "deploy", first, "--name", "big"}}, // removes the first deployment
		{"rollback", []string{"app", "rollback", "big"}},
		{"fork with 100,000 values", []string{"app", "fork", "big", "copy", "--with-data"}},
		{"removal of the fork", []string{"app", "remove", "copy", "--yes"}},
		{"removal of the app", []string{"app", "remove", "big", "--yes"}},
	} {
		waits, err := l.waits(ctx, i, func() error {
			_, err := l.cli(ctx, i.db, work.args...)
			return errors.Join(err, wait(ctx, 3*time.Second)) // for background work
		})
		if err != nil {
			return fmt.Errorf("%s: %w", work.what, err)
		}
		l.noteWaits(work.what, waits)
		if waits.p99() > max(waitTimes*idle.p99(), waitOften) || waits.longest() > max(waitTimes*idle.longest(), waitMost) {
			bad = append(bad, work.what)
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("visitors waited too long during: %q", bad)
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// manyKeys fills the large app with values and log lines, a few thousand per statement: each statement has five
// seconds.
func (l *lab) manyKeys(ctx context.Context, i *instance) error {
	const step = 20_000
	for from := 0; from < bigKeys; from += step {
		numbers := fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", from, from+step-1)
		for _, insert := range []string{
			"INSERT INTO kv (app_id, key, value, updated_at) SELECT id, 'key' || i, '\"' || hex(randomblob(50)) || '\"', 0 FROM n, apps WHERE name = 'big'",
			"INSERT INTO app_log (app_id, at, number, level, message) SELECT id, 0, 1, 'info', hex(randomblob(50)) FROM n, apps WHERE name = 'big'",
		} {
			if _, err := l.cli(ctx, i.db, "sql", "--write", numbers+insert); err != nil {
				return err
			}
		}
	}
	return nil
}

// manyFiles writes a folder of pages with unique contents.
func (l *lab) manyFiles(name, mark string) (dir string, err error) {
	dir = filepath.Join(l.dir, name)
	for n := range bigFiles {
		folder := filepath.Join(dir, fmt.Sprint(n%200))
		if n < 200 {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return "", err
			}
		}
		page := fmt.Sprintf("<!doctype html><title>%s %d</title><p>%0600d", mark, n, n)
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.html", n)), []byte(page), 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// times are sorted waiting times of visitors.
type times []time.Duration

func (t times) p99() time.Duration     { return t[len(t)*99/100] }
func (t times) longest() time.Duration { return t[len(t)-1] }

func (l *lab) noteWaits(work string, t times) {
	l.note("a visitor's write during "+work, "p50 %.1f ms, p99 %.1f ms, longest %.0f ms of %d",
		ms(t[len(t)/2]), ms(t.p99()), ms(t.longest()), len(t))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// waits lets two visitors store values, a hundred per second, while work runs.
func (l *lab) waits(ctx context.Context, i *instance, work func() error) (all times, err error) {
	visiting, stop := context.WithCancel(ctx)
	defer stop()
	var mu sync.Mutex
	var visitors sync.WaitGroup
	for v := range 2 {
		visitors.Go(func() {
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for n := 0; visiting.Err() == nil; n++ {
				began := time.Now()
				status, body, asked := l.ask(ctx, i, http.MethodPost, "visited", fmt.Sprintf("/api/x?n=%d", v*1000+n%1000))
				mu.Lock()
				all = append(all, time.Since(began))
				if asked != nil || status != http.StatusOK || body != "ok" {
					err = errors.Join(err, fmt.Errorf("a visitor's write: %d %.200s (%w)", status, body, asked))
					stop()
				}
				mu.Unlock()
				<-tick.C
			}
		})
	}
	worked := work()
	stop()
	visitors.Wait()
	slices.Sort(all)
	return all, errors.Join(err, worked)
}
