// Package limits implements the operations on limits and settings.
package limits

import (
	"context"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// API implements the operations on limits.
type API struct {
	System *system.Store
	Limits *system.Live
	Apps   *apps.Store
}

// Get shows the limits in force.
func (a *API) Get(ctx context.Context, req op.LimitsOf) (system.Limits, error) {
	app, err := a.of(ctx, op.LimitsGet.Spec.Access, req.App)
	if err != nil {
		return system.Limits{}, err
	}
	return *a.Limits.App(app), nil
}

// of returns the id of the app with the given name or id, or "" for none, if the caller has the given access to it. The
// query names the app, so this is checked here: a key for one app must not reach the limits of another.
func (a *API) of(ctx context.Context, access op.Access, ref string) (string, error) {
	if err := call.AllowNamed(ctx, a.Apps, access, ref); err != nil || ref == "" {
		return "", err
	}
	app, err := a.Apps.Get(ctx, ref)
	return app.ID, err
}

// List lists the limits with the sources of their values.
func (a *API) List(ctx context.Context, req op.LimitsOf) (list op.LimitList, err error) {
	app, err := a.of(ctx, op.LimitsList.Spec.Access, req.App)
	if err != nil {
		return list, err
	}
	list.Limits, list.Ignored = a.System.Limits(app)
	for _, item := range list.Limits {
		for i := range item.ForApps {
			if item.ForApps[i].App, err = a.appName(ctx, item.ForApps[i].App); err != nil {
				return list, err
			}
		}
	}
	for i := range list.Ignored {
		if list.Ignored[i].App, err = a.appName(ctx, list.Ignored[i].App); err != nil {
			return list, err
		}
	}
	return list, nil
}

// appName returns the current name of an app, or the id if the app has just been removed.
func (a *API) appName(ctx context.Context, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	app, err := a.Apps.Get(ctx, id)
	if errs.Is(err, errs.NotFound) {
		return id, nil
	}
	return app.Name, err
}

// Schema describes the limits.
func (a *API) Schema(context.Context, op.None) ([]system.Group, error) {
	return system.LimitGroups(), nil
}

// Set changes limits, all or none.
func (a *API) Set(ctx context.Context, req op.LimitsChange) ([]system.Changed, error) {
	app, err := a.of(ctx, op.LimitsSet.Spec.Access, req.App)
	if err != nil {
		return nil, err
	}
	changes, err := a.System.ChangeLimits(ctx, app, call.Caller(ctx), req.Values)
	changed(ctx, app, changes)
	if err != nil || app == "" {
		return changes, err
	}
	name, err := a.appName(ctx, app)
	for i := range changes {
		changes[i].App = name
	}
	return changes, err
}

// changed adds the old and new values to the activity log entry. No limit or setting is secret.
func changed(ctx context.Context, app string, changes []system.Changed) {
	call.About(ctx, "", app)
	for _, c := range changes {
		call.Detail(ctx, c.Path, map[string]any{"from": c.Old, "to": c.New})
	}
}
