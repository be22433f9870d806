// Package op declares the operations of the control API, each once: name, method, path, access, doc, request and
// response. The server mounts them, the client calls them, and the OpenAPI document and the reference derive from
// them.
//
// The fields of a request say where they travel: `path:"app"` in the path, `query:"limit"` in the query,
// `header:"Last-Event-ID"` in a header, `body:"stream"` as the raw body, `body:"json"` as the whole JSON body,
// `form:"app"` in a multipart form, and everything with a json tag in a JSON body.
package op

import (
	"reflect"
	"strings"

	"fazt/internal/activity"
)

// Access is who may call an operation. The zero value admits no one, so an operation that forgets to declare it is closed.
type Access uint8

// The access levels. The owner may call everything except Nobody; an API key with the scope admin everything that is not
// reserved for the owner.
const (
	Nobody  Access = iota
	Owner          // only the owner, through the socket next to the database or signed in; no key, whatever its scopes
	Admin          // the scope admin
	Deploy         // the scope deploy, or deploy:<app> if the operation names that app
	Read           // the scope read; if the operation names an app, also a scope that may deploy it
	Logs           // the scope logs
	Data           // the scope data:<app>, if the operation names that app
	Metrics        // the scope metrics
	Anyone         // no identity needed
)

func (a Access) String() string {
	return [...]string{"nobody", "owner", "admin", "deploy", "read", "logs", "data", "metrics", "anyone"}[a]
}

// Touches is the derived state that must be refreshed after an operation. The zero value is a
// mistake: an operation that forgets to declare it counts as touching everything.
type Touches uint8

// What an operation touches.
const (
	Nothing  Touches = 1 << iota // the operation only reads
	Itself                       // only what it changes; nothing is derived from that
	Routes                       // which host leads where, and what is served there
	Limits                       // the limits and settings in effect
	Net                          // which servers functions may reach, and with which secrets
	Anything = Routes | Limits | Net
)

// Has reports whether t and other overlap.
func (t Touches) Has(other Touches) bool { return t == 0 || t&other != 0 }

// Spec describes an operation without its types.
type Spec struct {
	Name    string // noun.verb
	Method  string
	Path    string // pattern of http.ServeMux
	Access  Access
	Touches Touches
	Doc     string // one sentence

	// Set by options; few operations need them.
	MaxBody  int64           // largest JSON body in bytes; 0 = 1 MiB
	Bare     bool            // the response is the document itself, not wrapped in {"data": …}
	Media    string          // media type of the response if it is a Stream
	Weight   activity.Weight // of its entry in the activity log; 0 = by its access
	Resource string          // type of the resource it changes; "" = the noun of its name

	Req, Res reflect.Type
}

// Op is one operation: Spec with the types of its request and response.
type Op[Req, Res any] struct{ Spec Spec }

// Page is a response that is one page of a list.
type Page[T any] struct {
	Items []T
	Next  string // cursor of the next page; "" = this is the last
}

// List selects one page of a list.
type List struct {
	Cursor string `query:"cursor" desc:"where the page starts: the value of next in the previous page"`
	Limit  int    `query:"limit" desc:"how many items, 1 to 1000; 100 when absent"`
}

// None is an empty request or response.
type None struct{}

// declare makes an operation from its line in the table.
func declare[Req, Res any](name, method, path string, access Access, touches Touches, doc string, options ...func(*Spec)) Op[Req, Res] {
	s := Spec{Name: name, Method: method, Path: path, Access: access, Touches: touches, Doc: doc}
	s.Req, s.Res = reflect.TypeFor[Req](), reflect.TypeFor[Res]()
	for _, set := range options {
		set(&s)
	}
	return Op[Req, Res]{s}
}

func weight(w activity.Weight) func(*Spec)  { return func(s *Spec) { s.Weight = w } }
func about(resourceType string) func(*Spec) { return func(s *Spec) { s.Resource = resourceType } }
func maxBody(bytes int64) func(*Spec)       { return func(s *Spec) { s.MaxBody = bytes } }
func streams(mediaType string) func(*Spec)  { return func(s *Spec) { s.Media = mediaType } }
func bare(s *Spec)                          { s.Bare = true }

// Mutates reports whether the operation may change the instance, or is recorded as if it did.
func (s Spec) Mutates() bool { return s.Touches != Nothing }

// Repeats reports whether an Idempotency-Key makes the operation safe to repeat: it changes something, and neither its
// request nor its response is a stream, which can be read only once.
func (s Spec) Repeats() bool {
	for _, f := range fields(s.Req) {
		if f.Tag.Get("body") == "stream" {
			return false
		}
	}
	return s.Mutates() && !hasForm(s.Req) && s.Media == ""
}

// BodyLimit returns the size of the largest JSON body, in bytes.
func (s Spec) BodyLimit() int64 {
	if s.MaxBody == 0 {
		return maxJSONBody
	}
	return s.MaxBody
}

// AppInForm reports whether the app is named in a form, so that it is not known before the body is read.
func (s Spec) AppInForm() bool {
	for _, f := range fields(s.Req) {
		if f.Tag.Get("form") == "app" {
			return true
		}
	}
	return false
}

// EntryWeight returns the weight of the operation's entry in the activity log.
func (s Spec) EntryWeight() activity.Weight {
	switch {
	case s.Weight != 0:
		return s.Weight
	case s.Access == Deploy:
		return activity.Deployment
	case s.Access == Data:
		return activity.Data
	case s.Access == Admin || s.Access == Owner:
		return activity.Configuration
	}
	return activity.UserAction
}

// ResourceType returns the type of the resource it changes: the noun of its name, unless the table says otherwise.
func (s Spec) ResourceType() string {
	if s.Resource != "" {
		return s.Resource
	}
	return s.noun()
}

func (s Spec) noun() string {
	noun, _, _ := strings.Cut(s.Name, ".")
	return noun
}

// Tag returns its heading in the reference.
func (s Spec) Tag() string {
	switch s.noun() {
	case "app":
		return "Apps"
	case "alias":
		return "Aliases"
	case "domain":
		return "Domains"
	case "deployment", "upload", "deploy", "file":
		return "Deployments"
	case "env":
		return "Environment"
	case "server", "database":
		return "Server"
	case "key", "caller":
		return "Keys"
	case "sql":
		return "SQL"
	case "schema":
		return "Documents"
	case "system", "limits", "settings":
		return "System"
	case "log":
		return "Activity log"
	case "net", "secret":
		return "Outbound HTTP"
	}
	return ""
}

// PathNames returns the names of the values in its path, in order.
func (s Spec) PathNames() (names []string) {
	for part := range strings.SplitSeq(s.Path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

// AppInQuery reports whether the query may name the app. Such an operation checks the caller's access itself, and shows a
// caller that is restricted to one app nothing of the others.
func (s Spec) AppInQuery() bool {
	for _, f := range fields(s.Req) {
		if f.Tag.Get("query") == "app" {
			return true
		}
	}
	return false
}
