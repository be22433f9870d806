package api

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
	"fazt/internal/auth"
	"fazt/internal/egress"
	"fazt/internal/errs"
	"fazt/internal/hosting"
)

// NetGate is what lets calls out, as far as the operations ask it.
type NetGate interface {
	// Explain tells what would become of a call, which it does not make.
	Explain(ctx context.Context, appID, method, address string) egress.Explanation
	// CacheStats is what is kept of answers.
	CacheStats() egress.CacheStats
	// ClearCache forgets the answers to an app, or to every app where it is "".
	ClearCache(appID string)
}

// appID is the id of the app that is named, "" where none is: what holds for every app.
func (a *API) appID(ctx context.Context, ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	app, err := a.Apps.Get(ctx, ref)
	return app.ID, err
}

// readable is appID for whoever may read of that app, or, where none is named, of all.
func (a *API) readable(ctx context.Context, ref string) (string, error) {
	if ref == "" {
		return "", call.Allow(op.Read, auth.From(ctx), "")
	}
	if err := call.AllowNamed(ctx, a.Apps, op.Read, ref); err != nil {
		return "", err
	}
	return a.appID(ctx, ref)
}

// namer gives apps the names they have now. It asks once for each.
func (a *API) namer(ctx context.Context) func(id string) string {
	known := map[string]string{"": ""}
	return func(id string) string {
		name, ok := known[id]
		if !ok {
			name = id // one that is being removed
			if app, err := a.Apps.Get(ctx, id); err == nil {
				name = app.Name
			}
			known[id] = name
		}
		return name
	}
}

func netEntry(e egress.Entry, name func(string) string) op.NetEntry {
	shown := op.NetEntry{Entry: e, App: name(e.AppID), Warnings: []string{}}
	if len(e.Private) > 0 {
		texts := make([]string, len(e.Private))
		for i, p := range e.Private {
			texts[i] = p.String()
		}
		shown.Warnings = append(shown.Warnings, "PRIVATE NETWORK: it may lead to machines of your own network ("+strings.Join(texts, ", ")+"), which functions then reach")
	}
	if e.HTTP {
		shown.Warnings = append(shown.Warnings, "PLAIN HTTP: whoever is on the way can read and change what is sent, secrets among it")
	}
	return shown
}

func (a *API) netList(ctx context.Context, req op.NetOf) ([]op.NetEntry, error) {
	appID, err := a.readable(ctx, req.App)
	if err != nil {
		return nil, err
	}
	name, list := a.namer(ctx), []op.NetEntry{}
	for _, e := range a.Net.Entries() {
		if appID == "" || e.AppID == "" || e.AppID == appID {
			list = append(list, netEntry(e, name))
		}
	}
	return list, nil
}

func (a *API) netGet(ctx context.Context, req op.NetRef) (op.NetEntry, error) {
	appID, err := a.readable(ctx, req.App)
	if err != nil {
		return op.NetEntry{}, err
	}
	e, err := a.Net.Entry(req.Domain, appID)
	return netEntry(e, a.namer(ctx)), err
}

func (a *API) netAllow(ctx context.Context, req op.NetGrant) (op.NetAllowed, error) {
	call.About(ctx, req.Domain, "")
	appID, err := a.appID(ctx, req.App)
	if err != nil {
		return op.NetAllowed{}, err
	}
	call.About(ctx, "", appID)
	ranges, err := parseRanges(req.Private)
	if err != nil {
		return op.NetAllowed{}, err
	}
	e, replaced, err := a.Net.Allow(ctx, egress.Entry{
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
	return op.NetAllowed{NetEntry: netEntry(e, a.namer(ctx)), Replaced: replaced}, nil
}

// parseRanges reads ranges of addresses; one address is the range of itself.
func parseRanges(texts []string) ([]netip.Prefix, error) {
	list := []netip.Prefix{}
	for _, text := range texts {
		if one, err := netip.ParseAddr(text); err == nil {
			list = append(list, netip.PrefixFrom(one.WithZone(""), one.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, errs.Wrap(errs.Invalid, err, "%.60q is no range of addresses; write one such as 192.168.1.0/24", text)
		}
		list = append(list, p)
	}
	return list, nil
}

func (a *API) netRemove(ctx context.Context, req op.NetRef) (op.NetEntry, error) {
	appID, err := a.appID(ctx, req.App)
	if err != nil {
		return op.NetEntry{}, err
	}
	call.About(ctx, "", appID)
	e, err := a.Net.Remove(ctx, req.Domain, appID)
	if err == nil {
		call.About(ctx, e.Domain, appID)
	}
	return netEntry(e, a.namer(ctx)), err
}

func (a *API) netTest(ctx context.Context, req op.NetCall) (op.NetVerdict, error) {
	if req.URL == "" {
		return op.NetVerdict{}, errs.New(errs.Invalid, "the address is missing; write one such as https://api.example.com/v1")
	}
	appID, err := a.appID(ctx, req.App)
	if err != nil {
		return op.NetVerdict{}, err
	}
	v := op.NetVerdict{Explanation: a.NetGate.Explain(ctx, appID, req.Method, req.URL), Warnings: []string{}}
	if v.Entry != nil {
		e := netEntry(*v.Entry, a.namer(ctx))
		v.App, v.Warnings = e.App, e.Warnings
	}
	return v, nil
}

// netFilter checks a filter, finds the app it names, and leaves a key that is bound to apps no others.
func (a *API) netFilter(ctx context.Context, q op.NetFilter) (f egress.Filter, err error) {
	f = egress.Filter{Domain: strings.TrimSuffix(strings.ToLower(strings.TrimSpace(q.Domain)), "."), Failed: q.Errors}
	if q.Since != "" {
		if f.Since, err = activity.ParseTime(q.Since, time.Now().UTC()); err != nil {
			return f, err
		}
	}
	if f.AppID, err = a.appID(ctx, q.App); err != nil {
		if errs.Is(err, errs.NotFound) { // a key that may not see the app learns nothing of it
			if denied := call.Allow(op.Logs, auth.From(ctx), ""); denied != nil {
				err = denied
			}
		}
		return f, err
	}
	f.AppID, err = a.onlyOwnApps(ctx, f.AppID)
	return f, err
}

func (a *API) netLogs(ctx context.Context, req op.NetLogPage) (page op.Page[op.NetAttempt], err error) {
	limit, err := call.PageSize(req.Limit)
	if err != nil {
		return page, err
	}
	f, err := a.netFilter(ctx, req.NetFilter)
	if err != nil {
		return page, err
	}
	if req.Cursor != "" {
		if f.Before, err = eventID(req.Cursor, "cursor"); err != nil {
			return page, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, a.Limits.SQL().Deadline())
	defer cancel()
	list, next, err := a.NetLog.List(ctx, f, limit)
	name := a.namer(ctx)
	for _, attempt := range list {
		page.Items = append(page.Items, op.NetAttempt{Attempt: attempt, App: name(attempt.AppID)})
	}
	if next != 0 {
		page.Next = strconv.FormatInt(next, 10)
	}
	return page, err
}

func (a *API) netLogsFollow(ctx context.Context, req op.NetTail) (op.Stream, error) {
	if req.Limit < 0 || req.Limit > call.PageMax {
		return op.Stream{}, errs.New(errs.Invalid, "limit must be from 0 to %d, not %d", call.PageMax, req.Limit)
	}
	f, err := a.netFilter(ctx, req.NetFilter)
	if err != nil {
		return op.Stream{}, err
	}
	if req.After != "" {
		if f.After, err = eventID(req.After, "header Last-Event-ID"); err != nil {
			return op.Stream{}, err
		}
		req.Limit = call.PageMax
	}
	return op.Stream{Size: -1, Live: true, Write: func(w io.Writer) error {
		past, follower, err := a.NetLog.Tail(ctx, f, req.Limit)
		if err != nil {
			return err
		}
		name := a.namer(ctx)
		return live(a, ctx, w, past, follower, func() error {
			name = a.namer(ctx) // apps may have been renamed
			return a.stillAllowed(ctx)
		}, func(attempt egress.Attempt, missed int) (op.Event, error) {
			data, err := json.Marshal(op.NetAttempt{Attempt: attempt, App: name(attempt.AppID), Missed: missed})
			return op.Event{ID: strconv.FormatInt(attempt.ID, 10), Data: data}, err
		})
	}}, nil
}

func (a *API) netStats(ctx context.Context, req op.NetFilter) (op.NetTotals, error) {
	f, err := a.netFilter(ctx, req)
	if err != nil {
		return op.NetTotals{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, a.Limits.SQL().Deadline())
	defer cancel()
	s, err := a.NetLog.Stats(ctx, f)
	shown := op.NetTotals{Total: s.Total, Domains: []op.NetTotal{}, Truncated: s.Truncated, Dropped: s.Dropped}
	name := a.namer(ctx)
	for _, row := range s.Domains {
		shown.Domains = append(shown.Domains, op.NetTotal{StatsRow: row, App: name(row.AppID)})
	}
	return shown, err
}

func (a *API) netCache(context.Context, op.None) (egress.CacheStats, error) {
	return a.NetGate.CacheStats(), nil
}

func (a *API) netCacheClear(ctx context.Context, req op.NetCleared) (egress.CacheStats, error) {
	appID, err := a.appID(ctx, req.App)
	if err != nil {
		return egress.CacheStats{}, err
	}
	call.About(ctx, "cache", appID)
	a.NetGate.ClearCache(appID)
	return a.NetGate.CacheStats(), nil
}

// needs are what a manifest asks for and nobody granted.
func (a *API) needs(appID string, m hosting.Manifest) []op.Need {
	list := []op.Need{}
	for _, domain := range m.Net {
		canonical, err := egress.ParseDomain(domain)
		if err == nil && !a.Net.Covers(canonical, appID) {
			list = append(list, op.Need{Kind: "net", Name: canonical})
		}
	}
	for _, name := range m.Secrets {
		if !a.Net.Given(name, appID) {
			list = append(list, op.Need{Kind: "secret", Name: name})
		}
	}
	return list
}

// checkNeeds says whether what a manifest asks for can be granted at all.
func checkNeeds(m hosting.Manifest) error {
	if err := egress.CheckNeeds(m.Net, m.Secrets); err != nil {
		return errs.Wrap(errs.Unprocessable, err, "%s: %s", hosting.ManifestFile, errs.Sentence(err))
	}
	return nil
}
