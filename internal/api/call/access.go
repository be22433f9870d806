package call

import (
	"context"

	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/auth"
	"fazt/internal/errs"
)

// AnyApp stands for an app that is not known yet because the body names it. The operation checks access again.
const AnyApp = "*"

// Allow returns nil if a caller may use an operation of the given access on the app with the given id, which is "" if the
// operation is not about one app or the app does not exist.
//
// A key that may deploy an app may also read it: it could deploy a function that does.
func Allow(access op.Access, p auth.Principal, appID string) error {
	switch {
	case access == op.Anyone, access != op.Nobody && p.Kind == auth.Owner, p.Kind == auth.Key && scoped(access, p, appID):
		return nil
	case p.Kind == auth.Anonymous:
		return errs.New(errs.Unauthorized, "this needs a key: send it as `Authorization: Bearer …`, add it with `fazt peer add`, or use fazt on the machine itself")
	case access == op.Owner || access == op.Nobody:
		return errs.New(errs.Forbidden, "only the owner may do this, with fazt on the machine itself; no key allows it")
	}
	return errs.New(errs.Forbidden, "the key %q does not allow this; it needs the scope %s", p.Name, needed(access))
}

func scoped(access op.Access, p auth.Principal, appID string) bool {
	has := func(verb string) bool {
		if appID == AnyApp {
			return p.HasSome(verb)
		}
		return p.Has(verb, appID)
	}
	if access == op.Nobody || access == op.Owner {
		return false
	}
	if has(auth.ScopeAdmin) {
		return true
	}
	switch access {
	case op.Deploy:
		return has(auth.ScopeDeploy)
	case op.Read:
		return has(auth.ScopeRead) || appID != "" && has(auth.ScopeDeploy)
	case op.Logs:
		return has(auth.ScopeLogs)
	case op.Data:
		return appID != "" && has(auth.ScopeData)
	case op.Metrics:
		return has(auth.ScopeMetrics)
	}
	return false
}

// needed returns the scope to ask for.
func needed(access op.Access) string {
	switch access {
	case op.Deploy:
		return "deploy, or deploy:APP for the app in question"
	case op.Logs:
		return "logs, or logs:APP for the app in question"
	case op.Data:
		return "data:APP for the app in question"
	}
	return access.String()
}

// AllowNamed is Allow for an operation that learns from its body which app is meant.
func AllowNamed(ctx context.Context, store *apps.Store, access op.Access, ref string) error {
	p := auth.From(ctx)
	if p.Kind != auth.Key {
		return Allow(access, p, "")
	}
	app, err := store.Get(ctx, ref)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	return Allow(access, p, app.ID)
}

// IsDenial reports whether err is the refusal of a caller.
func IsDenial(err error) bool { return errs.Is(err, errs.Unauthorized) || errs.Is(err, errs.Forbidden) }
