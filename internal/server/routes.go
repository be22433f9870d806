package server

import (
	"context"
	"net/url"
	"slices"

	"fazt/internal/apps"
	"fazt/internal/errs"
	"fazt/internal/gateway"
	"fazt/internal/hosting"
	"fazt/internal/runtime"
)

// Refresh rebuilds the routing snapshot from the database and puts it in force. It runs after every operation that
// may have changed something, so that no path can forget it. One at a time: a snapshot that was read earlier must not
// replace one that was read later.
func (i *Instance) Refresh(ctx context.Context) error {
	i.refresh.Lock()
	defer i.refresh.Unlock()
	if err := i.System.Reload(ctx); err != nil {
		return err
	}
	if err := i.Net.Reload(ctx); err != nil {
		return err
	}
	all, err := i.Apps.Routing(ctx)
	if err != nil {
		return err
	}
	live, err := i.Hosting.AllLive(ctx)
	if err != nil {
		return err
	}
	old := i.routes.Load()
	byID := make(map[string]*gateway.Target, len(all.Apps))
	table := gateway.Table{
		Domain: i.settings.Domain, Apps: make(map[string]*gateway.Target, len(all.Apps)),
		Labels: make(map[string]*gateway.Target, len(all.Aliases)), Hosts: make(map[string]*gateway.Target, len(all.Domains)),
	}
	serving := make(map[string]bool, len(live))
	for _, app := range all.Apps {
		t := &gateway.Target{AppID: app.ID, AppName: app.Name, Env: sameEnv(old, app)}
		if d, ok := live[app.ID]; ok {
			t.Deployment, t.Number, t.SPA, t.Function = d.ID, d.Number, d.SPA, d.Function
			t.Routes, t.FunctionFirst = d.Manifest.Routes, d.Manifest.First == hosting.FunctionFirst
			serving[d.ID] = true
		}
		byID[app.ID], table.Apps[app.Name] = t, t
	}
	for _, a := range all.Aliases {
		if t := aliasTarget(a, byID); t != nil {
			table.Labels[a.Name] = t
		}
	}
	for _, d := range all.Domains {
		if t := byID[d.AppID]; t != nil {
			table.Hosts[d.Host] = t
		}
	}
	i.routes.Store(gateway.NewRoutes(table))
	i.dropOld(old, serving)
	return nil
}

// aliasTarget is where an alias leads, nil when that is gone.
func aliasTarget(a apps.Alias, byID map[string]*gateway.Target) *gateway.Target {
	switch a.Kind {
	case apps.AliasApp:
		return byID[a.AppID]
	case apps.AliasRedirect:
		if u, err := url.Parse(a.URL); err == nil {
			return &gateway.Target{Redirect: &gateway.Redirect{URL: u, Status: a.Status, KeepPath: a.KeepPath}}
		}
	case apps.AliasSplit:
		s := &gateway.Split{}
		for _, arm := range a.Arms {
			if t := byID[arm.AppID]; t != nil {
				s.Arms = append(s.Arms, gateway.Arm{Target: t, Weight: arm.Weight, Token: arm.Token})
			}
		}
		if len(s.Arms) > 0 {
			return &gateway.Target{Split: s}
		}
	case apps.AliasReserved:
		return &gateway.Target{Reserved: true}
	}
	return nil
}

// sameEnv keeps the snapshot of an environment that did not change: machines compare the pointer to know whether
// theirs is the newest.
func sameEnv(old *gateway.Routes, app apps.AppRoute) *runtime.Env {
	if old != nil {
		if t := old.App(app.Name); t != nil && t.AppID == app.ID && equal(t.Env.Values, app.Env) {
			return t.Env
		}
	}
	return &runtime.Env{Values: app.Env}
}

func equal(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name, value := range a {
		if other, ok := b[name]; !ok || other != value {
			return false
		}
	}
	return true
}

// dropOld frees what was kept for deployments that are no longer live, and reloads the pages of apps that changed.
func (i *Instance) dropOld(old *gateway.Routes, serving map[string]bool) {
	if old == nil {
		return
	}
	for t := range old.Apps() {
		if t.Deployment == "" || serving[t.Deployment] {
			continue
		}
		i.engine.Drop(t.Deployment)
		i.static.Forget(t.Deployment)
		if i.reload != nil {
			i.reload.Changed(t.AppID)
		}
	}
}

// preview finds a deployment by its number, for a preview host. It goes by the name of the app, which is one app's
// alone, before it goes by an alias.
func (i *Instance) preview(ctx context.Context, app string, number int) (*gateway.Target, error) {
	routes := i.routes.Load()
	t := routes.App(app)
	if t == nil {
		t = routes.Label(app)
	}
	if t == nil || t.AppID == "" {
		return nil, errs.New(errs.NotFound, "no app is called %q", app)
	}
	d, err := i.Hosting.Deployment(ctx, t.AppID, number)
	if err != nil {
		return nil, err
	}
	return &gateway.Target{
		AppID: t.AppID, AppName: t.AppName, Deployment: d.ID, Number: d.Number, SPA: d.SPA, Function: d.Function, Env: t.Env,
		Routes: d.Manifest.Routes, FunctionFirst: d.Manifest.First == hosting.FunctionFirst,
	}, nil
}

// AppURL is the address at which visitors meet an app: its own label unless that leads elsewhere, then any alias, any
// domain, any split; "" when nothing leads to it.
func (i *Instance) AppURL(app apps.App) string {
	routes := i.routes.Load()
	known := routes.App(app.Name)
	if known == nil || known.AppID != app.ID || meets(routes.Label(app.Name), app.ID) {
		return i.URL(app.Name) // one not known yet was made a moment ago, with its label
	}
	var direct, hosts, shared []string
	for label, t := range routes.Labels() {
		switch {
		case t.AppID == app.ID:
			direct = append(direct, label)
		case meets(t, app.ID):
			shared = append(shared, label)
		}
	}
	for host, t := range routes.Hosts() {
		if t.AppID == app.ID {
			hosts = append(hosts, host)
		}
	}
	switch {
	case len(direct) > 0:
		return i.URL(slices.Min(direct))
	case len(hosts) > 0:
		return i.hostURL(slices.Min(hosts))
	case len(shared) > 0:
		return i.URL(slices.Min(shared))
	}
	return ""
}

// meets says whether visitors of a target meet the app, at least some of them.
func meets(t *gateway.Target, appID string) bool {
	return t != nil && (t.AppID == appID || t.Split != nil && t.Split.Member(appID) != nil)
}
