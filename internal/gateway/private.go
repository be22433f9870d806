package gateway

import (
	"net/http"

	"fazt/internal/auth"
	"fazt/internal/errs"
	"fazt/internal/hosting/static"
)

// private serves /private/. A visitor without access learns nothing about what is there, and no response, not even a
// refusal, is cached.
func (g *gateway) private(w *exchange, r *http.Request, t *Target, v static.View) error {
	w.personal = true
	w.Header().Set("Cache-Control", "no-store")
	if err := mayReadPrivate(auth.From(r.Context()), t.AppID); err != nil {
		return err
	}
	v.Private = true
	return g.Static.Serve(w, r, v)
}

// mayReadPrivate reports whether a principal may read the private files of an app: the owner, or a key that could read
// them through the control API.
func mayReadPrivate(p auth.Principal, appID string) error {
	switch {
	case p.Kind == auth.Owner, p.Has(auth.ScopeAdmin, appID), p.Has(auth.ScopeRead, appID), p.Has(auth.ScopeDeploy, appID):
		return nil
	case p.Kind == auth.Anonymous:
		return errs.New(errs.Unauthorized, "sign in to see this page")
	}
	return errs.New(errs.Forbidden, "you do not have access to this page")
}
