// Package deployment implements the operations on deployments, their files and uploads.
package deployment

import (
	"context"
	"strconv"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/api/show"
	"fazt/internal/apps"
	"fazt/internal/errs"
	"fazt/internal/hosting"
)

// API implements the operations on deployments.
type API struct {
	Apps    *apps.Store
	Hosting *hosting.Store
	Show    show.Apps
}

// List lists the deployments of an app, newest first.
func (a *API) List(ctx context.Context, req op.AppPage) (page op.Page[op.Deployment], err error) {
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
		page.Items = append(page.Items, a.Show.Deployment(app, d))
	}
	return page, err
}

// find returns an app and one of its deployments: that with the given number, or the live one.
func (a *API) find(ctx context.Context, appRef, number string) (app apps.App, d hosting.Deployment, err error) {
	if app, err = a.Apps.Get(ctx, appRef); err != nil {
		return app, d, err
	}
	if number == "live" {
		d, err = a.Hosting.Live(ctx, app.ID)
		return app, d, err
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return app, d, errs.New(errs.Invalid, "%q is not a deployment; use its number or live", number)
	}
	d, err = a.Hosting.Deployment(ctx, app.ID, n)
	return app, d, err
}

// Get shows one deployment of an app.
func (a *API) Get(ctx context.Context, req op.DeploymentRef) (op.Deployment, error) {
	app, d, err := a.find(ctx, req.App, req.Deployment)
	return a.Show.Deployment(app, d), err
}
