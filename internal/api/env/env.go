// Package env implements the operations on environment variables.
package env

import (
	"context"
	"maps"
	"slices"
	"sort"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/errs"
)

// API implements the operations.
type API struct{ Apps *apps.Store }

// List lists the variables of an app, without their values.
func (a *API) List(ctx context.Context, req op.AppPage) (page op.Page[op.EnvVariable], err error) {
	limit, err := call.PageSize(req.Limit)
	if err != nil {
		return page, err
	}
	app, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return page, err
	}
	list, err := a.variables(ctx, app.ID)
	after := func(i int) bool { return list[i].Name > req.Cursor }
	page.Items = list[sort.Search(len(list), after):]
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		page.Next = page.Items[limit-1].Name
	}
	return page, err
}

func (a *API) variables(ctx context.Context, appID string) ([]op.EnvVariable, error) {
	list, err := a.Apps.Env(ctx, appID)
	names := make([]op.EnvVariable, 0, len(list))
	for _, v := range list {
		names = append(names, op.EnvVariable{Name: v.Name, Length: len(v.Value), UpdatedAt: v.UpdatedAt})
	}
	return names, err
}

// Set sets variables of an app.
func (a *API) Set(ctx context.Context, req op.EnvValues) ([]op.EnvVariable, error) {
	app, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return nil, err
	}
	call.Detail(ctx, "names", slices.Sorted(maps.Keys(req.Values))) // never the values
	if len(req.Values) == 0 {
		return nil, errs.New(errs.Invalid, "no variables were given")
	}
	if err := a.Apps.SetEnv(ctx, app.ID, req.Values); err != nil {
		return nil, err
	}
	return a.variables(ctx, app.ID)
}

// Unset removes variables of an app.
func (a *API) Unset(ctx context.Context, req op.EnvNames) ([]op.EnvVariable, error) {
	app, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return nil, err
	}
	call.Detail(ctx, "names", req.Names)
	if len(req.Names) == 0 {
		return nil, errs.New(errs.Invalid, "no variables were named")
	}
	if err := a.Apps.UnsetEnv(ctx, app.ID, req.Names); err != nil {
		return nil, err
	}
	return a.variables(ctx, app.ID)
}
