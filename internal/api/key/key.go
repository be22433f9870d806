// Package key implements the operations on API keys, and tells callers who they are.
package key

import (
	"context"
	"time"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/api/show"
	"fazt/internal/apps"
	"fazt/internal/auth"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// API implements the operations.
type API struct {
	Keys *auth.Keys
	Apps *apps.Store
}

// Create makes a key.
func (a *API) Create(ctx context.Context, req op.KeyNew) (op.KeyMade, error) {
	scopes := make([]auth.Scope, 0, len(req.Scopes))
	for _, text := range req.Scopes {
		s, err := a.scope(ctx, text)
		if err != nil {
			return op.KeyMade{}, err
		}
		scopes = append(scopes, s)
	}
	var expires time.Time
	if req.ExpiresAt != nil {
		expires = *req.ExpiresAt
	}
	call.About(ctx, req.Name, "")
	call.Detail(ctx, "scopes", req.Scopes)
	key, token, err := a.Keys.Create(ctx, auth.From(ctx), req.Name, scopes, expires)
	if err != nil {
		return op.KeyMade{}, err
	}
	call.Detail(ctx, "id", key.ID)
	call.Detail(ctx, "expires_at", key.ExpiresAt)
	shown, err := a.show(ctx, key)
	return op.KeyMade{Key: shown, Token: token}, err
}

// scope parses a scope. The app it names must exist: the scope belongs to that app even after a rename, and never to
// another app that takes its name.
func (a *API) scope(ctx context.Context, text string) (auth.Scope, error) {
	s, err := auth.ParseScope(text)
	if err != nil || s.App == "" {
		return s, err
	}
	app, err := a.Apps.Get(ctx, s.App)
	if errs.Is(err, errs.NotFound) {
		return s, errs.Wrap(errs.NotFound, err, "the scope %s is for an app, but there is no app named %q; deploy it first", text, s.App)
	}
	s.App = app.ID
	return s, err
}

func (a *API) show(ctx context.Context, key auth.APIKey) (op.Key, error) {
	scopes, err := showScopes(ctx, a.Apps, key.Scopes)
	return show.Key(key, scopes), err
}

// showScopes writes scopes with the current names of apps. A removed app is shown by its id.
func showScopes(ctx context.Context, store *apps.Store, scopes []auth.Scope) ([]string, error) {
	list := make([]string, 0, len(scopes))
	for _, s := range scopes {
		if s.App != "" {
			app, err := store.Get(ctx, s.App)
			switch {
			case err == nil:
				s.App = app.Name
			case !errs.Is(err, errs.NotFound):
				return nil, err
			}
		}
		list = append(list, s.String())
	}
	return list, nil
}

// List lists the keys in force.
func (a *API) List(ctx context.Context, req op.List) (page op.Page[op.Key], err error) {
	limit, err := call.PageSize(req.Limit)
	if err != nil {
		return page, err
	}
	list, next, err := a.Keys.List(ctx, req.Cursor, limit)
	if err != nil {
		return page, err
	}
	page.Next = next
	for _, key := range list {
		shown, err := a.show(ctx, key)
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, shown)
	}
	return page, nil
}

// Revoke revokes a key and those that were made with it.
func (a *API) Revoke(ctx context.Context, req op.KeyRef) (op.Key, error) {
	key, err := a.Keys.Revoke(ctx, req.Key)
	if err != nil {
		return op.Key{}, err
	}
	call.About(ctx, key.Name, "")
	call.Detail(ctx, "id", key.ID)
	return a.show(ctx, key)
}

// Caller tells callers who they are.
type Caller struct{ Apps *apps.Store }

// Get returns who sent the request.
func (a *Caller) Get(ctx context.Context, _ op.None) (op.Caller, error) {
	p := auth.From(ctx)
	caller := op.Caller{Kind: p.Kind.String(), Name: p.Name, Scopes: []string{}}
	if p.Kind == auth.Anonymous {
		return caller, nil
	}
	var err error
	caller.Version = system.Version
	caller.Scopes, err = showScopes(ctx, a.Apps, p.Scopes)
	return caller, err
}
