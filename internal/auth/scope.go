package auth

import (
	"slices"
	"strings"

	"fazt/internal/errs"
)

// Scope is one permission of a key: a verb, for all apps or for one. The zero value allows nothing.
type Scope struct {
	Verb string
	App  string // "" = all apps; an app ID when stored, the text as typed when parsed
}

// The verbs of scopes.
const (
	ScopeAdmin   = "admin"
	ScopeDeploy  = "deploy"
	ScopeRead    = "read"
	ScopeLogs    = "logs"
	ScopeMetrics = "metrics"
	ScopeData    = "data"
)

// ParseScope parses a scope as people write it: "deploy", "deploy:blog".
func ParseScope(text string) (Scope, error) {
	verb, app, one := strings.Cut(text, ":")
	bad := func(why string) error {
		return errs.New(errs.Invalid, "%q is not a scope: %s; the scopes are deploy, deploy:APP, read, logs, logs:APP, data:APP, metrics and admin", text, why)
	}
	switch verb {
	case ScopeDeploy, ScopeLogs:
	case ScopeData:
		if !one {
			return Scope{}, bad("it needs an app, as in data:blog")
		}
	case ScopeRead, ScopeMetrics, ScopeAdmin:
		if one {
			return Scope{}, bad(verb + " is for the whole instance")
		}
	default:
		return Scope{}, bad("unknown name")
	}
	if one && (app == "" || strings.ContainsAny(app, ": \t\r\n")) {
		return Scope{}, bad("the app name is missing or invalid")
	}
	return Scope{verb, app}, nil
}

func (s Scope) String() string {
	if s.App == "" {
		return s.Verb
	}
	return s.Verb + ":" + s.App
}

// Has reports whether the principal is a key with the scope verb, for all apps or for the one with the given ID.
func (p Principal) Has(verb, appID string) bool {
	return p.Kind == Key && slices.ContainsFunc(p.Scopes, func(s Scope) bool {
		return s.Verb == verb && (s.App == "" || s.App == appID)
	})
}

// HasSome reports whether the principal is a key with the scope verb for at least one app.
func (p Principal) HasSome(verb string) bool {
	return p.Kind == Key && slices.ContainsFunc(p.Scopes, func(s Scope) bool { return s.Verb == verb })
}

// formatScopes returns scopes in their stored form.
func formatScopes(scopes []Scope) string {
	list := make([]string, len(scopes))
	for i, s := range scopes {
		list[i] = s.String()
	}
	return strings.Join(list, " ")
}

// parseScopes parses the result of formatScopes. An unknown scope allows nothing.
func parseScopes(text string) []Scope {
	var list []Scope
	for field := range strings.FieldsSeq(text) {
		if s, err := ParseScope(field); err == nil {
			list = append(list, s)
		}
	}
	return list
}
