package gateway

import (
	"iter"
	"maps"
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

// Routes is a snapshot of where every host leads. It does not change.
type Routes struct{ t Table }

// NewRoutes is a snapshot. It keeps what is in the table; the caller does not change it any more.
func NewRoutes(t Table) *Routes { return &Routes{t} }

// Label is where a label leads, nil for nowhere.
func (r *Routes) Label(label string) *Target { return r.t.Labels[label] }

// App is the app with the given name, nil for none.
func (r *Routes) App(name string) *Target { return r.t.Apps[name] }

// Apps are all apps.
func (r *Routes) Apps() iter.Seq[*Target] { return maps.Values(r.t.Apps) }

// Labels are all labels with what they lead to, and Hosts all whole host names.
func (r *Routes) Labels() iter.Seq2[string, *Target] { return maps.All(r.t.Labels) }

// Hosts are all whole host names with what they lead to.
func (r *Routes) Hosts() iter.Seq2[string, *Target] { return maps.All(r.t.Hosts) }

// label is what stands before the domain in a canonical host, "" for the domain itself; one with a dot in it leads
// nowhere, because no label has one. below is false for every other host. On localhost, the addresses of this
// machine mean the domain: that is what people type.
func (r *Routes) label(host string) (label string, below bool) {
	domain := r.t.Domain
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
