package api

import (
	"context"
	"fmt"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/database"
	"fazt/internal/hosting"
)

func (a *API) appList(ctx context.Context, req op.List) (page op.Page[op.AppItem], err error) {
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

func (a *API) appGet(ctx context.Context, req op.AppRef) (op.App, error) {
	app, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return op.App{}, err
	}
	return a.describe(ctx, app)
}

func (a *API) appRemoval(ctx context.Context, req op.AppRef) (op.Removal, error) {
	app, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return op.Removal{}, err
	}
	return a.removal(ctx, app)
}

func (a *API) removal(ctx context.Context, app apps.App) (r op.Removal, err error) {
	r.App = app
	if r.Addresses, err = a.Apps.Addresses(ctx, app.ID); err != nil {
		return r, err
	}
	if r.SplitLosses, err = a.Apps.SplitLosses(ctx, app.ID); err != nil {
		return r, err
	}
	if r.Stats, err = a.Hosting.Stats(ctx, app.ID); err != nil {
		return r, err
	}
	r.Deployments = r.Stats.Deployments
	u, err := a.KV.Usage(ctx, app.ID)
	if r.Keys = u.Keys; err != nil {
		return r, err
	}
	r.Net, r.Secrets, err = a.ownNet(ctx, app.ID)
	return r, err
}

// ownNet is what functions of an app may reach, and the secrets there are, for that app alone.
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

func (a *API) appRemove(ctx context.Context, req op.AppRef) (op.Removal, error) {
	gone, err := a.appRemoval(ctx, req)
	if err != nil {
		return gone, err
	}
	call.Detail(ctx, "deployments", gone.Deployments)
	call.Detail(ctx, "keys", gone.Keys)
	_, err = a.Apps.Remove(ctx, gone.App.ID)
	return gone, err
}

func (a *API) deploymentList(ctx context.Context, req op.AppPage) (page op.Page[op.Deployment], err error) {
	limit, err := call.PageSize(req.Limit)
	if err != nil {
		return page, err
	}
	app, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return page, err
	}
	list, next, err := a.Hosting.List(ctx, app.ID, req.Cursor, limit)
	page.Next = next
	for _, d := range list {
		page.Items = append(page.Items, a.addressed(app, d))
	}
	return page, err
}

// addressed adds the address at which a deployment is seen.
func (a *API) addressed(app apps.App, d hosting.Deployment) op.Deployment {
	seen := op.Deployment{Deployment: d, Preview: a.previewURL(app, d.Number)}
	if seen.URL = seen.Preview; d.Live {
		seen.URL = a.address(app, d.Number)
	}
	return seen
}

// address is where visitors meet an app; where nothing leads to it, the preview of the deployment with the number.
func (a *API) address(app apps.App, number int) string {
	if address := a.AppURL(app); address != "" {
		return address
	}
	return a.previewURL(app, number)
}

func (a *API) previewURL(app apps.App, number int) string {
	return a.URL(fmt.Sprintf("%d--%s", number, app.Name))
}

func (a *API) appRollback(ctx context.Context, req op.Rollback) (op.Deployment, error) {
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
	return a.addressed(app, d), err
}

func (a *API) appResume(ctx context.Context, req op.AppRef) (op.App, error) {
	app, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return op.App{}, err
	}
	stopped, err := a.Hosting.Resume(ctx, app.ID)
	if err != nil {
		return op.App{}, err
	}
	for _, deployment := range stopped {
		a.Resume(deployment)
	}
	return a.describe(ctx, app)
}
