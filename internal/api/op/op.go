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

// Spec is what is known of an operation without its types.
type Spec struct {
	Name    string // noun.verb
	Method  string
	Path    string // pattern of http.ServeMux
	Access  Access
	Doc     string // one sentence
	MaxBody int64  // largest JSON body in bytes; 0 = 1 MiB
	Bare    bool   // the response is the document itself, not wrapped in {"data": …}
	Tag     string // heading in the documents
	Media   string // type of the response where it is a Stream
	Reads   bool   // changes nothing, though the method says that it may: its request is too long for an address

	// What the activity log says of it: every operation that changes something writes an entry.
	Weight   activity.Weight // 0 = by its access
	Resource string          // type of what it changes; "" = the noun of its name

	Req, Res reflect.Type
}

// Op is one operation: Spec with the types of its request and response.
type Op[Req, Res any] struct{ Spec }

// Page is a response that is one page of a list.
type Page[T any] struct {
	Items []T
	Next  string // cursor of the next page; "" = this is the last
}

// None is a request or a response without content.
type None struct{}

// declare completes a Spec with its types.
func declare[Req, Res any](s Spec) Op[Req, Res] {
	s.Req, s.Res = reflect.TypeFor[Req](), reflect.TypeFor[Res]()
	return Op[Req, Res]{s}
}

// Mutates says whether the operation may change the state of the instance.
func (s Spec) Mutates() bool { return s.Method != "GET" && s.Method != "HEAD" && !s.Reads }

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

// ResourceType is the type of what it is about: what stands before the dot of its name, unless it says otherwise.
func (s Spec) ResourceType() string {
	if s.Resource != "" {
		return s.Resource
	}
	noun, _, _ := strings.Cut(s.Name, ".")
	return noun
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
