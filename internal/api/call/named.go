package call

import (
	"context"

	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/auth"
	"fazt/internal/errs"
)

// AppID is the id of the app that is named, "" where none is: what holds for every app.
func AppID(ctx context.Context, store *apps.Store, ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	app, err := store.Get(ctx, ref)
	return app.ID, err
}

// Readable is AppID for whoever may read of that app, or, where none is named, of all.
func Readable(ctx context.Context, store *apps.Store, ref string) (string, error) {
	if ref == "" {
		return "", Allow(op.Read, auth.From(ctx), "")
	}
	if err := AllowNamed(ctx, store, op.Read, ref); err != nil {
		return "", err
	}
	return AppID(ctx, store, ref)
}

// Namer gives apps the names they have now. It asks once for each.
func Namer(ctx context.Context, store *apps.Store) func(id string) string {
	known := map[string]string{"": ""}
	return func(id string) string {
		name, ok := known[id]
		if !ok {
			name = id // one that is being removed
			if app, err := store.Get(ctx, id); err == nil {
				name = app.Name
			}
			known[id] = name
		}
		return name
	}
}

// OnlyOwnApps is the app whose logs the caller gets, "" for those of all: a key that is bound to apps must name one of
// them, unless it has just one.
func OnlyOwnApps(ctx context.Context, appID string) (string, error) {
	p := auth.From(ctx)
	if Allow(op.Logs, p, "") == nil {
		return appID, nil
	}
	if appID == "" {
		var own []string
		for _, s := range p.Scopes {
			if s.Verb == auth.ScopeLogs {
				own = append(own, s.App)
			}
		}
		if len(own) != 1 {
			return "", errs.New(errs.Forbidden, "the key %q allows the logs of some apps only; name one of them", p.Name)
		}
		appID = own[0]
	}
	return appID, Allow(op.Logs, p, appID)
}
