package api

import (
	"context"
	"fmt"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/database"
	"fazt/internal/storage"
)

func (a *API) appFork(ctx context.Context, req op.Fork) (op.App, error) {
	from, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return op.App{}, err
	}
	call.Detail(ctx, "name", req.Name)
	call.Detail(ctx, "with_data", req.WithData)
	if err := a.Apps.CheckFree(ctx, req.Name); err != nil {
		return op.App{}, err // before anything is copied
	}
	fork, err := a.Hosting.Fork(ctx, from.ID)
	if err != nil {
		return op.App{}, err
	}
	defer fork.Close(ctx)
	id, data := apps.NewID(), (*storage.Fork)(nil)
	if req.WithData {
		if data, err = a.KV.Fork(ctx, from.ID, id); err != nil {
			return op.App{}, err
		}
		defer data.Close()
	}
	var app apps.App
	err = a.DB.Write(ctx, func(tx *database.Tx) (err error) {
		number := fork.From.Number
		if app, err = a.Apps.ForkTx(tx, id, from, number, req.Name, req.WithData); err != nil {
			return err
		}
		if _, err := a.Hosting.ForkTx(tx, fork, app.ID, fmt.Sprintf("Fork of %s, deployment %d", from.Name, number)); err != nil {
			return err
		}
		if req.WithData {
			err = data.MakeTx(tx)
		}
		return err
	})
	if err != nil {
		return op.App{}, err
	}
	call.Detail(ctx, "id", app.ID)
	return a.describe(ctx, app)
}

// items describes apps for a list. The number of queries does not depend on the number of apps.
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
		items[i] = op.AppItem{AppFacts: op.AppFacts{App: app, Addresses: k.Addresses, ForkedFrom: k.Origin, Deployments: o.Deployments}, Live: o.Live}
		number := 1
		if o.Live != nil {
			number = o.Live.Number
		}
		items[i].URL = a.address(app, number)
	}
	return items, nil
}

// describe is all that is known of an app.
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
		full.Live, full.Needs = &live, a.needs(app.ID, live.Manifest)
	}
	if full.Stats, err = a.Hosting.Stats(ctx, app.ID); err != nil {
		return full, err
	}
	if full.Usage, err = a.KV.Usage(ctx, app.ID); err != nil {
		return full, err
	}
	variables, err := a.Apps.Env(ctx, app.ID)
	full.Variables = len(variables)
	return full, err
}
