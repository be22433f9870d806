// Package app implements the operations on apps and on their logs.
package app

import (
	"context"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/api/show"
	"fazt/internal/applog"
	"fazt/internal/apps"
	"fazt/internal/database"
	"fazt/internal/egress/rules"
	"fazt/internal/hosting"
	"fazt/internal/storage"
)

// API implements the operations.
type API struct {
	DB      *database.DB
	Apps    *apps.Store
	Hosting *hosting.Store
	KV      *storage.KV
	Net     *rules.Store
	AppLog  *applog.Log
	Follows call.Follows
	Show    show.Apps
	// Domain is the domain of the instance.
	Domain string
	// URL is the address of the app behind a host label.
	URL func(label string) string
	// Unblock lets the function of a stopped deployment run again.
	Unblock func(deployment string)
}

// List lists the apps in the order of their names.
func (a *API) List(ctx context.Context, req op.List) (page op.Page[op.AppItem], err error) {
	limit, err := call.PageSize(req.Limit)
	if err != nil {
		return page, err
	}
	list, next, err := a.Apps.List(ctx, req.Cursor, limit)
	if err != nil {
		return page, err
	}
	page.Next = next
	page.Items, err = a.items(ctx, list)
	return page, err
}

// Get shows one app.
func (a *API) Get(ctx context.Context, req op.AppRef) (op.App, error) {
	app, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return op.App{}, err
	}
	return a.describe(ctx, app)
}

// items describes apps for a list, with a few queries for each batch of apps.
func (a *API) items(ctx context.Context, list []apps.App) ([]op.AppItem, error) {
	ids := make([]string, len(list))
	for i, app := range list {
		ids[i] = app.ID
	}
	kin, err := a.Apps.KinOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	overviews, err := a.Hosting.Overviews(ctx, ids)
	if err != nil {
		return nil, err
	}
	items := make([]op.AppItem, len(list))
	for i, app := range list {
		k, o := kin[app.ID], overviews[app.ID]
		items[i] = op.AppItem{AppFacts: op.AppFacts{
			AppRecord: op.AppRecord(app), Addresses: op.Addresses(k.Addresses), ForkedFrom: (*op.Origin)(k.Origin), Deployments: o.Deployments,
		}, Live: (*op.DeploymentBrief)(o.Live)}
		number := 1
		if o.Live != nil {
			number = o.Live.Number
		}
		items[i].URL = a.Show.Address(app, number)
	}
	return items, nil
}

// describe returns everything known about an app.
func (a *API) describe(ctx context.Context, app apps.App) (full op.App, err error) {
	items, err := a.items(ctx, []apps.App{app})
	if err != nil {
		return full, err
	}
	full.AppFacts, full.Needs = items[0].AppFacts, []op.Need{}
	if items[0].Live != nil {
		live, err := a.Hosting.Live(ctx, app.ID)
		if err != nil {
			return full, err
		}
		shown := show.Deployment(live)
		full.Live, full.Needs = &shown, a.Show.Needs(app.ID, live.Manifest)
	}
	stats, err := a.Hosting.Stats(ctx, app.ID)
	if err != nil {
		return full, err
	}
	usage, err := a.KV.Usage(ctx, app.ID)
	if err != nil {
		return full, err
	}
	full.Stats, full.Usage = op.AppStats(stats), op.Usage(usage)
	variables, err := a.Apps.Env(ctx, app.ID)
	full.Variables = len(variables)
	return full, err
}

// Removal shows what removing an app would take with it.
func (a *API) Removal(ctx context.Context, req op.AppRef) (op.Removal, error) {
	app, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return op.Removal{}, err
	}
	return a.removal(ctx, app)
}

func (a *API) removal(ctx context.Context, app apps.App) (r op.Removal, err error) {
	r.App = op.AppRecord(app)
	addresses, err := a.Apps.Addresses(ctx, app.ID)
	if err != nil {
		return r, err
	}
	losses, err := a.Apps.SplitLosses(ctx, app.ID)
	if err != nil {
		return r, err
	}
	stats, err := a.Hosting.Stats(ctx, app.ID)
	if err != nil {
		return r, err
	}
	r.Addresses, r.SplitLosses = op.Addresses(addresses), show.SplitLosses(losses)
	r.Stats, r.Deployments = op.AppStats(stats), stats.Deployments
	u, err := a.KV.Usage(ctx, app.ID)
	if r.Keys = u.Keys; err != nil {
		return r, err
	}
	r.Net, r.Secrets, err = a.ownNet(ctx, app.ID)
	return r, err
}

// ownNet returns the domains and the secrets that belong to one app.
func (a *API) ownNet(ctx context.Context, appID string) (domains, secrets []string, err error) {
	domains, secrets = []string{}, []string{}
	for _, e := range a.Net.Entries() {
		if e.AppID == appID {
			domains = append(domains, e.Domain)
		}
	}
	list, err := a.Net.Secrets(ctx)
	for _, s := range list {
		if s.AppID == appID {
			secrets = append(secrets, s.Name)
		}
	}
	return domains, secrets, err
}

// Remove removes an app with everything that belongs to it.
func (a *API) Remove(ctx context.Context, req op.AppRef) (op.Removal, error) {
	gone, err := a.Removal(ctx, req)
	if err != nil {
		return gone, err
	}
	call.Detail(ctx, "deployments", gone.Deployments)
	call.Detail(ctx, "keys", gone.Keys)
	_, err = a.Apps.Remove(ctx, gone.App.ID)
	return gone, err
}

// Rollback makes another deployment the live one.
func (a *API) Rollback(ctx context.Context, req op.Rollback) (op.Deployment, error) {
	app, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return op.Deployment{}, err
	}
	var d hosting.Deployment
	err = a.DB.Write(ctx, func(tx *database.Tx) (err error) {
		d, err = a.Hosting.RollbackTx(tx, app.ID, req.To)
		return err
	})
	call.Detail(ctx, "deployment", d.Number)
	return a.Show.Deployment(app, d), err
}

// Resume lets the stopped function of an app run again.
func (a *API) Resume(ctx context.Context, req op.AppRef) (op.App, error) {
	app, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return op.App{}, err
	}
	stopped, err := a.Hosting.Resume(ctx, app.ID)
	if err != nil {
		return op.App{}, err
	}
	for _, deployment := range stopped {
		a.Unblock(deployment)
	}
	return a.describe(ctx, app)
}
