package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	sqlBig     = "WITH b(x, y) AS (SELECT replace(hex(zeroblob(500000)), '0', 'a'), replace(hex(zeroblob(250000)), '0', 'a') || 'b') "
	sqlEndless = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) "
)

// hostileSQL lists statements, each after its name.
func hostileSQL() [][2]string {
	times := func(n int, text, between string) string {
		return strings.TrimSuffix(strings.Repeat(text+between, n), between)
	}
	return [][2]string{
		{"1,900 columns of randomblob", "SELECT " + times(1900, "randomblob(1000000)", ",")},
		{"450 columns of randomblob", "SELECT " + times(450, "randomblob(1000000)", ",")},
		{"arguments of randomblob", "SELECT max(" + times(120, "randomblob(1000000)", ",") + ")"},
		{"instr of megabytes", sqlBig + "SELECT " + times(400, "instr(x, y)", "+") + " FROM b"},
		{"like of megabytes", sqlBig + "SELECT " + times(190, "(x LIKE '%"+strings.Repeat("a", 250)+"b')", "+") + " FROM b"},
		{"json_group_array without end", sqlEndless + "SELECT json_group_array(hex(zeroblob(1000))) FROM c"},
		{"a sort without end", sqlEndless + "SELECT randomblob(900000) FROM c ORDER BY 1"},
		{"a join without end", "SELECT count(*) FROM " + times(12, "sqlite_schema", ",")},
		{"a write without end", sqlEndless + "INSERT INTO settings SELECT i, hex(zeroblob(10000)), 1, '' FROM c"},
	}
}

// attackSQL runs statements one after the other through the server and watches its memory.
func attackSQL(ctx context.Context, l *lab) error {
	i, err := l.start(ctx, "")
	if err != nil {
		return err
	}
	if err := l.deploy(ctx, i, "site", "index.html", "hello"); err != nil {
		return err
	}
	before := i.rss()
	var faults []error
	for n, hostile := range hostileSQL() {
		file := filepath.Join(l.dir, fmt.Sprintf("statement%d.sql", n))
		if err := os.WriteFile(file, []byte(hostile[1]), 0o600); err != nil {
			return err
		}
		args := []string{"sql", "--file", file}
		if strings.Contains(hostile[1], "INSERT") {
			args = append(args, "--write")
		}
		peak, stop := i.watchMemory()
		begun := time.Now()
		out, err := l.cli(ctx, i.db, args...)
		took := time.Since(begun)
		stop()
		verdict := "result, " + fmt.Sprint(len(out)) + " bytes"
		if err != nil {
			_, verdict, _ = strings.Cut(err.Error(), "exit status ")
		}
		l.note(hostile[0], "%.1f s, +%d MB, %.60s", took.Seconds(), (*peak-before)>>20, strings.TrimSpace(verdict))
		if took > 10*time.Second || *peak-before > 100<<20 || !i.alive() {
			faults = append(faults, fmt.Errorf("%s: %v, %d MB more", hostile[0], took, (*peak-before)>>20))
		}
	}
	l.note("resident memory before, after", "%d MB, %d MB", before>>20, i.rss()>>20)
	return errors.Join(faults...)
}

// watchMemory records an instance's peak resident memory until stop is called.
func (i *instance) watchMemory() (peak *int64, stop func()) {
	most, done, ended := i.rss(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
				most = max(most, i.rss())
			}
		}
	}()
	return &most, func() { close(done); <-ended }
}
