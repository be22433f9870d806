package activity

import (
	"context"
	"slices"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// followLines is how many lines a follower may be behind.
const followLines = 256

// Query says which lines.
type Query struct {
	AppID string    // "" = of all apps, of those written from now on
	Level string    // the least level; "" = every one
	Since time.Time // not older; zero = however old
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
	return (q.AppID == "" || q.AppID == l.AppID) && !l.Time.Before(q.Since) &&
		slices.Index(levels(), l.Level) >= slices.Index(levels(), q.Level)
}

// Follower is given lines as they are written.
type Follower struct {
	Lines <-chan Line // closed by Stop

	log    *AppLog
	query  Query
	lines  chan Line
	missed int // guarded by log.mu
}

// offer gives a line to a follower who has room for it: nobody who writes waits for one who reads.
func (f *Follower) offer(l Line) {
	if !f.query.matches(l) {
		return
	}
	select {
	case f.lines <- l:
	default:
		f.missed++
	}
}

// Missed is how many lines came too fast for the follower since it was last asked. They are stored all the same.
func (f *Follower) Missed() int {
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	n := f.missed
	f.missed = 0
	return n
}

// Stop ends the following. It may be called more than once.
func (f *Follower) Stop() {
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	if _, ok := f.log.watch[f]; ok {
		delete(f.log.watch, f)
		close(f.lines)
	}
}

// Follow delivers lines from now on, until Stop is called.
func (a *AppLog) Follow(q Query) *Follower {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.follow(q)
}

func (a *AppLog) follow(q Query) *Follower {
	f := &Follower{log: a, query: q, lines: make(chan Line, followLines)}
	f.Lines = f.lines
	a.watch[f] = struct{}{}
	return f
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
func (a *AppLog) Tail(ctx context.Context, q Query) ([]Line, *Follower, error) {
	// While nothing is on its way to the disk, every line is either stored, or in the buffer, or not yet written.
	a.storing.Lock()
	defer a.storing.Unlock()
	a.mu.Lock()
	f := a.follow(q)
	waiting := slices.Clone(a.buffer)
	a.mu.Unlock()
	lines, err := a.stored(ctx, q)
	if err != nil {
		f.Stop()
		return nil, nil, err
	}
	for _, l := range waiting {
		if q.matches(l) {
			lines = append(lines, l)
		}
	}
	return lines[max(0, len(lines)-q.Limit):], f, nil
}

func (a *AppLog) stored(ctx context.Context, q Query) ([]Line, error) {
	lines := []Line{}
	graver := levels()[max(0, slices.Index(levels(), q.Level)):]
	least := [4]string{}
	copy(least[:], graver)
	err := a.db.Read(ctx, func(c *database.Conn) error {
		return c.Each(`SELECT at, number, level, request_id, message FROM (
			SELECT * FROM app_log WHERE app_id = ? AND at >= ? AND level IN (?, ?, ?, ?) ORDER BY id DESC LIMIT ?) ORDER BY id`, func(r *database.Row) error {
			lines = append(lines, Line{AppID: q.AppID, Time: r.Time(0), Number: r.Int(1), Level: r.Text(2), RequestID: r.Text(3), Message: r.Text(4)})
			return nil
		}, q.AppID, max(0, q.Since.UnixMilli()), least[0], least[1], least[2], least[3], q.Limit)
	})
	return lines, err
}
