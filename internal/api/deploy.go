package api

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/runtime"
)

func (a *API) uploadBegin(ctx context.Context, req op.UploadPlan) (hosting.Upload, error) {
	app, err := a.Apps.Get(ctx, req.App)
	if errs.Is(err, errs.NotFound) {
		app.Name, err = req.App, apps.CheckName(req.App)
	}
	if err != nil {
		return hosting.Upload{}, err
	}
	if req.DryRun {
		call.Detail(ctx, "dry_run", true)
		return a.Hosting.Compare(ctx, app.ID, req.Plan)
	}
	return a.Hosting.Begin(ctx, app.Name, app.ID, req.Plan)
}

func (a *API) uploadSend(ctx context.Context, req op.UploadContent) (hosting.Received, error) {
	return a.Hosting.Receive(ctx, req.Upload, req.Body)
}

// uploadCommit makes the deployment: everything that can fail or take long comes before the one write that makes it
// visible, so that a failure leaves the live deployment as it was.
func (a *API) uploadCommit(ctx context.Context, req op.UploadRef) (op.Deployed, error) {
	ready, err := a.Hosting.Ready(ctx, req.Upload)
	if err != nil {
		return op.Deployed{}, err
	}
	if err := checkNeeds(ready.Plan.Manifest); err != nil {
		return op.Deployed{}, err
	}
	done := op.Deployed{Preview: ready.Plan.Preview, Warnings: []string{}}
	var program []byte
	if ready.Committed == nil {
		if warning := runtime.UnusedEntries(ready.Source.Exists); warning != "" {
			done.Warnings = append(done.Warnings, warning)
		}
		if program, err = a.Compile(ctx, ready.App, ready.Source); err != nil {
			return op.Deployed{}, err
		}
		if err := a.Hosting.Compress(ctx, ready.Files); err != nil {
			return op.Deployed{}, err
		}
	}
	var d hosting.Deployment
	err = a.DB.Write(ctx, func(tx *database.Tx) (err error) {
		if done.App, err = a.Apps.EnsureTx(tx, ready.App, ready.Plan.Manifest.Title); err != nil {
			return err
		}
		d, err = a.Hosting.CommitTx(tx, req.Upload, done.App.ID, program)
		return err
	})
	if err != nil {
		return op.Deployed{}, err
	}
	done.Deployment = a.addressed(done.App, d)
	done.Needs = a.needs(done.App.ID, d.Manifest)
	call.About(ctx, done.App.Name, done.App.ID)
	call.Detail(ctx, "deployment", d.Number)
	call.Detail(ctx, "live", !done.Preview)
	if !done.Preview && a.AppURL(done.App) == "" {
		done.Warnings = append(done.Warnings, fmt.Sprintf("nothing leads to %[1]s but its previews; `fazt alias set %[1]s --app %[1]s` changes that", done.App.Name))
	}
	if _, err := a.Hosting.Prune(ctx, done.App.ID); err != nil {
		// The deployment stands; what should have gone is removed the next time.
		a.Log.Warn("old deployments could not be removed", "app", done.App.Name, "error", err)
	}
	return done, nil
}

func (a *API) envList(ctx context.Context, req op.AppPage) (page op.Page[op.EnvVariable], err error) {
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

func (a *API) envSet(ctx context.Context, req op.EnvValues) ([]op.EnvVariable, error) {
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

func (a *API) envUnset(ctx context.Context, req op.EnvNames) ([]op.EnvVariable, error) {
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
