package database

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// BenchmarkDurableWrites compares group commit with one transaction per write, on files in the same directory, for 1,
// 16 and 64 callers. A write counts once it is on the disk.
func BenchmarkDurableWrites(b *testing.B) {
	upsert := func(tx *Tx, n int64) error {
		return tx.Exec(`INSERT INTO settings (name, value, updated_at) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, fmt.Sprint(n%1000), "a value of some length, as settings have", time.UnixMilli(n))
	}
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("group_commit/callers=%d", callers), func(b *testing.B) {
			db := open(b, Config{})
			spread(b, callers, func(n int64) error {
				return db.Write(context.Background(), func(tx *Tx) error { return upsert(tx, n) })
			})
			s := db.Stats()
			b.ReportMetric(float64(s.Writes)/float64(s.Commits), "writes/commit")
		})
		b.Run(fmt.Sprintf("transaction_each/callers=%d", callers), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "data.db")
			db, err := Open(b.Context(), Config{Path: path})
			if err != nil {
				b.Fatal(err)
			}
			db.Close()
			conn, err := openWriter(Config{Path: path})
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			turn := make(chan struct{}, 1) // one connection, one transaction for each write
			spread(b, callers, func(n int64) error {
				turn <- struct{}{}
				defer func() { <-turn }()
				if err := conn.Begin(); err != nil {
					return err
				}
				if err := upsert(&Tx{&Conn{onSQLite{conn}}}, n); err != nil {
					return err
				}
				return conn.Commit()
			})
		})
	}
}

// spread runs fn b.N times from the given number of goroutines.
func spread(b *testing.B, callers int, fn func(n int64) error) {
	b.Helper()
	b.ReportAllocs()
	var next atomic.Int64
	var g errgroup.Group
	b.ResetTimer()
	for range callers {
		g.Go(func() error {
			for {
				n := next.Add(1)
				if n > int64(b.N) {
					return nil
				}
				if err := fn(n); err != nil {
					return err
				}
			}
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

// BenchmarkRead measures a point select through the pool.
func BenchmarkRead(b *testing.B) {
	db := open(b, Config{})
	if err := db.Write(b.Context(), set("a", "1")); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			err := db.Read(context.Background(), func(c *Conn) error {
				_, err := c.First("SELECT value FROM settings WHERE name = ?", func(r *Row) { _ = r.Text(0) }, "a")
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
