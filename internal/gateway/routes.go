package gateway

import (
	"iter"
	"strconv"
	"strings"

	"fazt/internal/hosting"
	"fazt/internal/runtime"
)

// Target is what a host leads to: an app with its live deployment, a preview of another one, a redirect or a split.
// It does not change; a deployment that goes live makes a new one.
type Target struct {
	AppID, AppName string
	Deployment     string // dep_…; "" = nothing is live
	Number         int
	SPA            bool
	Function       bool           // the deployment has one
	Routes         hosting.Routes // where it answers
	FunctionFirst  bool           // also where there is a file
	Env            *runtime.Env

	// At most one of the three; the target is no app then.
	Reserved bool // the label is kept, and leads nowhere
	Redirect *Redirect
	Split    *Split
}

// Table is what a snapshot is made of. Several hosts may share a Target, and those that lead to one app should.
type Table struct {
	Domain string             // labels lie below it
	Labels map[string]*Target // by alias
	Hosts  map[string]*Target // by canonical host: the domains
	Apps   map[string]*Target // by the app's name, whether or not a host leads to it
}

// Routes is a snapshot of where every host leads. It does not change; With makes the next one of it.
type Routes struct {
	domain              string
	labels, hosts, apps targets
	ids                 targets // apps by their ids
}

// NewRoutes is a snapshot of what is in the table.
func NewRoutes(t Table) *Routes {
	r := &Routes{domain: t.Domain, labels: newTargets(t.Labels), hosts: newTargets(t.Hosts), apps: newTargets(t.Apps)}
	byID := make(map[string]*Target, len(t.Apps))
	for _, app := range t.Apps {
		byID[app.AppID] = app
	}
	r.ids = newTargets(byID)
	return r
}

// Update is what of a snapshot changes: apps by their ids, labels and hosts; nil = it is not there any more.
type Update struct{ Apps, Labels, Hosts map[string]*Target }

// With is the snapshot with an update. It costs what the update does, however much the snapshot holds. Whoever changes
// an app gives the labels and hosts that lead to it too.
func (r *Routes) With(u Update) *Routes {
	names := make(map[string]*Target, len(u.Apps))
	for id := range u.Apps {
		// Names are given only when all old ones are gone: two apps may have changed theirs with each other.
		if old := r.ids.get(id); old != nil {
			names[old.AppName] = nil
		}
	}
	for _, app := range u.Apps {
		if app != nil {
			names[app.AppName] = app
		}
	}
	return &Routes{domain: r.domain, labels: r.labels.with(u.Labels), hosts: r.hosts.with(u.Hosts), apps: r.apps.with(names), ids: r.ids.with(u.Apps)}
}

// Label is where a label leads, nil for nowhere.
func (r *Routes) Label(label string) *Target { return r.labels.get(label) }

// Host is where a whole host name leads, nil for nowhere.
func (r *Routes) Host(host string) *Target { return r.hosts.get(host) }

// App is the app with the given name, nil for none.
func (r *Routes) App(name string) *Target { return r.apps.get(name) }

// AppByID is the app with the given id, nil for none.
func (r *Routes) AppByID(id string) *Target { return r.ids.get(id) }

// Apps are all apps.
func (r *Routes) Apps() iter.Seq[*Target] {
	return func(yield func(*Target) bool) {
		for _, t := range r.apps.all() {
			if !yield(t) {
				return
			}
		}
	}
}

// Labels are all labels with what they lead to, and Hosts all whole host names.
func (r *Routes) Labels() iter.Seq2[string, *Target] { return r.labels.all() }

// Hosts are all whole host names with what they lead to.
func (r *Routes) Hosts() iter.Seq2[string, *Target] { return r.hosts.all() }

// label is what stands before the domain in a canonical host, "" for the domain itself; one with a dot in it leads
// nowhere, because no label has one. below is false for every other host. On localhost, the addresses of this
// machine mean the domain: that is what people type.
func (r *Routes) label(host string) (label string, below bool) {
	domain := r.domain
	if host == domain {
		return "", true
	}
	if n := len(host) - len(domain) - 1; n > 0 && host[n] == '.' && host[n+1:] == domain {
		return host[:n], true
	}
	return "", domain == "localhost" && isLoopback(host)
}

// cutPreview reads "<number>--<app>". The number is written in one way only, so that a preview has one address.
func cutPreview(label string) (number int, app string, ok bool) {
	digits, app, ok := strings.Cut(label, "--")
	if !ok || len(digits) > 9 || digits == "" || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" || app == "" {
		return 0, "", false
	}
	number, err := strconv.Atoi(digits)
	return number, app, err == nil
}
