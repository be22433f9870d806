package api

import (
	"net/http"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/auth"
	"fazt/internal/errs"
)

// admit is call.Allow for a request: it finds the app that the request names. The operation then gets the id of that same
// app, so a rename in between changes nothing.
func (a *API) admit(spec op.Spec, r *http.Request) error {
	p := auth.From(r.Context())
	if p.Kind != auth.Key {
		return call.Allow(spec.Access, p, "")
	}
	appID, err := a.named(spec, r)
	if err != nil {
		return err
	}
	return call.Allow(spec.Access, p, appID)
}

func (a *API) named(spec op.Spec, r *http.Request) (appID string, err error) {
	if ref := r.PathValue("app"); ref != "" {
		app, err := a.Apps.Get(r.Context(), ref)
		if errs.Is(err, errs.NotFound) {
			return "", nil
		}
		if err == nil {
			r.SetPathValue("app", app.ID)
		}
		return app.ID, err
	}
	if upload := r.PathValue("upload"); upload != "" {
		appID, err := a.Hosting.UploadApp(r.Context(), upload)
		if errs.Is(err, errs.NotFound) {
			return "", nil
		}
		return appID, err
	}
	if spec.AppInForm() || spec.AppInQuery() {
		return call.AnyApp, nil
	}
	return "", nil
}
