package applog

import (
	"context"
	"slices"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/journal"
)

// Query selects lines.
type Query struct {
	AppID string    // "" = lines of all apps written from now on
	Level string    // the lowest level; "" = all
	Since time.Time // no older lines; zero = no bound
	After int64     // only lines with a greater id
	Limit int       // the newest this many
}

// levels returns the levels from the lowest to the highest.
func levels() []string { return []string{"debug", "info", "warn", "error"} }

// CheckLevel returns an error if name is neither a level nor empty.
func CheckLevel(name string) error {
	if name != "" && !slices.Contains(levels(), name) {
		return errs.New(errs.Invalid, "unknown level %q; use debug, info, warn or error", name)
	}
	return nil
}

func (q Query) matches(l Line) bool {
	return (q.AppID == "" || q.AppID == l.AppID) && !l.Time.Before(q.Since) && l.ID > q.After &&
		slices.Index(levels(), l.Level) >= slices.Index(levels(), q.Level)
}

// Follow delivers lines from now on. The follower must be stopped.
func (l *Log) Follow(q Query) *journal.Follower[Line] { return l.Journal.Follow(q.matches) }

// Lines returns the newest lines of an app, oldest first, including those that are not stored yet.
func (l *Log) Lines(ctx context.Context, q Query) ([]Line, error) {
	lines, f, err := l.Tail(ctx, q)
	if err == nil {
		f.Stop()
	}
	return lines, err
}

// Tail returns Lines, and a follower that receives exactly those written afterwards. The follower must be stopped.
func (l *Log) Tail(ctx context.Context, q Query) ([]Line, *journal.Follower[Line], error) {
	lines, f, err := l.Journal.Tail(q.matches, func() ([]Line, error) { return l.stored(ctx, q) })
	return lines[max(0, len(lines)-q.Limit):], f, err
}

func (l *Log) stored(ctx context.Context, q Query) ([]Line, error) {
	lines := []Line{}
	wanted := [4]string{}
	copy(wanted[:], levels()[max(0, slices.Index(levels(), q.Level)):])
	err := l.config.DB.Read(ctx, func(c *database.Conn) error {
		return c.Each(`SELECT id, at, number, level, request_id, message FROM (
			SELECT * FROM app_log WHERE app_id = ? AND id > ? AND at >= ? AND level IN (?, ?, ?, ?) ORDER BY id DESC LIMIT ?) AS newest ORDER BY id`, func(r *database.Row) error {
			lines = append(lines, Line{ID: r.Int64(0), AppID: q.AppID, Time: r.Time(1), Number: r.Int(2), Level: r.Text(3), RequestID: r.Text(4), Message: r.Text(5)})
			return nil
		}, q.AppID, q.After, max(0, q.Since.UnixMilli()), wanted[0], wanted[1], wanted[2], wanted[3], q.Limit)
	})
	return lines, err
}
