package activity

import (
	"context"
	"slices"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// Query says which lines.
type Query struct {
	AppID string    // "" = of all apps, of those written from now on
	Level string    // the least level; "" = every one
	Since time.Time // not older; zero = however old
	After int64     // only lines with a greater id
	Limit int       // the newest so many
}

// levels from the least to the gravest.
func levels() []string { return []string{"debug", "info", "warn", "error"} }

// CheckLevel says whether there is a level called name.
func CheckLevel(name string) error {
	if name != "" && !slices.Contains(levels(), name) {
		return errs.New(errs.Invalid, "there is no level %q; there are debug, info, warn and error", name)
	}
	return nil
}

func (q Query) matches(l Line) bool {
	return (q.AppID == "" || q.AppID == l.AppID) && !l.Time.Before(q.Since) && l.ID > q.After &&
		slices.Index(levels(), l.Level) >= slices.Index(levels(), q.Level)
}

// Follow delivers lines from now on, until Stop is called.
func (a *AppLog) Follow(q Query) *Follower[Line] {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.follow(q.matches)
}

// Lines are the newest lines of an app, oldest first, also those that are not stored yet.
func (a *AppLog) Lines(ctx context.Context, q Query) ([]Line, error) {
	lines, f, err := a.Tail(ctx, q)
	if err == nil {
		f.Stop()
	}
	return lines, err
}

// Tail is Lines, and a follower that gets exactly those written afterwards. It must be stopped.
func (a *AppLog) Tail(ctx context.Context, q Query) ([]Line, *Follower[Line], error) {
	lines, f, err := a.tail(q.matches, func() ([]Line, error) { return a.stored(ctx, q) })
	return lines[max(0, len(lines)-q.Limit):], f, err
}

func (a *AppLog) stored(ctx context.Context, q Query) ([]Line, error) {
	lines := []Line{}
	graver := levels()[max(0, slices.Index(levels(), q.Level)):]
	least := [4]string{}
	copy(least[:], graver)
	err := a.db.Read(ctx, func(c *database.Conn) error {
		return c.Each(`SELECT id, at, number, level, request_id, message FROM (
			SELECT * FROM app_log WHERE app_id = ? AND id > ? AND at >= ? AND level IN (?, ?, ?, ?) ORDER BY id DESC LIMIT ?) AS newest ORDER BY id`, func(r *database.Row) error {
			lines = append(lines, Line{ID: r.Int64(0), AppID: q.AppID, Time: r.Time(1), Number: r.Int(2), Level: r.Text(3), RequestID: r.Text(4), Message: r.Text(5)})
			return nil
		}, q.AppID, q.After, max(0, q.Since.UnixMilli()), least[0], least[1], least[2], least[3], q.Limit)
	})
	return lines, err
}
