package app

import (
	"context"
	"fmt"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/database"
	"fazt/internal/storage"
)

// Fork makes a new app with the live deployment of another.
func (a *API) Fork(ctx context.Context, req op.Fork) (op.App, error) {
	from, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return op.App{}, err
	}
	call.Detail(ctx, "name", req.Name)
	call.Detail(ctx, "with_data", req.WithData)
	if err := a.Apps.CheckFree(ctx, req.Name); err != nil {
		return op.App{}, err // nothing has been copied yet
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
