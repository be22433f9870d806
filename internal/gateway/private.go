package gateway

import (
	"net/http"

	"fazt/internal/auth"
	"fazt/internal/errs"
	"fazt/internal/hosting/static"
)

// private answers below /private/: who may not see it learns nothing of what is there, and what is sent, a refusal too,
// is kept by nobody.
func (g *gateway) private(w *exchange, r *http.Request, t *Target, v static.View) error {
	w.personal = true
	w.Header().Set("Cache-Control", "no-store")
	if err := mayReadPrivate(auth.From(r.Context()), t.AppID); err != nil {
		return err
	}
	v.Private = true
	return g.Static.Serve(w, r, v)
}

// mayReadPrivate says whether a principal may see the private files of the app with the given id: the owner, and a key
// with which they could be read through the control API.
func mayReadPrivate(p auth.Principal, appID string) error {
	switch {
	case p.Kind == auth.Owner, p.Has(auth.ScopeAdmin, appID), p.Has(auth.ScopeRead, appID), p.Has(auth.ScopeDeploy, appID):
		return nil
	case p.Kind == auth.Nobody:
		return errs.New(errs.Unauthorized, "this is only for people who are signed in")
	}
	return errs.New(errs.Forbidden, "you are signed in, and may not see this")
}
