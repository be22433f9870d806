package app

import (
	"context"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/database"
	"fazt/internal/errs"
)

// Rename changes the name of an app, and with it its host label and unfinished uploads. Everything else refers to the app
// by its id.
func (a *API) Rename(ctx context.Context, req op.AppNewName) (done op.Renamed, err error) {
	var keep *apps.Destination
	switch req.Keep {
	case "":
	case "alias":
		keep = &apps.Destination{App: req.Name}
	case "redirect":
		keep = &apps.Destination{Redirect: a.URL(req.Name), Status: 308, KeepPath: true, Domain: a.Domain}
	default:
		return done, errs.New(errs.Invalid, "unknown value %q for keep; use alias or redirect", req.Keep)
	}
	app, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return done, err
	}
	call.Detail(ctx, "name", req.Name)
	call.Detail(ctx, "keep", req.Keep)
	err = a.DB.Write(ctx, func(tx *database.Tx) error {
		renamed, err := a.Apps.RenameTx(tx, app.ID, req.Name, keep)
		if err != nil {
			return err
		}
		done.App = op.AppRecord(renamed)
		return a.Hosting.RenameUploadsTx(tx, app.Name, req.Name)
	})
	if err != nil {
		return done, err
	}
	done.Before, done.URL = app.Name, a.URL(req.Name)
	old, err := a.Apps.Alias(ctx, app.Name)
	switch {
	case err == nil:
		done.Kept = old.Leads()
	case errs.Is(err, errs.NotFound):
		err = nil
	}
	return done, err
}
