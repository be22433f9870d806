package show

import (
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/auth"
	"fazt/internal/egress"
	"fazt/internal/egress/netlog"
	"fazt/internal/hosting"
)

// each converts the elements of a list. nil stays nil, which differs from an empty list.
func each[From, To any](list []From, to func(From) To) []To {
	if list == nil {
		return nil
	}
	out := make([]To, len(list))
	for i, v := range list {
		out[i] = to(v)
	}
	return out
}

// pointer converts what p points to.
func pointer[From, To any](p *From, to func(From) To) *To {
	if p == nil {
		return nil
	}
	v := to(*p)
	return &v
}

// Alias converts an alias.
func Alias(a apps.Alias) op.AliasRecord {
	return op.AliasRecord{
		Name: a.Name, Kind: string(a.Kind), AppID: a.AppID, App: a.App, URL: a.URL, Status: a.Status, KeepPath: a.KeepPath,
		Targets: each(a.Targets, splitTarget), CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
}

// AliasBefore converts an alias that may not have existed.
func AliasBefore(a *apps.Alias) *op.AliasRecord { return pointer(a, Alias) }

// splitTarget leaves out the token, which is in the cookies of visitors.
func splitTarget(a apps.SplitTarget) op.SplitTarget {
	return op.SplitTarget{AppID: a.AppID, App: a.App, Weight: a.Weight}
}

// SplitLosses converts splits that lost an app.
func SplitLosses(list []apps.SplitLoss) []op.SplitLoss {
	return each(list, func(l apps.SplitLoss) op.SplitLoss {
		return op.SplitLoss{Alias: l.Alias, After: each(l.After, splitTarget)}
	})
}

// Shares converts the shares of a split.
func Shares(list []op.Share) []apps.Share {
	return each(list, func(s op.Share) apps.Share { return apps.Share(s) })
}

// Deployment converts a deployment.
func Deployment(d hosting.Deployment) op.DeploymentRecord {
	return op.DeploymentRecord{
		ID: d.ID, AppID: d.AppID, Number: d.Number, Message: d.Message, SPA: d.SPA, Files: d.Files, Bytes: d.Bytes,
		Function: d.Function, Live: d.Live, Previous: d.Previous, Manifest: Manifest(d.Manifest), CreatedAt: d.CreatedAt,
		LiveAt: d.LiveAt, StoppedAt: d.StoppedAt,
		Source: (*op.GitSource)(d.Source), Origin: (*op.DeployOrigin)(d.Origin),
	}
}

// Manifest converts a manifest.
func Manifest(m hosting.Manifest) op.Manifest {
	return op.Manifest{
		Schema: m.Schema, Name: m.Name, Title: m.Title, SPA: m.SPA, Routes: m.Routes, Net: m.Net, Secrets: m.Secrets, First: m.First,
		Output: m.Output, Function: m.Function, Product: m.Product, Dev: m.Dev,
	}
}

// Plan converts a plan that was sent.
func Plan(p op.Plan) hosting.Plan {
	m := p.Manifest
	return hosting.Plan{
		Files: Announced(p.Files), Message: p.Message, SPA: p.SPA, Preview: p.Preview,
		Manifest: hosting.Manifest{
			Schema: m.Schema, Name: m.Name, Title: m.Title, SPA: m.SPA, Routes: m.Routes, Net: m.Net, Secrets: m.Secrets, First: m.First,
			Output: m.Output, Function: m.Function, Product: m.Product, Dev: m.Dev,
		},
		Source: (*hosting.GitSource)(p.Source), Origin: (*hosting.Origin)(p.Origin),
	}
}

// Announced converts the files of a plan that was sent.
func Announced(list []op.Announced) []hosting.Announced {
	return each(list, func(a op.Announced) hosting.Announced { return hosting.Announced(a) })
}

// Upload converts an upload.
func Upload(u hosting.Upload) op.Upload {
	return op.Upload{
		ID: u.ID, Missing: u.Missing, MissingBytes: u.MissingBytes, New: u.New, Changed: u.Changed, Unchanged: u.Unchanged, Removed: u.Removed,
		Same: pointer(u.Same, Deployment),
	}
}

// Files converts a list of files.
func Files(list []hosting.Listed) []op.File {
	return each(list, func(f hosting.Listed) op.File { return op.File(f) })
}

// Damage converts damaged content. It leaves out ids: people know apps by name and deployments by number.
func Damage(d hosting.Damage) op.Damage {
	return op.Damage{App: d.App, Deployment: d.Deployment, Path: d.Path, Encoding: d.Encoding, Live: d.Live, Others: d.Others, Cause: d.Cause}
}

// Damages converts a list of damaged content.
func Damages(list []hosting.Damage) []op.Damage { return each(list, Damage) }

// Key converts a key; scopes are in the form that people write.
func Key(k auth.APIKey, scopes []string) op.Key {
	return op.Key{
		ID: k.ID, Name: k.Name, Prefix: k.Prefix, MadeBy: k.MadeBy, CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt,
		LastUsedAt: k.LastUsedAt, RevokedAt: k.RevokedAt, Scopes: scopes,
	}
}

// NetVerdict converts the explanation of a call.
func NetVerdict(e egress.Explanation) op.NetVerdict {
	return op.NetVerdict{
		Allowed: e.Allowed, Code: e.Code, Reason: e.Reason, Method: e.Method, URL: e.URL, Entry: (*op.NetRecord)(e.Entry),
		Addresses: each(e.Addresses, func(j egress.Judgment) op.NetAddress { return op.NetAddress(j) }), Warnings: []string{},
	}
}

// NetAttempt converts an attempt of the app with the given name.
func NetAttempt(a netlog.Attempt, app string) op.NetAttempt {
	return op.NetAttempt{
		ID: a.ID, AppID: a.AppID, RequestID: a.RequestID, Time: a.Time, Method: a.Method, Scheme: a.Scheme, Host: a.Host, Path: a.Path, Hop: a.Hop,
		Status: a.Status, Code: a.Code, Reason: a.Reason, EntryID: a.EntryID, Secret: a.Secret, Millis: a.Millis, Sent: a.Sent, Received: a.Received,
		Cache: a.Cache, App: app,
	}
}

// NetCount converts a row of call statistics.
func NetCount(r netlog.StatsRow) op.NetCount {
	return op.NetCount{
		AppID: r.AppID, Domain: r.Domain, Calls: r.Calls, Errors: r.Errors, Blocked: r.Blocked, ErrorRate: r.ErrorRate, P50: r.P50, P95: r.P95,
		Sent: r.Sent, Received: r.Received, CacheHits: r.CacheHits,
	}
}
