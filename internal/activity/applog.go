// Package activity records what happened, without ever holding up what is happening: lines go into a bounded buffer,
// a writer stores them in batches, and what does not fit is dropped and counted.
package activity

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"fazt/internal/database"
)

const (
	bufferLines = 4096                   // lines that may wait to be stored
	flushEvery  = 500 * time.Millisecond // how old an unstored line gets
	pruneEvery  = 500                    // lines of one app after which its oldest are looked at again
)

// Line is one line of an app's console.
type Line struct {
	AppID     string    `json:"app_id"`
	Number    int       `json:"number"` // of the deployment
	Level     string    `json:"level"`  // debug, info, warn, error
	RequestID string    `json:"request_id"`
	Message   string    `json:"message"`
	Time      time.Time `json:"time"`
}

// AppLog is the console output of all apps.
type AppLog struct {
	db   *database.DB
	keep func(appID string) int // newest lines kept of an app
	log  *slog.Logger

	storing sync.Mutex // held while lines are on their way from the buffer to the disk

	mu      sync.Mutex
	buffer  []Line
	dropped uint64
	full    chan struct{} // holds a token when the buffer is half full
	watch   map[*Follower]struct{}
	written map[string]int // lines of each app since its oldest were last removed
}

// NewAppLog stores lines in db, and of each app the newest keep().
func NewAppLog(db *database.DB, keep func(appID string) int, log *slog.Logger) *AppLog {
	return &AppLog{db: db, keep: keep, log: log, full: make(chan struct{}, 1), watch: map[*Follower]struct{}{}, written: map[string]int{}}
}

// Write takes a line and returns at once. Levels that are none become info.
func (a *AppLog) Write(l Line) {
	switch l.Level {
	case "debug", "info", "warn", "error":
	default:
		l.Level = "info"
	}
	if l.Time.IsZero() {
		l.Time = time.Now()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for f := range a.watch {
		f.offer(l)
	}
	if len(a.buffer) >= bufferLines {
		a.dropped++
		return
	}
	a.buffer = append(a.buffer, l)
	if len(a.buffer) == bufferLines/2 {
		select {
		case a.full <- struct{}{}:
		default:
		}
	}
}

// Dropped is how many lines were not stored because they came faster than the disk takes them.
func (a *AppLog) Dropped() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.dropped
}

// Run stores lines until ctx ends, then stores what is left.
func (a *AppLog) Run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return a.Flush(context.WithoutCancel(ctx))
		case <-tick.C:
		case <-a.full:
		}
		if err := a.Flush(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("app log lines could not be stored", "error", err)
		}
	}
}

// Flush stores what is waiting and returns when it is on the disk.
func (a *AppLog) Flush(ctx context.Context) error {
	a.storing.Lock()
	defer a.storing.Unlock()
	a.mu.Lock()
	lines := a.buffer
	a.buffer = nil
	a.mu.Unlock()
	if len(lines) == 0 {
		return nil
	}
	return a.db.Write(ctx, func(tx *database.Tx) error {
		for _, l := range lines {
			// The app may have been removed since; then there is nobody to keep the line for.
			err := tx.Exec(`INSERT INTO app_log (app_id, at, number, level, request_id, message)
				SELECT id, ?, ?, ?, ?, ? FROM apps WHERE id = ?`, l.Time, l.Number, l.Level, l.RequestID, l.Message, l.AppID)
			if err != nil {
				return err
			}
			a.written[l.AppID]++
		}
		return a.prune(tx)
	})
}

// prune removes the oldest lines of apps that wrote a good many since the last time.
func (a *AppLog) prune(tx *database.Tx) error {
	for app, n := range a.written {
		if n < pruneEvery {
			continue
		}
		delete(a.written, app)
		err := tx.Exec(`DELETE FROM app_log WHERE app_id = ?1 AND id <= (
			SELECT id FROM app_log WHERE app_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)`, app, a.keep(app))
		if err != nil {
			return err
		}
	}
	return nil
}
