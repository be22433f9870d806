package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"fazt/internal/activity"
	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/errs"
)

const (
	mostLogLines = 10_000
	// beat is how often a stream without events shows that it lives: often enough for the time-outs of proxies, which
	// begin at 30 s.
	beat = 15 * time.Second
)

// logQuery checks what is asked of the log of an app.
func (a *API) logQuery(ctx context.Context, req op.LogQuery) (q activity.Query, err error) {
	if req.Limit == 0 {
		req.Limit = call.PageDefault
	}
	switch {
	case req.Limit < 1 || req.Limit > mostLogLines:
		return q, errs.New(errs.Invalid, "limit must be from 1 to %d, not %d", mostLogLines, req.Limit)
	case req.Since < 0:
		return q, errs.New(errs.Invalid, "since must not be negative")
	}
	if err := activity.CheckLevel(req.Level); err != nil {
		return q, err
	}
	app, err := a.Apps.Get(ctx, req.App)
	q = activity.Query{AppID: app.ID, Level: req.Level, Limit: req.Limit}
	if req.Since > 0 {
		q.Since = time.Now().Add(-time.Duration(req.Since) * time.Millisecond)
	}
	return q, err
}

func (a *API) appLogs(ctx context.Context, req op.LogQuery) (op.Stream, error) {
	q, err := a.logQuery(ctx, req)
	if err != nil {
		return op.Stream{}, err
	}
	return op.Stream{Size: -1, Write: func(w io.Writer) error {
		lines, err := a.AppLog.Lines(ctx, q)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		for _, l := range lines {
			if err := e.Encode(logLine(l, 0)); err != nil {
				return err
			}
		}
		_, err = w.Write(b.Bytes())
		return err
	}}, nil
}

func logLine(l activity.Line, missed int) op.LogLine {
	return op.LogLine{ID: l.ID, Time: l.Time.UTC().Truncate(time.Millisecond), Level: l.Level, Deployment: l.Number, RequestID: l.RequestID, Message: l.Message, Missed: missed}
}

func (a *API) appLogsFollow(ctx context.Context, req op.LogFollow) (op.Stream, error) {
	q, err := a.logQuery(ctx, req.LogQuery)
	if err != nil {
		return op.Stream{}, err
	}
	if req.After != "" {
		if q.After, err = eventID(req.After, "header Last-Event-ID"); err != nil {
			return op.Stream{}, err
		}
		q.Limit = mostLogLines
	}
	return op.Stream{Size: -1, Live: true, Write: func(w io.Writer) error {
		past, follower, err := a.AppLog.Tail(ctx, q)
		if err != nil {
			return err
		}
		return live(a, ctx, w, past, follower, func() error {
			if _, err := a.Apps.Get(ctx, q.AppID); err != nil {
				return err
			}
			return a.stillAllowed(ctx)
		}, lineEvent)
	}}, nil
}

func lineEvent(l activity.Line, missed int) (op.Event, error) {
	data, err := json.Marshal(logLine(l, missed))
	return op.Event{ID: strconv.FormatInt(l.ID, 10), Data: data}, err
}

// live writes records as events, as they come, until the client leaves, alive says that there is nothing more to
// follow, or the server stops.
func live[T any](a *API, ctx context.Context, w io.Writer, past []T, f *activity.Follower[T], alive func() error, event func(T, int) (op.Event, error)) error {
	defer f.Stop()
	write := func(records []T, missed int) error {
		var b []byte
		for _, r := range records {
			e, err := event(r, missed)
			if err != nil {
				return err
			}
			b = op.AppendEvent(b, e)
			missed = 0
		}
		if len(b) == 0 {
			return nil
		}
		_, err := w.Write(b)
		return err
	}
	if err := write(past, 0); err != nil {
		return err
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.ending:
			return nil
		case r := <-f.C:
			err = write(waiting(f, r), f.Missed())
		case <-tick.C:
			switch err = alive(); {
			case errs.Is(err, errs.NotFound) || isDenial(err):
				return nil
			case err == nil:
				_, err = w.Write(op.Heartbeat())
			}
		}
		if err != nil {
			return err
		}
	}
}

// waiting is a record with those that have come after it: they go out together.
func waiting[T any](f *activity.Follower[T], first T) []T {
	records := []T{first}
	for len(records) < 100 {
		select {
		case r := <-f.C:
			records = append(records, r)
		default:
			return records
		}
	}
	return records
}
