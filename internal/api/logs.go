package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"time"

	"fazt/internal/activity"
	"fazt/internal/api/op"
	"fazt/internal/errs"
)

const (
	mostLogLines = 10_000
	// beat is how often a stream without lines shows that it lives: often enough for the time-outs of proxies, which
	// begin at 30 s.
	beat = 15 * time.Second
)

func (a *API) appLogs(ctx context.Context, req op.LogQuery) (op.Stream, error) {
	if req.Limit == 0 {
		req.Limit = pageDefault
	}
	switch {
	case req.Limit < 1 || req.Limit > mostLogLines:
		return op.Stream{}, errs.New(errs.Invalid, "limit must be from 1 to %d, not %d", mostLogLines, req.Limit)
	case req.Since < 0:
		return op.Stream{}, errs.New(errs.Invalid, "since must not be negative")
	}
	if err := activity.CheckLevel(req.Level); err != nil {
		return op.Stream{}, err
	}
	app, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return op.Stream{}, err
	}
	q := activity.Query{AppID: app.ID, Level: req.Level, Limit: req.Limit}
	if req.Since > 0 {
		q.Since = time.Now().Add(-time.Duration(req.Since) * time.Millisecond)
	}
	return op.Stream{Size: -1, Live: req.Follow, Write: func(w io.Writer) error {
		past, follower, err := a.AppLog.Tail(ctx, q)
		if err != nil {
			return err
		}
		defer follower.Stop()
		if err := writeLines(w, past, 0); err != nil || !req.Follow {
			return err
		}
		return a.follow(ctx, w, app.ID, follower)
	}}, nil
}

// follow writes lines as they come, until the client leaves, the app is removed or the server stops.
func (a *API) follow(ctx context.Context, w io.Writer, appID string, f *activity.Follower) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.ending:
			return nil
		case l := <-f.Lines:
			err = writeLines(w, waiting(f, l), f.Missed())
		case <-tick.C:
			if _, err = a.Apps.Get(ctx, appID); errs.Is(err, errs.NotFound) {
				return nil
			}
			if err == nil {
				_, err = w.Write([]byte("\n"))
			}
		}
		if err != nil {
			return err
		}
	}
}

// waiting is a line with those that have come after it: they go out together.
func waiting(f *activity.Follower, first activity.Line) []activity.Line {
	lines := []activity.Line{first}
	for len(lines) < 100 {
		select {
		case l := <-f.Lines:
			lines = append(lines, l)
		default:
			return lines
		}
	}
	return lines
}

func writeLines(w io.Writer, lines []activity.Line, missed int) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for _, l := range lines {
		err := e.Encode(op.LogLine{Time: l.Time.UTC().Truncate(time.Millisecond), Level: l.Level, Deployment: l.Number, RequestID: l.RequestID, Message: l.Message, Missed: missed})
		if err != nil {
			return err
		}
		missed = 0
	}
	_, err := w.Write(b.Bytes())
	return err
}
