package rules

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"fazt/internal/egress/field"

	"fazt/internal/errs"
	"fazt/internal/limitio"
)

const (
	maxSecretName  = 128
	maxSecretValue = 8 << 10
	maxSecretPath  = 1024
	maxSecretKey   = 100 // not in the patterns: a repetition counted there takes 2 ms of every start to compile
	// minSecretValue: a secret is removed wherever it occurs in a response, and shorter texts occur by chance.
	minSecretValue = 8
)

var (
	secretName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	headerName = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+.^_|~-]+$`) // RFC 9110, 5.6.2, without the backquote
	queryName  = regexp.MustCompile(`^[A-Za-z0-9_.~\[\]-]+$`)
)

// CheckSecretName returns an error unless a secret can have the name.
func CheckSecretName(name string) error {
	switch {
	case name == "":
		return errs.New(errs.Invalid, "the secret needs a name, such as STRIPE_KEY")
	case len(name) > maxSecretName:
		return errs.New(errs.Invalid, "the name of a secret is longer than %d characters", maxSecretName)
	case !secretName.MatchString(name):
		return errs.New(errs.Invalid, "%q cannot be the name of a secret; use letters, digits and _, and no digit first", name)
	}
	return nil
}

// checkSecret returns a secret in canonical form, or an error, which never contains its value.
func checkSecret(s Secret) (Secret, error) {
	if err := CheckSecretName(s.Name); err != nil {
		return s, err
	}
	if s.Domain == "" {
		return s, errs.New(errs.Invalid, "the secret %s needs a domain; it is sent only there", s.Name)
	}
	var err error
	if s.Domain, err = ParseDomain(s.Domain); err != nil {
		return s, err
	}
	if s.Port < 0 || s.Port > 65535 {
		return s, errs.New(errs.Invalid, "%d is not a port; ports are 1 to 65535", s.Port)
	}
	if err := checkUse(s); err != nil {
		return s, err
	}
	methods := []string{}
	for _, m := range s.Methods {
		upper := strings.ToUpper(m)
		if !slices.Contains(Methods, upper) {
			return s, errs.New(errs.Invalid, "unknown method %q; use %s", limitio.Cut(m, 40), strings.Join(Methods, ", "))
		}
		if !slices.Contains(methods, upper) {
			methods = append(methods, upper)
		}
	}
	s.Methods = methods
	if err := checkPathPrefix(s.PathPrefix); err != nil {
		return s, err
	}
	return s, checkValue(s)
}

// checkUse checks how a secret is put into a request.
func checkUse(s Secret) error {
	switch s.As {
	case AsBearer, AsBasic:
		if s.Key != "" {
			return errs.New(errs.Invalid, "a secret sent as %s goes into the Authorization header and takes no key; only header and query do", s.As)
		}
	case AsHeader:
		switch {
		case s.Key == "":
			return errs.New(errs.Invalid, "a secret sent as header needs the name of the header as its key, such as X-Api-Key")
		case len(s.Key) > maxSecretKey || !headerName.MatchString(s.Key):
			return errs.New(errs.Invalid, "%q cannot be the name of a header", limitio.Cut(s.Key, 100))
		case field.Forbidden(s.Key):
			return errs.New(errs.Invalid, "the header %s is about the connection or the sender and cannot hold a secret; use the one that the other server expects, such as Authorization or X-Api-Key", s.Key)
		case !field.HoldsSecret(s.Key):
			return errs.New(errs.Invalid, "the header %s is about responses, bodies or caches and cannot hold a secret; use the one that the other server expects, such as Authorization or X-Api-Key", s.Key)
		}
	case AsQuery:
		switch {
		case s.Key == "":
			return errs.New(errs.Invalid, "a secret sent as query needs the name of the parameter as its key, such as api_key")
		case len(s.Key) > maxSecretKey || !queryName.MatchString(s.Key):
			return errs.New(errs.Invalid, "%q cannot be the name of a query parameter; use letters, digits and _ . ~ [ ] -", limitio.Cut(s.Key, 100))
		}
	default:
		return errs.New(errs.Invalid, "a secret cannot be sent as %q; use bearer, header, query or basic", limitio.Cut(s.As, 40))
	}
	return nil
}

// checkPathPrefix refuses prefixes that no path could match: paths are compared decoded and without dot segments.
func checkPathPrefix(p string) error {
	bad := func(why string) error {
		return errs.New(errs.Invalid, "the path prefix %q %s; use the beginning of a path, such as /v1/", limitio.Cut(p, 100), why)
	}
	switch {
	case p == "":
		return nil
	case p[0] != '/':
		return bad("does not begin with /")
	case len(p) > maxSecretPath:
		return bad("is too long")
	case strings.ContainsAny(p, "?#%\\*{}"):
		return bad("has one of the characters ? # % \\ * { }")
	case strings.Contains(p, "//") || strings.Contains(p+"/", "/./") || strings.Contains(p+"/", "/../"):
		return bad("contains //, . or ..")
	case strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r > '~' }):
		return bad("has spaces or non-ASCII characters")
	}
	return nil
}

func checkValue(s Secret) error {
	v := s.Value
	switch {
	case v == "":
		return errs.New(errs.Invalid, "the secret %s has no value", s.Name)
	case len(v) < minSecretValue:
		return errs.New(errs.Invalid, "the value of %s is shorter than %d characters; secrets are removed from responses, and such a short text occurs by chance", s.Name, minSecretValue)
	case len(v) > maxSecretValue:
		return errs.New(errs.TooLarge, "the value of %s is longer than %d bytes", s.Name, maxSecretValue)
	case !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl):
		return errs.New(errs.Invalid, "the value of %s has a line break, another control character or invalid UTF-8, which cannot be sent", s.Name)
	case strings.TrimSpace(v) != v:
		return errs.New(errs.Invalid, "the value of %s begins or ends with a space", s.Name)
	case s.As == AsBasic && !strings.Contains(v, ":"):
		return errs.New(errs.Invalid, "the value of %s must be user:password, because it is sent as basic", s.Name)
	case s.As == AsBearer && strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errs.New(errs.Invalid, "the value of %s has characters that a bearer token cannot have", s.Name)
	}
	return nil
}
