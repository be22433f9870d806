package api

import (
	"context"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/database"
	"fazt/internal/errs"
)

func (a *API) alias(alias apps.Alias) op.Alias {
	return op.Alias{Alias: alias, Address: a.URL(alias.Name)}
}

func (a *API) aliasList(ctx context.Context, req op.List) (page op.Page[op.Alias], err error) {
	limit, err := call.PageSize(req.Limit)
	if err != nil {
		return page, err
	}
	list, next, err := a.Apps.AliasList(ctx, req.Cursor, limit)
	page.Next = next
	for _, alias := range list {
		page.Items = append(page.Items, a.alias(alias))
	}
	return page, err
}

func (a *API) aliasGet(ctx context.Context, req op.AliasRef) (op.AliasDetail, error) {
	alias, err := a.Apps.Alias(ctx, req.Alias)
	if err != nil {
		return op.AliasDetail{}, err
	}
	only, err := a.Apps.LosesByAlias(ctx, alias)
	return op.AliasDetail{Alias: a.alias(alias), Only: only}, err
}

func (a *API) aliasSet(ctx context.Context, req op.AliasTarget) (op.AliasChange, error) {
	ch, err := a.Apps.SetAlias(ctx, req.Alias, apps.Destination{
		App: req.App, Redirect: req.Redirect, Status: req.Status, KeepPath: req.KeepPath, Split: req.Split, Reserve: req.Reserve,
		Domain: a.Settings.Domain,
	}, req.Force)
	call.About(ctx, ch.Alias.Name, ch.Alias.AppID)
	call.Detail(ctx, "to", ch.Alias.Leads())
	if ch.Before != nil {
		call.Detail(ctx, "from", ch.Before.Leads())
	}
	return op.AliasChange{Alias: a.alias(ch.Alias), Before: ch.Before, Lost: ch.Lost}, err
}

func (a *API) aliasSwap(ctx context.Context, req op.AliasPair) ([]op.Alias, error) {
	one, other, err := a.Apps.SwapAliases(ctx, req.Alias, req.With, a.Settings.Domain)
	call.Detail(ctx, "with", req.With)
	return []op.Alias{a.alias(one), a.alias(other)}, err
}

func (a *API) aliasRemove(ctx context.Context, req op.AliasDrop) (op.AliasGone, error) {
	gone, lost, err := a.Apps.RemoveAlias(ctx, req.Alias, req.Force)
	call.About(ctx, gone.Name, gone.AppID)
	return op.AliasGone{Alias: a.alias(gone), Lost: lost}, err
}

// appRename moves what goes by the name of an app: its host label, and uploads that are under way. Everything else
// goes by its id.
func (a *API) appRename(ctx context.Context, req op.AppNewName) (done op.Renamed, err error) {
	var keep *apps.Destination
	switch req.Keep {
	case "":
	case "alias":
		keep = &apps.Destination{App: req.Name}
	case "redirect":
		keep = &apps.Destination{Redirect: a.URL(req.Name), Status: 308, KeepPath: true, Domain: a.Settings.Domain}
	default:
		return done, errs.New(errs.Invalid, "the old name can be kept as alias or redirect, not as %q", req.Keep)
	}
	app, err := a.Apps.Get(ctx, req.App)
	if err != nil {
		return done, err
	}
	call.Detail(ctx, "name", req.Name)
	call.Detail(ctx, "keep", req.Keep)
	err = a.DB.Write(ctx, func(tx *database.Tx) (err error) {
		if done.App, err = a.Apps.RenameTx(tx, app.ID, req.Name, keep); err != nil {
			return err
		}
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
