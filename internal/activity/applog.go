package activity

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"fazt/internal/database"
)

// Line is one line of an app's console.
type Line struct {
	ID        int64     `json:"id"` // given by Write; sorts
	AppID     string    `json:"app_id"`
	Number    int       `json:"number"` // of the deployment
	Level     string    `json:"level"`  // debug, info, warn, error
	RequestID string    `json:"request_id"`
	Message   string    `json:"message"`
	Time      time.Time `json:"time"`
}

// AppLogConfig is what the console output of apps works with.
type AppLogConfig struct {
	DB   *database.DB
	Keep func(appID string) int // newest lines kept of an app
	Rate func(appID string) int // lines of an app taken in a second
	Age  func() time.Duration   // how long lines are kept; 0 = for ever
	Log  *slog.Logger
}

// AppLog is the console output of all apps.
type AppLog struct {
	sink[Line]
	config    AppLogConfig
	retention retention
	apps      map[string]*second // guarded by mu
	dropped   uint64             // guarded by mu
}

// second is what an app wrote within one.
type second struct {
	began   time.Time
	lines   int
	dropped int
	number  int // of the deployment that wrote last
}

// OpenAppLog is the console output stored in a database.
func OpenAppLog(ctx context.Context, c AppLogConfig) (*AppLog, error) {
	a := &AppLog{config: c, apps: map[string]*second{}, retention: retention{
		count:  "SELECT count(*) FROM app_log WHERE app_id = ?",
		excess: "DELETE FROM app_log WHERE id IN (SELECT id FROM app_log WHERE app_id = ? ORDER BY id LIMIT ?)",
		aged:   "DELETE FROM app_log WHERE id IN (SELECT id FROM app_log WHERE id < ? ORDER BY id LIMIT ?) RETURNING app_id",
		keep:   c.Keep, age: c.Age,
	}}
	a.sink = sink[Line]{db: c.DB, log: c.Log, what: "console lines", visitors: true, tick: a.endSeconds, store: a.insert, idle: a.retention.idle}
	a.retention.begin()
	last, err := newest(ctx, c.DB, "SELECT max(id) FROM app_log")
	a.begin(last)
	return a, err
}

func newest(ctx context.Context, db *database.DB, sql string) (last int64, err error) {
	err = db.Read(ctx, func(c *database.Conn) error {
		_, err := c.First(sql, func(r *database.Row) { last = r.Int64(0) })
		return err
	})
	return last, err
}

// Write takes a line and returns at once. Levels that are none become info.
func (a *AppLog) Write(l Line) {
	switch l.Level {
	case "debug", "info", "warn", "error":
	default:
		l.Level = "info"
	}
	now := time.Now()
	if l.Time.IsZero() {
		l.Time = now
	}
	most := a.config.Rate(l.AppID)
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.apps[l.AppID]
	if s == nil {
		s = &second{began: now}
		a.apps[l.AppID] = s
	} else if now.Sub(s.began) >= time.Second {
		a.endSecond(l.AppID, s)
		*s = second{began: now}
	}
	s.lines, s.number = s.lines+1, l.Number
	if s.lines > most || !a.take(l) {
		s.dropped++
		a.dropped++
	}
}

// take numbers a line and puts it into the buffer. The lock is held.
func (a *AppLog) take(l Line) bool {
	l.ID = a.number()
	return a.offer(l)
}

// RemoveLeftovers removes the lines of an app that is not there.
func (a *AppLog) RemoveLeftovers(ctx context.Context, app string) error {
	return a.db.RemoveLeftovers(ctx, "app_log", "id", app)
}

// endSecond says in the app's log how much of it is missing. The lock is held.
func (a *AppLog) endSecond(app string, s *second) {
	if s.dropped == 0 {
		return
	}
	text := fmt.Sprintf("(%d lines are missing here: the app wrote %d within a second, and at most %d are kept)", s.dropped, s.lines, s.lines-s.dropped)
	a.take(Line{AppID: app, Number: s.number, Level: "warn", Time: time.Now(), Message: text})
}

// endSeconds ends those that are over, so that what is missing is told of though the app writes no more.
func (a *AppLog) endSeconds() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for app, s := range a.apps {
		if time.Since(s.began) >= time.Second {
			a.endSecond(app, s)
			delete(a.apps, app)
		}
	}
}

// Dropped is how many lines were not stored: their app wrote too many, or all apps together more than the disk takes.
func (a *AppLog) Dropped() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.dropped
}

// insert stores lines and removes those that are too many or too old.
func (a *AppLog) insert(tx *database.Tx, lines []Line) error {
	return a.retention.store(tx, len(lines), func(i int) (string, error) {
		l := lines[i]
		// The app may have been removed since; then there is nobody to keep the line for.
		return l.AppID, tx.Exec(`INSERT INTO app_log (id, app_id, at, number, level, request_id, message)
			SELECT ?, id, ?, ?, ?, ?, ? FROM apps WHERE id = ?`, l.ID, l.Time, l.Number, l.Level, l.RequestID, l.Message, l.AppID)
	})
}
