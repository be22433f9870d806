// Package net implements the operations on outbound calls and on the secrets sent with them.
package net

import (
	"context"
	"encoding/json"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"fazt/internal/activity"
	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/api/show"
	"fazt/internal/apps"
	"fazt/internal/auth"
	"fazt/internal/egress"
	"fazt/internal/egress/cache"
	"fazt/internal/egress/netlog"
	"fazt/internal/egress/rules"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// API implements the operations on entries, attempts and the cache.
type API struct {
	Apps    *apps.Store
	Net     *rules.Store
	Log     *netlog.Log
	Gate    Gate
	Limits  *system.Live
	Follows call.Follows
}

// Gate is the part of the outbound gate that the operations use.
type Gate interface {
	// Explain returns what would happen to a call, without making it.
	Explain(ctx context.Context, appID, method, address string) egress.Explanation
	// CacheStats returns the state of the response cache.
	CacheStats() cache.Stats
	// ClearCache deletes the cached responses of an app, or of every app if it is "".
	ClearCache(appID string)
}

func netEntry(e rules.Entry, name func(string) string) op.NetEntry {
	shown := op.NetEntry{NetRecord: op.NetRecord(e), App: name(e.AppID), Warnings: []string{}}
	if len(e.Private) > 0 {
		texts := make([]string, len(e.Private))
		for i, p := range e.Private {
			texts[i] = p.String()
		}
		shown.Warnings = append(shown.Warnings, "PRIVATE NETWORK: it may resolve to machines in your own network ("+strings.Join(texts, ", ")+"), which functions can then reach")
	}
	if e.HTTP {
		shown.Warnings = append(shown.Warnings, "PLAIN HTTP: anyone on the network path can read and change what is sent, secrets included")
	}
	return shown
}

// List lists the domains that functions may reach.
func (a *API) List(ctx context.Context, req op.NetOf) ([]op.NetEntry, error) {
	appID, err := call.Readable(ctx, a.Apps, req.App)
	if err != nil {
		return nil, err
	}
	name, list := call.Namer(ctx, a.Apps), []op.NetEntry{}
	for _, e := range a.Net.Entries() {
		if appID == "" || e.AppID == "" || e.AppID == appID {
			list = append(list, netEntry(e, name))
		}
	}
	return list, nil
}

// Get shows the entry of a domain.
func (a *API) Get(ctx context.Context, req op.NetRef) (op.NetEntry, error) {
	appID, err := call.Readable(ctx, a.Apps, req.App)
	if err != nil {
		return op.NetEntry{}, err
	}
	e, err := a.Net.Entry(req.Domain, appID)
	return netEntry(e, call.Namer(ctx, a.Apps)), err
}

// Allow allows functions to reach a domain.
func (a *API) Allow(ctx context.Context, req op.NetGrant) (op.NetAllowed, error) {
	call.About(ctx, req.Domain, "")
	appID, err := call.AppID(ctx, a.Apps, req.App)
	if err != nil {
		return op.NetAllowed{}, err
	}
	call.About(ctx, "", appID)
	ranges, err := parseRanges(req.Private)
	if err != nil {
		return op.NetAllowed{}, err
	}
	e, replaced, err := a.Net.Allow(ctx, rules.Entry{
		Domain: req.Domain, AppID: appID, HTTP: req.HTTP, Ports: req.Ports, Methods: req.Methods, Rate: req.Rate, Burst: req.Burst, Timeout: req.Timeout,
		MaxResponse: req.MaxResponse, CacheTTL: req.CacheTTL, Stale: req.Stale, Private: ranges, Paths: req.Paths,
	})
	if err != nil {
		return op.NetAllowed{}, err
	}
	call.About(ctx, e.Domain, appID)
	call.Detail(ctx, "replaced", replaced)
	call.Detail(ctx, "http", e.HTTP)
	call.Detail(ctx, "private", req.Private)
	call.Detail(ctx, "ports", e.Ports)
	return op.NetAllowed{NetEntry: netEntry(e, call.Namer(ctx, a.Apps)), Replaced: replaced}, nil
}

// parseRanges parses address ranges; a single address is a range of one.
func parseRanges(texts []string) ([]netip.Prefix, error) {
	list := []netip.Prefix{}
	for _, text := range texts {
		if one, err := netip.ParseAddr(text); err == nil {
			list = append(list, netip.PrefixFrom(one.WithZone(""), one.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, errs.Wrap(errs.Invalid, err, "%.60q is not an address range; use one such as 192.168.1.0/24", text)
		}
		list = append(list, p)
	}
	return list, nil
}

// Remove removes the entry of a domain.
func (a *API) Remove(ctx context.Context, req op.NetRef) (op.NetEntry, error) {
	appID, err := call.AppID(ctx, a.Apps, req.App)
	if err != nil {
		return op.NetEntry{}, err
	}
	call.About(ctx, "", appID)
	e, err := a.Net.Remove(ctx, req.Domain, appID)
	if err == nil {
		call.About(ctx, e.Domain, appID)
	}
	return netEntry(e, call.Namer(ctx, a.Apps)), err
}

// Test explains what would happen to a call.
func (a *API) Test(ctx context.Context, req op.NetCall) (op.NetVerdict, error) {
	if req.URL == "" {
		return op.NetVerdict{}, errs.New(errs.Invalid, "the address is missing; write one such as https://api.example.com/v1")
	}
	appID, err := call.AppID(ctx, a.Apps, req.App)
	if err != nil {
		return op.NetVerdict{}, err
	}
	explanation := a.Gate.Explain(ctx, appID, req.Method, req.URL)
	v := show.NetVerdict(explanation)
	if explanation.Entry != nil {
		e := netEntry(*explanation.Entry, call.Namer(ctx, a.Apps))
		v.App, v.Warnings = e.App, e.Warnings
	}
	return v, nil
}

// filter checks a filter, finds the app it names, and restricts the filter to the apps of the key.
func (a *API) filter(ctx context.Context, q op.NetFilter) (f netlog.Filter, err error) {
	f = netlog.Filter{Domain: strings.TrimSuffix(strings.ToLower(strings.TrimSpace(q.Domain)), "."), Failed: q.Errors}
	if q.Since != "" {
		if f.Since, err = activity.ParseTime(q.Since, time.Now().UTC()); err != nil {
			return f, err
		}
	}
	if f.AppID, err = call.AppID(ctx, a.Apps, q.App); err != nil {
		if errs.Is(err, errs.NotFound) { // a key without access learns nothing about the app
			if denied := call.Allow(op.Logs, auth.From(ctx), ""); denied != nil {
				err = denied
			}
		}
		return f, err
	}
	f.AppID, err = call.OnlyOwnApps(ctx, f.AppID)
	return f, err
}

// Logs lists the outbound calls of functions, newest first.
func (a *API) Logs(ctx context.Context, req op.NetLogPage) (page op.Page[op.NetAttempt], err error) {
	limit, err := call.PageSize(req.Limit)
	if err != nil {
		return page, err
	}
	f, err := a.filter(ctx, req.NetFilter)
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
	list, next, err := a.Log.List(ctx, f, limit)
	name := call.Namer(ctx, a.Apps)
	for _, attempt := range list {
		page.Items = append(page.Items, show.NetAttempt(attempt, name(attempt.AppID)))
	}
	if next != 0 {
		page.Next = strconv.FormatInt(next, 10)
	}
	return page, err
}

// LogsFollow follows the outbound calls of functions.
func (a *API) LogsFollow(ctx context.Context, req op.NetTail) (op.Stream, error) {
	if req.Limit < 0 || req.Limit > call.PageMax {
		return op.Stream{}, errs.New(errs.Invalid, "limit must be from 0 to %d, not %d", call.PageMax, req.Limit)
	}
	f, err := a.filter(ctx, req.NetFilter)
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
		past, follower, err := a.Log.Tail(ctx, f, req.Limit)
		if err != nil {
			return err
		}
		name := call.Namer(ctx, a.Apps)
		return call.Follow(ctx, a.Follows, w, past, follower, func() error {
			name = call.Namer(ctx, a.Apps) // apps may have been renamed
			return a.Follows.Allowed(ctx)
		}, func(attempt netlog.Attempt, missed int) (op.Event, error) {
			shown := show.NetAttempt(attempt, name(attempt.AppID))
			shown.Missed = missed
			data, err := json.Marshal(shown)
			return op.Event{ID: strconv.FormatInt(attempt.ID, 10), Data: data}, err
		})
	}}, nil
}

// Stats sums up calls by app and domain.
func (a *API) Stats(ctx context.Context, req op.NetFilter) (op.NetTotals, error) {
	f, err := a.filter(ctx, req)
	if err != nil {
		return op.NetTotals{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, a.Limits.SQL().Deadline())
	defer cancel()
	s, err := a.Log.Stats(ctx, f)
	shown := op.NetTotals{Total: show.NetCount(s.Total), Domains: []op.NetTotal{}, Truncated: s.Truncated, Dropped: s.Dropped}
	name := call.Namer(ctx, a.Apps)
	for _, row := range s.Domains {
		shown.Domains = append(shown.Domains, op.NetTotal{NetCount: show.NetCount(row), App: name(row.AppID)})
	}
	return shown, err
}

// Cache shows what the cache holds.
func (a *API) Cache(context.Context, op.None) (op.NetCacheState, error) {
	return op.NetCacheState(a.Gate.CacheStats()), nil
}

// CacheClear clears the cache of one app or of all.
func (a *API) CacheClear(ctx context.Context, req op.NetCleared) (op.NetCacheState, error) {
	appID, err := call.AppID(ctx, a.Apps, req.App)
	if err != nil {
		return op.NetCacheState{}, err
	}
	call.About(ctx, "cache", appID)
	a.Gate.ClearCache(appID)
	return op.NetCacheState(a.Gate.CacheStats()), nil
}
