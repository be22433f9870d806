package api

import (
	"context"
	"io"
	"strconv"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/errs"
	"fazt/internal/hosting"
)

// deployment finds an app and the deployment of it that is meant: by its number, or the live one.
func (a *API) deployment(ctx context.Context, appRef, number string) (app apps.App, d hosting.Deployment, err error) {
	if app, err = a.Apps.Get(ctx, appRef); err != nil {
		return app, d, err
	}
	if number == "live" {
		d, err = a.Hosting.Live(ctx, app.ID)
		return app, d, err
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return app, d, errs.New(errs.Invalid, "a deployment is named by its number, from 1, or live; not %q", number)
	}
	d, err = a.Hosting.Deployment(ctx, app.ID, n)
	return app, d, err
}

func (a *API) deploymentGet(ctx context.Context, req op.DeploymentRef) (op.Deployment, error) {
	app, d, err := a.deployment(ctx, req.App, req.Deployment)
	return a.addressed(app, d), err
}

func (a *API) fileList(ctx context.Context, req op.FilePage) (page op.Page[hosting.Listed], err error) {
	limit, err := call.PageSize(req.Limit)
	if err != nil {
		return page, err
	}
	_, d, err := a.deployment(ctx, req.App, req.Deployment)
	if err != nil {
		return page, err
	}
	page.Items, page.Next, err = a.Hosting.FilePage(ctx, d.ID, req.Cursor, limit)
	return page, err
}

func (a *API) fileRead(ctx context.Context, req op.FileRef) (op.Stream, error) {
	_, d, err := a.deployment(ctx, req.App, req.Deployment)
	if err != nil {
		return op.Stream{}, err
	}
	f, err := a.Hosting.File(ctx, d.ID, req.Path)
	if err != nil {
		return op.Stream{}, err
	}
	return op.Stream{Size: f.Size, Write: func(w io.Writer) error {
		return a.Hosting.WriteFile(ctx, w, f)
	}}, nil
}

func (a *API) fileFetch(ctx context.Context, req op.FilePull) (op.Stream, error) {
	_, d, err := a.deployment(ctx, req.App, req.Deployment)
	if err != nil {
		return op.Stream{}, err
	}
	write, err := a.Hosting.Pack(ctx, d.ID, req.Hashes)
	return op.Stream{Size: -1, Write: write}, err
}
