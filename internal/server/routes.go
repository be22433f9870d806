package server

import (
	"context"
	"net/url"
	"slices"

	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/gateway"
	"fazt/internal/hosting"
	"fazt/internal/hosting/route"
	"fazt/internal/runtime"
)

// watched returns the tables that routes, limits and settings are made of, each with the column that names what
// changed.
func watched() map[string]string {
	return map[string]string{
		"apps": "id", "env": "app_id", "live": "app_id", "aliases": "name", "arms": "alias", "domains": "host",
		"limits": "path", "settings": "name",
	}
}

// Refresh brings derived state up to date with the database and puts it in force. The control API calls it after every
// operation that touches more than itself; the database tells which rows changed. Only one runs at a time: an older
// snapshot must not replace a newer one.
func (i *Instance) Refresh(ctx context.Context, touched op.Touches) error {
	i.refresh.Lock()
	defer i.refresh.Unlock()
	if touched.Has(op.Net) {
		if err := i.Net.Reload(ctx); err != nil {
			return err
		}
	}
	if !touched.Has(op.Routes | op.Limits) {
		return nil
	}
	changed := i.DB.TakeChanges()
	err := i.refreshChanged(ctx, changed)
	if err != nil {
		i.DB.ChangedAll()
	}
	return err
}

func (i *Instance) refreshChanged(ctx context.Context, changed database.Changes) error {
	if changed.All || len(changed.Rows["limits"])+len(changed.Rows["settings"]) > 0 {
		if err := i.System.Reload(ctx); err != nil {
			return err
		}
	}
	old := i.routes.Load()
	if changed.All || old == nil {
		return i.allRoutes(ctx, old)
	}
	part := apps.RoutingPart{
		Apps:    distinct(changed.Rows["apps"], changed.Rows["env"], changed.Rows["live"]),
		Aliases: distinct(changed.Rows["aliases"], changed.Rows["arms"]), Domains: changed.Rows["domains"],
	}
	if len(part.Apps)+len(part.Aliases)+len(part.Domains) == 0 {
		return nil
	}
	return i.someRoutes(ctx, old, part)
}

func distinct(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}

// allRoutes builds the whole snapshot.
func (i *Instance) allRoutes(ctx context.Context, old *gateway.Routes) error {
	next, err := i.readRoutes(ctx, old)
	if err != nil {
		return err
	}
	i.routes.Store(next)
	if old != nil {
		for t := range old.Apps() {
			i.dropOld(t, next.AppByID(t.AppID))
		}
	}
	return nil
}

func (i *Instance) readRoutes(ctx context.Context, old *gateway.Routes) (*gateway.Routes, error) {
	all, err := i.Apps.Routing(ctx)
	if err != nil {
		return nil, err
	}
	live, err := i.Hosting.AllLive(ctx)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*gateway.Target, len(all.Apps))
	table := gateway.Table{
		Domain: i.settings.Domain, Apps: make(map[string]*gateway.Target, len(all.Apps)),
		Labels: make(map[string]*gateway.Target, len(all.Aliases)), Hosts: make(map[string]*gateway.Target, len(all.Domains)),
	}
	for _, app := range all.Apps {
		t := appTarget(old, app, live)
		byID[app.ID], table.Apps[app.Name] = t, t
	}
	find := func(id string) *gateway.Target { return byID[id] }
	for _, a := range all.Aliases {
		if t := aliasTarget(a, find); t != nil {
			table.Labels[a.Name] = t
		}
	}
	for _, d := range all.Domains {
		if t := byID[d.AppID]; t != nil {
			table.Hosts[d.Host] = t
		}
	}
	return gateway.NewRoutes(table), nil
}

// someRoutes rebuilds the part of the snapshot that changed.
func (i *Instance) someRoutes(ctx context.Context, old *gateway.Routes, part apps.RoutingPart) error {
	found, part, err := i.Apps.RoutingOf(ctx, part)
	if err != nil {
		return err
	}
	live, err := i.Hosting.LiveOf(ctx, part.Apps)
	if err != nil {
		return err
	}
	u := gateway.Update{Apps: nilTargets(part.Apps), Labels: nilTargets(part.Aliases), Hosts: nilTargets(part.Domains)}
	for _, app := range found.Apps {
		u.Apps[app.ID] = appTarget(old, app, live)
	}
	find := func(id string) *gateway.Target {
		if t, changed := u.Apps[id]; changed {
			return t
		}
		return old.AppByID(id)
	}
	for _, a := range found.Aliases {
		u.Labels[a.Name] = aliasTarget(a, find)
	}
	for _, d := range found.Domains {
		u.Hosts[d.Host] = find(d.AppID)
	}
	i.routes.Store(old.With(u))
	for id, t := range u.Apps {
		if before := old.AppByID(id); before != nil {
			i.dropOld(before, t)
		}
	}
	return nil
}

// nilTargets maps every name to nil, so that it leads nowhere.
func nilTargets(names []string) map[string]*gateway.Target {
	m := make(map[string]*gateway.Target, len(names))
	for _, name := range names {
		m[name] = nil
	}
	return m
}

// appTarget returns an app as the front door sees it.
func appTarget(old *gateway.Routes, app apps.AppRoute, live map[string]hosting.Deployment) *gateway.Target {
	t := &gateway.Target{AppID: app.ID, AppName: app.Name, Env: sameEnv(old, app)}
	if d, ok := live[app.ID]; ok {
		t.Deployment, t.Number, t.SPA, t.Function = d.ID, d.Number, d.SPA, d.Function
		t.Routes, t.FunctionFirst, t.Product = d.Manifest.Routes, d.Manifest.First == route.FunctionFirst, route.Product(d.Manifest.Product)
	}
	return t
}

// aliasTarget returns where an alias leads, nil if its target is gone.
func aliasTarget(a apps.Alias, find func(id string) *gateway.Target) *gateway.Target {
	switch a.Kind {
	case apps.AliasApp:
		return find(a.AppID)
	case apps.AliasRedirect:
		if u, err := url.Parse(a.URL); err == nil {
			return &gateway.Target{Redirect: &gateway.Redirect{URL: u, Status: a.Status, KeepPath: a.KeepPath}}
		}
	case apps.AliasSplit:
		s := &gateway.Split{}
		for _, target := range a.Targets {
			if t := find(target.AppID); t != nil {
				s.Targets = append(s.Targets, gateway.SplitTarget{Target: t, Weight: target.Weight, Token: target.Token})
			}
		}
		if len(s.Targets) > 0 {
			return &gateway.Target{Split: s}
		}
	case apps.AliasReserved:
		return &gateway.Target{Reserved: true}
	}
	return nil
}

// sameEnv keeps the snapshot of an environment that did not change: VMs compare the pointer to know whether theirs is
// the newest.
func sameEnv(old *gateway.Routes, app apps.AppRoute) *runtime.Env {
	if old != nil {
		if t := old.AppByID(app.ID); t != nil && equal(t.Env.Values, app.Env) {
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

// dropOld frees what is kept for an app's deployment that is no longer live, and reloads the pages of the app.
func (i *Instance) dropOld(before, now *gateway.Target) {
	if before.Deployment == "" || now != nil && now.Deployment == before.Deployment {
		return
	}
	i.engine.Drop(before.Deployment)
	i.static.Forget(before.Deployment)
	if i.reload != nil {
		i.reload.Changed(before.AppID)
	}
}

// preview finds a deployment by its number, for a preview host. It looks for the name of an app first, which is unique,
// and then for an alias.
func (i *Instance) preview(ctx context.Context, app string, number int) (*gateway.Target, error) {
	routes := i.routes.Load()
	t := routes.App(app)
	if t == nil {
		t = routes.Label(app)
	}
	if t == nil || t.AppID == "" {
		return nil, errs.New(errs.NotFound, "no app named %q", app)
	}
	d, err := i.Hosting.Deployment(ctx, t.AppID, number)
	if err != nil {
		return nil, err
	}
	return &gateway.Target{
		AppID: t.AppID, AppName: t.AppName, Deployment: d.ID, Number: d.Number, SPA: d.SPA, Function: d.Function, Env: t.Env,
		Routes: d.Manifest.Routes, FunctionFirst: d.Manifest.First == route.FunctionFirst, Product: route.Product(d.Manifest.Product),
	}, nil
}

// AppURL returns the address at which visitors reach an app: its own label unless that leads elsewhere, then any alias,
// any domain, any split; "" if nothing leads to it.
func (i *Instance) AppURL(app apps.App) string {
	routes := i.routes.Load()
	known := routes.App(app.Name)
	if known == nil || known.AppID != app.ID || reaches(routes.Label(app.Name), app.ID) {
		return i.URL(app.Name) // an unknown app was just created, with its label
	}
	var direct, hosts, shared []string
	for label, t := range routes.Labels() {
		switch {
		case t.AppID == app.ID:
			direct = append(direct, label)
		case reaches(t, app.ID):
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

// reaches reports whether at least some visitors of a target reach the app.
func reaches(t *gateway.Target, appID string) bool {
	return t != nil && (t.AppID == appID || t.Split != nil && t.Split.Member(appID) != nil)
}
