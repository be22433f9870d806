package call

import (
	"context"

	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/auth"
	"fazt/internal/errs"
)

// AppID returns the id of the named app, or "" (every app) if none is named.
func AppID(ctx context.Context, store *apps.Store, ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	app, err := store.Get(ctx, ref)
	return app.ID, err
}

// Readable is AppID for callers that may read that app, or all apps if none is named.
func Readable(ctx context.Context, store *apps.Store, ref string) (string, error) {
	if ref == "" {
		return "", Allow(op.Read, auth.From(ctx), "")
	}
	if err := AllowNamed(ctx, store, op.Read, ref); err != nil {
		return "", err
	}
	return AppID(ctx, store, ref)
}

// Namer returns the current names of apps. It looks each up once.
func Namer(ctx context.Context, store *apps.Store) func(id string) string {
	known := map[string]string{"": ""}
	return func(id string) string {
		name, ok := known[id]
		if !ok {
			name = id // it is being removed
			if app, err := store.Get(ctx, id); err == nil {
				name = app.Name
			}
			known[id] = name
		}
		return name
	}
}

// OnlyOwnApps returns the app whose logs the caller gets, or "" for all apps. A key that is restricted to apps must name one
// of them, unless it has only one.
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
