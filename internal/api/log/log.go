// Package log implements the operations on the activity log.
package log

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"fazt/internal/activity"
	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// API implements the operations.
type API struct {
	Apps     *apps.Store
	Activity *activity.Log
	Limits   *system.Live
	Follows  call.Follows
}

// filter checks a filter, finds the app it names, and restricts the filter to the apps of the key.
func (a *API) filter(ctx context.Context, q op.ActivityFilter) (f activity.Filter, err error) {
	f = activity.Filter{Action: q.Action, Type: q.Type, Resource: q.Resource, User: q.User, Actor: q.Actor, Result: activity.Result(q.Result)}
	for _, w := range []struct {
		name string
		from *int
		to   **activity.Weight
	}{{"min_weight", q.MinWeight, &f.MinWeight}, {"max_weight", q.MaxWeight, &f.MaxWeight}} {
		if w.from == nil {
			continue
		}
		if *w.from < 0 || *w.from > int(activity.MostWeight) {
			return f, errs.New(errs.Invalid, "%s must be from 0 to %d, not %d", w.name, activity.MostWeight, *w.from)
		}
		weight := activity.Weight(*w.from)
		*w.to = &weight
	}
	if kinds := []string{"", activity.Owner, activity.User, activity.Key, activity.ItSelf, activity.Anonymous}; !slices.Contains(kinds, q.Actor) {
		return f, errs.New(errs.Invalid, "unknown actor %q; use owner, user, key, system or anonymous", q.Actor)
	}
	if results := []activity.Result{"", activity.OK, activity.Denied, activity.Failed}; !slices.Contains(results, f.Result) {
		return f, errs.New(errs.Invalid, "unknown result %q; use ok, denied or failed", q.Result)
	}
	now := time.Now().UTC()
	if q.Since != "" {
		if f.Since, err = activity.ParseTime(q.Since, now); err != nil {
			return f, err
		}
	}
	if q.Until != "" {
		if f.Until, err = activity.ParseTime(q.Until, now); err != nil {
			return f, err
		}
	}
	if err := a.filterApp(ctx, q, &f); err != nil {
		return f, err
	}
	f.AppID, err = call.OnlyOwnApps(ctx, f.AppID)
	return f, err
}

// filterApp finds the app that a filter names. A removed app is known only by its id.
func (a *API) filterApp(ctx context.Context, q op.ActivityFilter, f *activity.Filter) error {
	if q.App != "" && q.URL != "" {
		return errs.New(errs.Invalid, "name the app either by its name or by an address, not both")
	}
	if q.URL != "" {
		id, err := a.appAt(ctx, q.URL)
		f.AppID = id
		return err
	}
	if q.App == "" {
		return nil
	}
	app, err := a.Apps.Get(ctx, q.App)
	if errs.Is(err, errs.NotFound) && strings.HasPrefix(q.App, "app_") {
		f.AppID = q.App
		return nil
	}
	f.AppID = app.ID
	return err
}

// appAt returns the app behind an address, a host or an alias, in any form that people paste.
func (a *API) appAt(ctx context.Context, text string) (id string, err error) {
	host := strings.TrimSpace(text)
	if u, err := url.Parse(host); err == nil && u.Host != "" {
		host = u.Hostname()
	} else if u, err := url.Parse("//" + host); err == nil && u.Host != "" {
		host = u.Hostname()
	}
	if d, err := a.Apps.Domain(ctx, host); err == nil {
		return d.AppID, nil
	}
	label, _, _ := strings.Cut(strings.ToLower(host), ".")
	if _, app, ok := strings.Cut(label, "--"); ok { // a preview
		if found, err := a.Apps.Get(ctx, app); err == nil {
			return found.ID, nil
		}
	}
	alias, err := a.Apps.Alias(ctx, label)
	switch {
	case err == nil && alias.AppID != "":
		return alias.AppID, nil
	case err == nil:
		return "", errs.New(errs.Invalid, "%s does not point to a single app (%s); name the app with --app", alias.Name, alias.Leads())
	case !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Invalid):
		return "", err
	}
	return "", errs.New(errs.NotFound, "no app is at %q; `fazt alias list` and `fazt domain list` show the addresses", text)
}

// List lists entries, newest first.
func (a *API) List(ctx context.Context, req op.ActivityList) (page op.Page[activity.Entry], err error) {
	limit, err := call.PageSize(req.Limit)
	if err != nil {
		return page, err
	}
	f, err := a.filter(ctx, req.ActivityFilter)
	if err != nil {
		return page, err
	}
	if req.Cursor != "" {
		if f.Before, err = call.EventID(req.Cursor, "cursor"); err != nil {
			return page, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, a.Limits.SQL().Deadline())
	defer cancel()
	list, next, err := a.Activity.List(ctx, f, limit)
	page.Items = list
	if next != 0 {
		page.Next = strconv.FormatInt(next, 10)
	}
	return page, err
}

// Stats counts entries by weight and result.
func (a *API) Stats(ctx context.Context, req op.ActivityFilter) (activity.Stats, error) {
	f, err := a.filter(ctx, req)
	if err != nil {
		return activity.Stats{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, a.Limits.SQL().Deadline())
	defer cancel()
	return a.Activity.Stats(ctx, f)
}

// Cleanup removes entries, or counts them without force.
func (a *API) Cleanup(ctx context.Context, req op.ActivityCleanup) (done op.ActivityRemoved, err error) {
	f, err := a.filter(ctx, req.ActivityFilter)
	if err != nil {
		return done, err
	}
	call.Detail(ctx, "filter", filterFacts(req.ActivityFilter))
	call.Detail(ctx, "force", req.Force)
	if !req.Force {
		s, err := a.Activity.Stats(ctx, f)
		return op.ActivityRemoved{Entries: s.Entries}, err
	}
	done.Removed = true
	done.Entries, err = a.Activity.Remove(ctx, f)
	call.Detail(ctx, "removed", done.Entries)
	return done, err
}

// filterFacts returns what a filter selects, for the entry of a cleanup.
func filterFacts(q op.ActivityFilter) map[string]any {
	facts := map[string]any{}
	for name, text := range map[string]string{"action": q.Action, "type": q.Type, "resource": q.Resource, "app": q.App, "url": q.URL,
		"user": q.User, "actor": q.Actor, "result": q.Result, "since": q.Since, "until": q.Until} {
		if text != "" {
			facts[name] = text
		}
	}
	if q.MinWeight != nil {
		facts["min_weight"] = *q.MinWeight
	}
	if q.MaxWeight != nil {
		facts["max_weight"] = *q.MaxWeight
	}
	return facts
}

// Export writes one page at a time: only one is in memory, and the database is free between them.
func (a *API) Export(ctx context.Context, req op.ActivityFilter) (op.Stream, error) {
	f, err := a.filter(ctx, req)
	if err != nil {
		return op.Stream{}, err
	}
	return op.Stream{Size: -1, Write: func(w io.Writer) error {
		for {
			page, next, err := a.Activity.List(ctx, f, call.PageMax)
			if err != nil {
				return err
			}
			var b []byte
			for _, e := range page {
				line, err := json.Marshal(e)
				if err != nil {
					return err
				}
				b = append(append(b, line...), '\n')
			}
			if _, err := w.Write(b); err != nil || next == 0 {
				return err
			}
			f.Before = next
		}
	}}, nil
}

// Tail follows the log.
func (a *API) Tail(ctx context.Context, req op.ActivityTail) (op.Stream, error) {
	if req.Limit < 0 || req.Limit > call.PageMax {
		return op.Stream{}, errs.New(errs.Invalid, "limit must be from 0 to %d, not %d", call.PageMax, req.Limit)
	}
	f, err := a.filter(ctx, req.ActivityFilter)
	if err != nil {
		return op.Stream{}, err
	}
	if req.After != "" {
		if f.After, err = call.EventID(req.After, "header Last-Event-ID"); err != nil {
			return op.Stream{}, err
		}
		req.Limit = call.PageMax
	}
	return op.Stream{Size: -1, Live: true, Write: func(w io.Writer) error {
		past, follower, err := a.Activity.Tail(ctx, f, req.Limit)
		if err != nil {
			return err
		}
		return call.Follow(ctx, a.Follows, w, past, follower, func() error { return a.Follows.Allowed(ctx) }, entryEvent)
	}}, nil
}

func entryEvent(e activity.Entry, _ int) (op.Event, error) {
	data, err := json.Marshal(e)
	return op.Event{ID: strconv.FormatInt(e.ID, 10), Data: data}, err
}
