package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/applog"
	"fazt/internal/errs"
)

const maxLogLines = 10_000

// logQuery checks a query for the log of an app.
func (a *API) logQuery(ctx context.Context, req op.LogQuery) (q applog.Query, err error) {
	if req.Limit == 0 {
		req.Limit = call.PageDefault
	}
	switch {
	case req.Limit < 1 || req.Limit > maxLogLines:
		return q, errs.New(errs.Invalid, "limit must be from 1 to %d, not %d", maxLogLines, req.Limit)
	case req.Since < 0:
		return q, errs.New(errs.Invalid, "since must not be negative")
	}
	if err := applog.CheckLevel(req.Level); err != nil {
		return q, err
	}
	app, err := a.Apps.Get(ctx, req.App)
	q = applog.Query{AppID: app.ID, Level: req.Level, Limit: req.Limit}
	if req.Since > 0 {
		q.Since = time.Now().Add(-time.Duration(req.Since) * time.Millisecond)
	}
	return q, err
}

// Logs reads what the functions of an app printed.
func (a *API) Logs(ctx context.Context, req op.LogQuery) (op.Stream, error) {
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

func logLine(l applog.Line, missed int) op.LogLine {
	return op.LogLine{ID: l.ID, Time: l.Time.UTC().Truncate(time.Millisecond), Level: l.Level, Deployment: l.Number, RequestID: l.RequestID, Message: l.Message, Missed: missed}
}

// LogsFollow follows what the functions of an app print.
func (a *API) LogsFollow(ctx context.Context, req op.LogFollow) (op.Stream, error) {
	q, err := a.logQuery(ctx, req.LogQuery)
	if err != nil {
		return op.Stream{}, err
	}
	if req.After != "" {
		if q.After, err = call.EventID(req.After, "header Last-Event-ID"); err != nil {
			return op.Stream{}, err
		}
		q.Limit = maxLogLines
	}
	return op.Stream{Size: -1, Live: true, Write: func(w io.Writer) error {
		past, follower, err := a.AppLog.Tail(ctx, q)
		if err != nil {
			return err
		}
		return call.Follow(ctx, a.Follows, w, past, follower, func() error {
			if _, err := a.Apps.Get(ctx, q.AppID); err != nil {
				return err
			}
			return a.Follows.Allowed(ctx)
		}, lineEvent)
	}}, nil
}

func lineEvent(l applog.Line, missed int) (op.Event, error) {
	data, err := json.Marshal(logLine(l, missed))
	return op.Event{ID: strconv.FormatInt(l.ID, 10), Data: data}, err
}
