package server

import (
	"context"

	"fazt/internal/apps"
	"fazt/internal/errs"
	"fazt/internal/gateway"
	"fazt/internal/runtime"
)

// Refresh rebuilds the routing snapshot from the database and puts it in force. It runs after every operation that
// may have changed something, so that no path can forget it.
func (i *Instance) Refresh(ctx context.Context) error {
	if i.config.Command {
		return nil
	}
	routes, err := i.Apps.Routes(ctx)
	if err != nil {
		return err
	}
	live, err := i.Hosting.AllLive(ctx)
	if err != nil {
		return err
	}
	old := i.routes.Load()
	targets := make(map[string]*gateway.Target, len(routes))
	serving := make(map[string]bool, len(live))
	for _, r := range routes {
		t := &gateway.Target{AppID: r.AppID, AppName: r.App, Reserved: r.AppID == ""}
		if d, ok := live[r.AppID]; ok {
			t.Deployment, t.Number, t.SPA, t.Function = d.ID, d.Number, d.SPA, d.Function
			serving[d.ID] = true
		}
		t.Env = sameEnv(old, r)
		targets[r.Label] = t
	}
	i.routes.Store(gateway.NewRoutes(i.settings.Domain, targets))
	i.dropOld(old, serving)
	return nil
}

// sameEnv keeps the snapshot of an environment that did not change: machines compare the pointer to know whether
// theirs is the newest.
func sameEnv(old *gateway.Routes, r apps.Route) *runtime.Env {
	if old != nil {
		if t := old.Target(r.Label); t != nil && t.AppID == r.AppID && t.Env != nil && equal(t.Env.Values, r.Env) {
			return t.Env
		}
	}
	return &runtime.Env{Values: r.Env}
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
	for t := range old.All() {
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

// preview finds a deployment by its number, for a preview host.
func (i *Instance) preview(ctx context.Context, label string, number int) (*gateway.Target, error) {
	t := i.routes.Load().Target(label)
	if t == nil || t.Reserved {
		return nil, errs.New(errs.NotFound, "no app is called %q", label)
	}
	d, err := i.Hosting.Deployment(ctx, t.AppID, number)
	if err != nil {
		return nil, err
	}
	return &gateway.Target{
		AppID: t.AppID, AppName: t.AppName, Deployment: d.ID, Number: d.Number, SPA: d.SPA, Function: d.Function, Env: t.Env,
	}, nil
}
