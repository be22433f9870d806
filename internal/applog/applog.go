// Package applog is the console output of apps.
package applog

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"fazt/internal/database"
	"fazt/internal/journal"
)

// Line is one line of an app's console.
type Line struct {
	ID        int64     `json:"id"` // given by Record; sorts by time
	AppID     string    `json:"app_id"`
	Number    int       `json:"number"` // of the deployment
	Level     string    `json:"level"`  // debug, info, warn, error
	RequestID string    `json:"request_id"`
	Message   string    `json:"message"`
	Time      time.Time `json:"time"`
}

// Config configures the console output of apps.
type Config struct {
	DB   *database.DB
	Keep func(appID string) int // newest lines kept of an app
	Rate func(appID string) int // lines of an app taken in a second
	Age  func() time.Duration   // how long lines are kept; 0 = for ever
	Log  *slog.Logger
}

// Log is the console output of all apps.
type Log struct {
	*journal.Journal[Line]
	config Config

	mu      sync.Mutex
	apps    map[string]*second
	dropped uint64 // lines above the rate of their app
}

// second is what an app wrote within one second.
type second struct {
	began   time.Time
	lines   int
	dropped int
	number  int // of the deployment that wrote last
}

// Open opens the console output in a database.
func Open(ctx context.Context, c Config) (l *Log, err error) {
	l = &Log{config: c, apps: map[string]*second{}}
	l.Journal, err = journal.Open(ctx, journal.Config[Line]{
		DB: c.DB, Table: journal.Table{Name: "app_log", Owner: "app_id", Order: "id"}, What: "console lines", Log: c.Log, Visitors: true,
		Number: func(line *Line, number int64) { line.ID = number },
		Owner:  func(line Line) string { return line.AppID },
		Insert: insertLine, Keep: c.Keep, MaxAge: c.Age, Tick: l.endSeconds,
	})
	return l, err
}

func insertLine(tx *database.Tx, l Line) error {
	// If the app has been removed, nothing is inserted.
	return tx.Exec(`INSERT INTO app_log (id, app_id, at, number, level, request_id, message)
		SELECT ?, id, ?, ?, ?, ?, ? FROM apps WHERE id = ?`, l.ID, l.Time, l.Number, l.Level, l.RequestID, l.Message, l.AppID)
}

// Record takes a line and returns at once. A line with an unknown level becomes an info line.
func (l *Log) Record(line Line) {
	if line.Level == "" || CheckLevel(line.Level) != nil {
		line.Level = "info"
	}
	now := time.Now()
	if line.Time.IsZero() {
		line.Time = now
	}
	limit := l.config.Rate(line.AppID)
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.apps[line.AppID]
	if s == nil {
		s = &second{began: now}
		l.apps[line.AppID] = s
	} else if now.Sub(s.began) >= time.Second {
		l.endSecond(line.AppID, s)
		*s = second{began: now}
	}
	s.lines, s.number = s.lines+1, line.Number
	if s.lines > limit {
		s.dropped++
		l.dropped++
	} else if !l.Journal.Record(line) {
		s.dropped++
	}
}

// endSecond tells in the app's log how many lines are missing. mu is held.
func (l *Log) endSecond(app string, s *second) {
	if s.dropped == 0 {
		return
	}
	text := fmt.Sprintf("(%d lines are missing here: the app wrote %d within a second, and at most %d are kept)", s.dropped, s.lines, s.lines-s.dropped)
	l.Journal.Record(Line{AppID: app, Number: s.number, Level: "warn", Time: time.Now(), Message: text})
}

// endSeconds ends the seconds that are over, so that the missing lines are reported even if the app writes no more.
func (l *Log) endSeconds() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for app, s := range l.apps {
		if time.Since(s.began) >= time.Second {
			l.endSecond(app, s)
			delete(l.apps, app)
		}
	}
}

// Dropped returns how many lines were dropped: above the rate of their app, or faster than the disk takes them.
func (l *Log) Dropped() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped + l.Journal.Dropped()
}
