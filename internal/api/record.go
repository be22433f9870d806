package api

import (
	"net/http"

	"fazt/internal/activity"
	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/auth"
	"fazt/internal/errs"
)

// recorded runs an operation and writes its entry in the activity log: for everything that may have changed something,
// successful or not, and for everything that was refused. Operations cannot forget it and need not know about it.
func (a *API) recorded(rt route, w *response, r *http.Request) (err error) {
	if !rt.spec.Mutates() {
		if err = a.call(rt, w, r); call.IsDenial(err) {
			a.record(rt.spec, a.draft(rt.spec, r), r, err)
		}
		return err
	}
	d := a.draft(rt.spec, r)
	ended := false
	defer func() {
		if !ended { // a panic that cuts the connection
			err = errs.New(errs.Internal, "the operation was cut off")
		}
		if _, begun := d.Finish(); begun || err != nil {
			a.record(rt.spec, d, r, err)
		}
	}()
	err = a.call(rt, w, r.WithContext(d.With(r.Context())))
	ended = true
	return err
}

// draft returns the entry with what is known from the request.
func (a *API) draft(spec op.Spec, r *http.Request) *call.Draft {
	entry := activity.Entry{Weight: spec.EntryWeight(), Action: spec.Name, ResourceType: spec.ResourceType(), Actor: actor(r)}
	for _, name := range spec.PathNames() {
		if entry.Resource == "" || name == entry.ResourceType {
			entry.Resource = r.PathValue(name)
		}
	}
	// Before the operation, which may remove the app. Requests of strangers must not cost a read of the database.
	ref := r.PathValue("app")
	if ref == "" || entry.Actor.Kind == activity.Anonymous {
		return call.NewDraft(entry)
	}
	if app, err := a.Apps.Get(r.Context(), ref); err == nil {
		entry.AppID = app.ID
		if entry.Resource == ref {
			entry.Resource = app.Name
		}
	}
	return call.NewDraft(entry)
}

// actor returns who sent a request.
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

// record writes the entry.
func (a *API) record(spec op.Spec, d *call.Draft, r *http.Request, err error) {
	e, _ := d.Finish()
	e.Result = activity.OK
	switch {
	case call.IsDenial(err):
		e.Result, e.Code, e.Weight = activity.Denied, errs.Code(err), activity.Security
	case err != nil:
		e.Result, e.Code = activity.Failed, errs.Code(err)
	}
	switch {
	case e.Actor.Kind == activity.Anonymous:
		a.Activity.RecordBundled("anonymous", e.Actor.Address, e)
	case e.Result == activity.Denied:
		a.Activity.RecordBundled("denied", e.Actor.ID+" "+spec.Name, e)
	default:
		a.Activity.Record(e)
	}
}
