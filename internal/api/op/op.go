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

// Access says who may call an operation. The zero value admits nobody: an operation that forgets to say is closed.
type Access uint8

// Who may call. The owner may call everything but what is for nobody; an API key with the scope admin everything but
// what is for the owner alone.
const (
	Nobody  Access = iota
	Owner          // the owner alone, by the socket beside the database or signed in: no key, whatever its scopes
	Admin          // the scope admin
	Deploy         // the scope deploy, or deploy:<app> where the operation names that app
	Read           // the scope read; where the operation names an app, also those that deploy it
	Logs           // the scope logs
	Data           // the scope data:<app>, where the operation names that app
	Metrics        // the scope metrics
	Anyone         // no identity needed
)

func (a Access) String() string {
	return [...]string{"nobody", "owner", "admin", "deploy", "read", "logs", "data", "metrics", "anyone"}[a]
}

// Touches tells what is derived from the state that an operation changes, and has to be brought up to date after it.
// The zero value is a mistake: an operation that forgets to say counts as one that touches anything.
type Touches uint8

// What an operation touches.
const (
	Nothing  Touches = 1 << iota // it reads
	Itself                       // what it changes; nothing else is derived from that
	Routes                       // where hosts lead, and what is served there
	Limits                       // the limits and settings in force
	Net                          // what functions may reach, and with which secrets
	Anything = Routes | Limits | Net
)

// Has reports whether what is touched includes some of other.
func (t Touches) Has(other Touches) bool { return t == 0 || t&other != 0 }

// Spec is what is known of an operation without its types.
type Spec struct {
	Name    string // noun.verb
	Method  string
	Path    string // pattern of http.ServeMux
	Access  Access
	Touches Touches
	Doc     string // one sentence

	// What few operations need, set by options.
	MaxBody  int64           // largest JSON body in bytes; 0 = 1 MiB
	Bare     bool            // the response is the document itself, not wrapped in {"data": …}
	Media    string          // type of the response where it is a Stream
	Weight   activity.Weight // of its entry in the activity log; 0 = by its access
	Resource string          // type of what it changes; "" = the noun of its name

	Req, Res reflect.Type
}

// Op is one operation: Spec with the types of its request and response.
type Op[Req, Res any] struct{ Spec Spec }

// Page is a response that is one page of a list.
type Page[T any] struct {
	Items []T
	Next  string // cursor of the next page; "" = this is the last
}

// List asks for one page.
type List struct {
	Cursor string `query:"cursor" desc:"where the page begins: the next of the page before"`
	Limit  int    `query:"limit" desc:"how many, 1 to 1000; 100 when absent"`
}

// None is a request or a response without content.
type None struct{}

// declare makes an operation of what the table says of it.
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

// Mutates reports whether the operation may change the state of the instance, or is recorded as if it did.
func (s Spec) Mutates() bool { return s.Touches != Nothing }

// Repeats says whether an Idempotency-Key makes the operation safe to repeat: it changes something, and its request is
// not a stream that is gone once it was read.
func (s Spec) Repeats() bool {
	for _, f := range fields(s.Req) {
		if f.Tag.Get("body") == "stream" {
			return false
		}
	}
	return s.Mutates() && !hasForm(s.Req) && s.Media == ""
}

// BodyLimit is the largest JSON body in bytes.
func (s Spec) BodyLimit() int64 {
	if s.MaxBody == 0 {
		return maxJSONBody
	}
	return s.MaxBody
}

// AppInForm says whether a form names the app that the operation is about, so that it is known only when the body is
// read.
func (s Spec) AppInForm() bool {
	for _, f := range fields(s.Req) {
		if f.Tag.Get("form") == "app" {
			return true
		}
	}
	return false
}

// EntryWeight is the weight of its entry in the activity log.
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

// ResourceType is the type of what it is about: the noun of its name, unless it says otherwise.
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

// Tag is its heading in the documents.
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

// PathNames are the names of the values in its path, in order.
func (s Spec) PathNames() (names []string) {
	for part := range strings.SplitSeq(s.Path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

// AppInQuery says whether the query may name the app that the operation is about: then the operation itself asks whether
// the caller may, and shows a caller bound to one app nothing of others.
func (s Spec) AppInQuery() bool {
	for _, f := range fields(s.Req) {
		if f.Tag.Get("query") == "app" {
			return true
		}
	}
	return false
}
