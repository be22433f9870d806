package api

import (
	"context"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/auth"
	"fazt/internal/errs"
	"fazt/internal/system"
)

func (a *API) keyCreate(ctx context.Context, req op.KeyNew) (op.KeyMade, error) {
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
	about(ctx, req.Name, "")
	detail(ctx, "scopes", req.Scopes)
	key, token, err := a.Keys.Create(ctx, auth.From(ctx), req.Name, scopes, expires)
	if err != nil {
		return op.KeyMade{}, err
	}
	detail(ctx, "id", key.ID)
	detail(ctx, "expires_at", key.ExpiresAt)
	shown, err := a.showKey(ctx, key)
	return op.KeyMade{Key: shown, Token: token}, err
}

// scope reads a scope. The app it names must exist: the scope is for that app, whatever it is called later, and never
// for another that takes its name.
func (a *API) scope(ctx context.Context, text string) (auth.Scope, error) {
	s, err := auth.ParseScope(text)
	if err != nil || s.App == "" {
		return s, err
	}
	app, err := a.Apps.Get(ctx, s.App)
	if errs.Is(err, errs.NotFound) {
		return s, errs.Wrap(errs.NotFound, err, "the scope %s is for one app, and no app is called %q; deploy it first", text, s.App)
	}
	s.App = app.ID
	return s, err
}

func (a *API) showKey(ctx context.Context, key auth.APIKey) (op.Key, error) {
	scopes, err := a.showScopes(ctx, key.Scopes)
	return op.Key{APIKey: key, Scopes: scopes}, err
}

// showScopes writes scopes as people do: with the names the apps have now. One whose app was removed shows the id.
func (a *API) showScopes(ctx context.Context, scopes []auth.Scope) ([]string, error) {
	list := make([]string, 0, len(scopes))
	for _, s := range scopes {
		if s.App != "" {
			app, err := a.Apps.Get(ctx, s.App)
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

func (a *API) keyList(ctx context.Context, req op.List) (page op.Page[op.Key], err error) {
	limit, err := pageSize(req.Limit)
	if err != nil {
		return page, err
	}
	list, next, err := a.Keys.List(ctx, req.Cursor, limit)
	if err != nil {
		return page, err
	}
	page.Next = next
	for _, key := range list {
		shown, err := a.showKey(ctx, key)
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, shown)
	}
	return page, nil
}

func (a *API) keyRevoke(ctx context.Context, req op.KeyRef) (op.Key, error) {
	key, err := a.Keys.Revoke(ctx, req.Key)
	if err != nil {
		return op.Key{}, err
	}
	about(ctx, key.Name, "")
	detail(ctx, "id", key.ID)
	return a.showKey(ctx, key)
}

func (a *API) callerGet(ctx context.Context, _ op.None) (op.Caller, error) {
	p := auth.From(ctx)
	caller := op.Caller{Kind: p.Kind.String(), Name: p.Name, Scopes: []string{}}
	if p.Kind == auth.Nobody {
		return caller, nil
	}
	var err error
	caller.Version = system.Version
	caller.Scopes, err = a.showScopes(ctx, p.Scopes)
	return caller, err
}
