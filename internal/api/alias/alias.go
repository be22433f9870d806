// Package alias implements the operations on aliases.
package alias

import (
	"context"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/api/show"
	"fazt/internal/apps"
)

// API implements the operations.
type API struct {
	Apps *apps.Store
	// Domain is the domain of the instance.
	Domain string
	// URL is the address of the app behind a host label.
	URL func(label string) string
}

func (a *API) show(alias apps.Alias) op.Alias {
	return op.Alias{AliasRecord: show.Alias(alias), Address: a.URL(alias.Name)}
}

// List lists the aliases in the order of their names.
func (a *API) List(ctx context.Context, req op.List) (page op.Page[op.Alias], err error) {
	limit, err := call.PageSize(req.Limit)
	if err != nil {
		return page, err
	}
	list, next, err := a.Apps.AliasList(ctx, req.Cursor, limit)
	page.Next = next
	for _, alias := range list {
		page.Items = append(page.Items, a.show(alias))
	}
	return page, err
}

// Get shows an alias and the apps that only it points to.
func (a *API) Get(ctx context.Context, req op.AliasRef) (op.AliasDetail, error) {
	alias, err := a.Apps.Alias(ctx, req.Alias)
	if err != nil {
		return op.AliasDetail{}, err
	}
	only, err := a.Apps.LosesByAlias(ctx, alias)
	return op.AliasDetail{Alias: a.show(alias), Only: only}, err
}

// Set leads an alias to an app, a redirect or a split, or reserves it.
func (a *API) Set(ctx context.Context, req op.AliasTarget) (op.AliasChange, error) {
	ch, err := a.Apps.SetAlias(ctx, req.Alias, apps.Destination{
		App: req.App, Redirect: req.Redirect, Status: req.Status, KeepPath: req.KeepPath, Split: show.Shares(req.Split), Reserve: req.Reserve,
		Domain: a.Domain,
	}, req.Force)
	call.About(ctx, ch.Alias.Name, ch.Alias.AppID)
	call.Detail(ctx, "to", ch.Alias.Leads())
	if ch.Before != nil {
		call.Detail(ctx, "from", ch.Before.Leads())
	}
	return op.AliasChange{Alias: a.show(ch.Alias), Before: show.AliasBefore(ch.Before), Lost: op.Lost(ch.Lost)}, err
}

// Swap exchanges the targets of two aliases.
func (a *API) Swap(ctx context.Context, req op.AliasPair) ([]op.Alias, error) {
	one, other, err := a.Apps.SwapAliases(ctx, req.Alias, req.With, a.Domain)
	call.Detail(ctx, "with", req.With)
	return []op.Alias{a.show(one), a.show(other)}, err
}

// Remove frees an alias.
func (a *API) Remove(ctx context.Context, req op.AliasDrop) (op.AliasGone, error) {
	gone, lost, err := a.Apps.RemoveAlias(ctx, req.Alias, req.Force)
	call.About(ctx, gone.Name, gone.AppID)
	return op.AliasGone{Alias: a.show(gone), Lost: op.Lost(lost)}, err
}
