package api

import (
	"context"

	"fazt/internal/api/op"
	"fazt/internal/auth"
	"fazt/internal/errs"
	"fazt/internal/system"
)

func (a *API) limitsGet(ctx context.Context, req op.LimitsOf) (system.Limits, error) {
	app, err := a.limitsOf(ctx, op.LimitsGet.Access, req.App)
	if err != nil {
		return system.Limits{}, err
	}
	return *a.Limits.App(app), nil
}

// limitsOf is the id of the app with the given name or id, "" for none, if the caller may do with its limits what needs
// access. The query names the app, and who is admitted for one app is not for another.
func (a *API) limitsOf(ctx context.Context, access op.Access, ref string) (string, error) {
	if err := a.allowNamed(ctx, access, ref); err != nil || ref == "" {
		return "", err
	}
	app, err := a.Apps.Get(ctx, ref)
	return app.ID, err
}

func (a *API) limitsList(ctx context.Context, req op.LimitsOf) (list op.LimitList, err error) {
	app, err := a.limitsOf(ctx, op.LimitsList.Access, req.App)
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

// appName is the name the app with the given id has now; the id when it was removed a moment ago.
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

func (a *API) limitsSchema(context.Context, op.None) ([]system.Group, error) {
	return system.LimitGroups(), nil
}

func (a *API) limitsSet(ctx context.Context, req op.LimitsChange) ([]system.Changed, error) {
	app, err := a.limitsOf(ctx, op.LimitsSet.Access, req.App)
	if err != nil {
		return nil, err
	}
	changes, err := a.System.ChangeLimits(ctx, app, caller(ctx), req.Values)
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

// changed tells the activity log what was changed, from what to what. No limit and no setting is a secret.
func changed(ctx context.Context, app string, changes []system.Changed) {
	about(ctx, "", app)
	for _, c := range changes {
		detail(ctx, c.Path, map[string]any{"from": c.Old, "to": c.New})
	}
}

// caller is who is asking, for what is kept of a change.
func caller(ctx context.Context) string {
	p := auth.From(ctx)
	if p.Kind == auth.Key {
		return "key " + p.Name
	}
	return p.Kind.String()
}

func (a *API) settingsGet(context.Context, op.None) (system.Settings, error) {
	return *a.System.Settings().Load(), nil
}

func (a *API) settingsList(context.Context, op.None) (list op.SettingList, err error) {
	list.Settings, list.Ignored = a.System.SettingItems()
	return list, nil
}

func (a *API) settingsSchema(context.Context, op.None) ([]system.Group, error) {
	return system.SettingGroups(), nil
}

func (a *API) settingsSet(ctx context.Context, req op.SettingsChange) ([]system.Changed, error) {
	changes, err := a.System.ChangeSettings(ctx, caller(ctx), req.Values)
	changed(ctx, "", changes)
	return changes, err
}
