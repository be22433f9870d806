package gateway

import (
	"iter"
	"maps"
	"strconv"
	"strings"

	"fazt/internal/runtime"
)

// Target is what a host label leads to: an app with its live deployment, or a preview of another one. It does not
// change; a deployment that goes live makes a new one.
type Target struct {
	AppID, AppName string
	Deployment     string // dep_…; "" = nothing is live
	Number         int
	SPA            bool
	Function       bool // the deployment has one
	Env            *runtime.Env
	Reserved       bool // the label is kept, and leads nowhere
}

// Routes is a snapshot of where every host label leads. It does not change.
type Routes struct {
	domain  string
	targets map[string]*Target
}

// NewRoutes is a snapshot for the labels below domain. It keeps targets; the caller changes neither it nor them.
func NewRoutes(domain string, targets map[string]*Target) *Routes {
	return &Routes{domain: domain, targets: targets}
}

// Target is where a label leads, nil for nowhere.
func (r *Routes) Target(label string) *Target { return r.targets[label] }

// All are the targets of all labels.
func (r *Routes) All() iter.Seq[*Target] { return maps.Values(r.targets) }

// label is what stands before the domain in a canonical host, "" for the domain itself; one with a dot in it leads
// nowhere, because no label has one. below is false for every other host. On localhost, the addresses of this
// machine mean the domain: that is what people type.
func (r *Routes) label(host string) (label string, below bool) {
	if host == r.domain {
		return "", true
	}
	if n := len(host) - len(r.domain) - 1; n > 0 && host[n] == '.' && host[n+1:] == r.domain {
		return host[:n], true
	}
	return "", r.domain == "localhost" && isLoopback(host)
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
