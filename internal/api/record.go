package api

import (
	"context"
	"net/http"
	"sync"

	"fazt/internal/activity"
	"fazt/internal/api/op"
	"fazt/internal/auth"
	"fazt/internal/errs"
)

// draft is the entry of the activity log for an operation that is under way. The operation may say more of it.
type draft struct {
	mu    sync.Mutex
	begun bool // it was carried out, and not answered with what an earlier request got
	entry activity.Entry
	facts map[string]any
}

type draftKey struct{}

// edit changes the draft that ctx carries; where it carries none, nothing is recorded.
func edit(ctx context.Context, change func(d *draft)) {
	if d, ok := ctx.Value(draftKey{}).(*draft); ok {
		d.mu.Lock()
		defer d.mu.Unlock()
		change(d)
	}
}

// begun tells that the operation is carried out.
func begun(ctx context.Context) { edit(ctx, func(d *draft) { d.begun = true }) }

// detail adds a fact to the entry of the operation. It must not be a secret: names of variables, not their values.
func detail(ctx context.Context, name string, value any) {
	edit(ctx, func(d *draft) { d.facts[name] = value })
}

// about says what the operation turned out to be about; an empty text leaves what the request said.
func about(ctx context.Context, resource, appID string) {
	edit(ctx, func(d *draft) {
		if resource != "" {
			d.entry.Resource = resource
		}
		if appID != "" {
			d.entry.AppID = appID
		}
	})
}

// recorded carries out an operation and writes its entry: of everything that may have changed something, whether it
// went well or not, and of everything that was refused. Operations cannot forget it, and need not know of it.
func (a *API) recorded(rt route, w *response, r *http.Request) (err error) {
	if !rt.spec.Mutates() {
		if err = a.call(rt, w, r); isDenial(err) {
			a.record(rt.spec, a.draft(rt.spec, r), r, err)
		}
		return err
	}
	d := a.draft(rt.spec, r)
	ended := false
	defer func() {
		if !ended { // it panics: the connection is to be cut
			err = errs.New(errs.Internal, "the operation was cut off")
		}
		if d.begun || err != nil {
			a.record(rt.spec, d, r, err)
		}
	}()
	err = a.call(rt, w, r.WithContext(context.WithValue(r.Context(), draftKey{}, d)))
	ended = true
	return err
}

// draft is the entry as far as the request tells.
func (a *API) draft(spec op.Spec, r *http.Request) *draft {
	d := &draft{facts: map[string]any{}}
	d.entry = activity.Entry{Weight: spec.EntryWeight(), Action: spec.Name, ResourceType: spec.ResourceType(), Actor: actor(r)}
	for _, name := range spec.PathNames() {
		if d.entry.Resource == "" || name == d.entry.ResourceType {
			d.entry.Resource = r.PathValue(name)
		}
	}
	// Before the operation: it may remove the app. Strangers make nobody read the database.
	ref := r.PathValue("app")
	if ref == "" || d.entry.Actor.Kind == activity.Anonymous {
		return d
	}
	if app, err := a.Apps.Get(r.Context(), ref); err == nil {
		d.entry.AppID = app.ID
		if d.entry.Resource == ref {
			d.entry.Resource = app.Name
		}
	}
	return d
}

// actor is who sent a request.
func actor(r *http.Request) activity.Actor {
	p := auth.From(r.Context())
	who := activity.Actor{Kind: activity.Anonymous, ID: p.ID, Name: p.Name, Address: p.Address, Agent: r.UserAgent()}
	switch p.Kind {
	case auth.Owner:
		who.Kind = activity.Owner
	case auth.Key:
		who.Kind = activity.Key
	}
	return who
}

func isDenial(err error) bool { return errs.Is(err, errs.Unauthorized) || errs.Is(err, errs.Forbidden) }

// record writes the entry.
func (a *API) record(spec op.Spec, d *draft, r *http.Request, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.entry
	e.Result = activity.OK
	switch {
	case isDenial(err):
		e.Result, e.Code, e.Weight = activity.Denied, errs.Code(err), activity.Security
	case err != nil:
		e.Result, e.Code = activity.Failed, errs.Code(err)
	}
	e.Details = activity.Details(d.facts)
	switch {
	case e.Actor.Kind == activity.Anonymous:
		a.Activity.RecordBundled("anonymous", e.Actor.Address, e)
	case e.Result == activity.Denied:
		a.Activity.RecordBundled("denied", e.Actor.ID+" "+spec.Name, e)
	default:
		a.Activity.Record(e)
	}
}
