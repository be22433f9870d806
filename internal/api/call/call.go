// Package call gives operations what they need to know about the current call: whether the caller may make it, its entry in
// the activity log, and the size of a page.
package call

import (
	"context"
	"sync"

	"fazt/internal/activity"
	"fazt/internal/auth"
	"fazt/internal/errs"
)

// Draft is the activity log entry of a running operation, which may add details to it.
type Draft struct {
	mu    sync.Mutex
	begun bool // the operation ran; the response is not that of an earlier request
	entry activity.Entry
	facts map[string]any
}

type draftKey struct{}

// NewDraft returns a draft of the entry.
func NewDraft(entry activity.Entry) *Draft { return &Draft{entry: entry, facts: map[string]any{}} }

// With returns a context that carries the draft.
func (d *Draft) With(ctx context.Context) context.Context {
	return context.WithValue(ctx, draftKey{}, d)
}

// Finish returns the entry with its details, and reports whether the operation was carried out.
func (d *Draft) Finish() (entry activity.Entry, begun bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	entry = d.entry
	entry.Details = activity.Details(d.facts)
	return entry, d.begun
}

// edit changes the draft in ctx, if there is one.
func edit(ctx context.Context, change func(d *Draft)) {
	if d, ok := ctx.Value(draftKey{}).(*Draft); ok {
		d.mu.Lock()
		defer d.mu.Unlock()
		change(d)
	}
}

// Begun records that the operation has started.
func Begun(ctx context.Context) { edit(ctx, func(d *Draft) { d.begun = true }) }

// Detail adds a detail to the entry. It must not be a secret: names of variables, not their values.
func Detail(ctx context.Context, name string, value any) {
	edit(ctx, func(d *Draft) { d.facts[name] = value })
}

// About sets the resource that the operation is about. An empty text keeps the one from the request.
func About(ctx context.Context, resource, appID string) {
	edit(ctx, func(d *Draft) {
		if resource != "" {
			d.entry.Resource = resource
		}
		if appID != "" {
			d.entry.AppID = appID
		}
	})
}

// Caller returns the name of the caller, to store with a change.
func Caller(ctx context.Context) string {
	p := auth.From(ctx)
	if p.Kind == auth.Key {
		return "key " + p.Name
	}
	return p.Kind.String()
}

// The default and the maximum number of items on a page.
const (
	PageDefault = 100
	PageMax     = 1000
)

// PageSize returns the number of items that a request asks for.
func PageSize(limit int) (int, error) {
	if limit == 0 {
		return PageDefault, nil
	}
	if limit < 1 || limit > PageMax {
		return 0, errs.New(errs.Invalid, "limit must be from 1 to %d, not %d", PageMax, limit)
	}
	return limit, nil
}
