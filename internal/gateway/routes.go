package gateway

import (
	"iter"
	"strconv"
	"strings"

	"fazt/internal/hosting/route"
	"fazt/internal/runtime"
)

// Target is what a host leads to: an app with its live deployment, a preview of another one, a redirect or a split. It
// is immutable; a deployment that goes live creates a new one.
type Target struct {
	AppID, AppName string
	Deployment     string // dep_…; "" = no live deployment
	Number         int
	SPA            bool
	Function       bool          // the deployment has a function
	Routes         route.Routes  // the paths the function serves
	FunctionFirst  bool          // even where a file exists
	Product        route.Product // the paths that are not the app's
	Env            *runtime.Env

	// At most one of the three is set; the target is not an app then.
	Reserved bool // the label is reserved and leads nowhere
	Redirect *Redirect
	Split    *Split
}

// Table is the source of a snapshot. Several hosts may share a Target, and hosts of the same app should.
type Table struct {
	Domain string             // the labels are its subdomains
	Labels map[string]*Target // by alias
	Hosts  map[string]*Target // by canonical host: the domains
	Apps   map[string]*Target // by app name, whether or not a host leads to it
}

// Routes is an immutable snapshot of where every host leads. With derives the next one.
type Routes struct {
	domain              string
	labels, hosts, apps targets
	ids                 targets // apps by ID
}

// NewRoutes returns a snapshot of the table.
func NewRoutes(t Table) *Routes {
	r := &Routes{domain: t.Domain, labels: newTargets(t.Labels), hosts: newTargets(t.Hosts), apps: newTargets(t.Apps)}
	byID := make(map[string]*Target, len(t.Apps))
	for _, app := range t.Apps {
		byID[app.AppID] = app
	}
	r.ids = newTargets(byID)
	return r
}

// Update is a change to a snapshot: apps by ID, labels and hosts; nil = removed.
type Update struct{ Apps, Labels, Hosts map[string]*Target }

// With returns the snapshot with an update applied. Its cost depends on the update, not on the snapshot. A caller that
// changes an app must also pass the labels and hosts that lead to it.
func (r *Routes) With(u Update) *Routes {
	names := make(map[string]*Target, len(u.Apps))
	for id := range u.Apps {
		// Add names only after removing all old ones: two apps may have swapped theirs.
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

// Label returns where a label leads, or nil.
func (r *Routes) Label(label string) *Target { return r.labels.get(label) }

// Host returns where a full host name leads, or nil.
func (r *Routes) Host(host string) *Target { return r.hosts.get(host) }

// App returns the app with the given name, or nil.
func (r *Routes) App(name string) *Target { return r.apps.get(name) }

// AppByID returns the app with the given ID, or nil.
func (r *Routes) AppByID(id string) *Target { return r.ids.get(id) }

// Apps returns all apps.
func (r *Routes) Apps() iter.Seq[*Target] {
	return func(yield func(*Target) bool) {
		for _, t := range r.apps.all() {
			if !yield(t) {
				return
			}
		}
	}
}

// Labels returns all labels and where they lead.
func (r *Routes) Labels() iter.Seq2[string, *Target] { return r.labels.all() }

// Hosts returns all full host names and where they lead.
func (r *Routes) Hosts() iter.Seq2[string, *Target] { return r.hosts.all() }

// label returns the part of a canonical host before the domain, "" for the domain itself; one with a dot in it leads
// nowhere, because labels have no dots. below is false for any other host. With the domain localhost, loopback
// addresses mean the domain, because people type them.
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

// cutPreview parses "<number>--<app>". The number has one spelling only, so that a preview has one address.
func cutPreview(label string) (number int, app string, ok bool) {
	digits, app, ok := strings.Cut(label, "--")
	if !ok || len(digits) > 9 || digits == "" || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" || app == "" {
		return 0, "", false
	}
	number, err := strconv.Atoi(digits)
	return number, app, err == nil
}
