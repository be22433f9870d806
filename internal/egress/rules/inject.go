package rules

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"fazt/internal/egress/field"
	"fazt/internal/egress/scrub"

	"golang.org/x/net/http/httpguts"
)

// Put puts a secret into a request, or returns why it cannot.
func (s *Secret) Put(req *http.Request) (why string) {
	if len(s.Methods) > 0 {
		field.DropOverrides(req.Header)
	}
	name, value := "Authorization", s.Value
	switch s.As {
	case AsBearer:
		value = "Bearer " + value
	case AsBasic:
		value = "Basic " + base64.StdEncoding.EncodeToString([]byte(value))
	case AsHeader:
		name = http.CanonicalHeaderKey(s.Key)
	case AsQuery:
		u := *req.URL
		u.RawQuery = replaceParameter(u.RawQuery, s.Key, s.Value)
		u.ForceQuery = false
		req.URL = &u
		return ""
	default:
		return "the secret " + s.Name + " cannot be sent as " + s.As
	}
	if !httpguts.ValidHeaderFieldName(name) || !field.HoldsSecret(name) || !httpguts.ValidHeaderFieldValue(value) {
		return "the secret " + s.Name + " does not fit into a header"
	}
	req.Header[name] = []string{value}
	return ""
}

// hasParameter reports whether a query has a parameter, in any spelling.
func hasParameter(query, key string) bool {
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if decoded, err := url.QueryUnescape(name); part != "" && (err != nil || decoded == key) {
			return true
		}
	}
	return false
}

// replaceParameter sets a parameter, and removes it in any other spelling.
func replaceParameter(query, key, value string) string {
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if decoded, err := url.QueryUnescape(name); part != "" && (err != nil || decoded != key) {
			kept = append(kept, part)
		}
	}
	return strings.Join(append(kept, url.QueryEscape(key)+"="+url.QueryEscape(value)), "&")
}

// NewScrubber returns a scrubber of the values of the secrets.
func NewScrubber(secrets []Secret) *scrub.Scrubber {
	list := make([]scrub.Secret, len(secrets))
	for i, s := range secrets {
		list[i] = scrub.Secret{Name: s.Name, Values: s.texts()}
	}
	return scrub.New(list)
}

// texts returns the texts that reveal a secret: its value, and the password of user:password.
func (s *Secret) texts() []string {
	if s.As == AsBasic {
		if _, password, ok := strings.Cut(s.Value, ":"); ok && len(password) >= 8 {
			return []string{s.Value, password}
		}
	}
	return []string{s.Value}
}
