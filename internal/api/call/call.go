// Package call is what operations know of the call that is under way: who may make it, what its entry in the activity
// log says, and how long a page is.
package call

import (
	"context"
	"sync"

	"fazt/internal/activity"
	"fazt/internal/auth"
	"fazt/internal/errs"
)

// Draft is the entry of the activity log for an operation that is under way. The operation may say more of it.
type Draft struct {
	mu    sync.Mutex
	begun bool // it was carried out, and not answered with what an earlier request got
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

// edit changes the draft that ctx carries; where it carries none, nothing is recorded.
func edit(ctx context.Context, change func(d *Draft)) {
	if d, ok := ctx.Value(draftKey{}).(*Draft); ok {
		d.mu.Lock()
		defer d.mu.Unlock()
		change(d)
	}
}

// Begun tells that the operation is carried out.
func Begun(ctx context.Context) { edit(ctx, func(d *Draft) { d.begun = true }) }

// Detail adds a fact to the entry of the operation. It must not be a secret: names of variables, not their values.
func Detail(ctx context.Context, name string, value any) {
	edit(ctx, func(d *Draft) { d.facts[name] = value })
}

// About says what the operation turned out to be about; an empty text leaves what the request said.
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

// Caller is who is asking, for what is kept of a change.
func Caller(ctx context.Context) string {
	p := auth.From(ctx)
	if p.Kind == auth.Key {
		return "key " + p.Name
	}
	return p.Kind.String()
}

// How many items a page has, by default and at most.
const (
	PageDefault = 100
	PageMax     = 1000
)

// PageSize is the length of a page that a request asks for.
func PageSize(limit int) (int, error) {
	if limit == 0 {
		return PageDefault, nil
	}
	if limit < 1 || limit > PageMax {
		return 0, errs.New(errs.Invalid, "limit must be from 1 to %d, not %d", PageMax, limit)
	}
	return limit, nil
}
