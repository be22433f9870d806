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
	// minSecretValue: wherever the value turns up in an answer it is taken out. One that is shorter turns up by chance.
	minSecretValue = 8
)

var (
	secretName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	headerName = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+.^_|~-]+$`) // RFC 9110, 5.6.2, without the backquote
	queryName  = regexp.MustCompile(`^[A-Za-z0-9_.~\[\]-]+$`)
)

// CheckSecretName says whether a secret may be called name.
func CheckSecretName(name string) error {
	switch {
	case name == "":
		return errs.New(errs.Invalid, "the secret needs a name, such as STRIPE_KEY")
	case len(name) > maxSecretName:
		return errs.New(errs.Invalid, "the name of a secret is longer than %d characters", maxSecretName)
	case !secretName.MatchString(name):
		return errs.New(errs.Invalid, "%q cannot be the name of a secret: letters, digits and _ only, and no digit first", name)
	}
	return nil
}

// checkSecret gives a secret in its canonical form, or says what is wrong with it; never with its value.
func checkSecret(s Secret) (Secret, error) {
	if err := CheckSecretName(s.Name); err != nil {
		return s, err
	}
	if s.Domain == "" {
		return s, errs.New(errs.Invalid, "the secret %s needs the domain that it is for; it is sent to no other", s.Name)
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
	bound := []string{}
	for _, m := range s.Methods {
		upper := strings.ToUpper(m)
		if !slices.Contains(Methods, upper) {
			return s, errs.New(errs.Invalid, "unknown method %q; use %s", limitio.Cut(m, 40), strings.Join(Methods, ", "))
		}
		if !slices.Contains(bound, upper) {
			bound = append(bound, upper)
		}
	}
	s.Methods = bound
	if err := checkPathPrefix(s.PathPrefix); err != nil {
		return s, err
	}
	return s, checkValue(s)
}

// checkUse looks at how a secret is put into a request.
func checkUse(s Secret) error {
	switch s.As {
	case AsBearer, AsBasic:
		if s.Key != "" {
			return errs.New(errs.Invalid, "a secret that is sent as %s is in the header Authorization and takes no key; header and query do", s.As)
		}
	case AsHeader:
		switch {
		case s.Key == "":
			return errs.New(errs.Invalid, "a secret that is sent as header needs the name of the header as key, such as X-Api-Key")
		case len(s.Key) > maxSecretKey || !headerName.MatchString(s.Key):
			return errs.New(errs.Invalid, "%q cannot be the name of a header", limitio.Cut(s.Key, 100))
		case field.Forbidden(s.Key):
			return errs.New(errs.Invalid, "the header %s says how a request travels or who sends it, and cannot hold a secret; use the one that the other server reads, such as Authorization or X-Api-Key", s.Key)
		case !field.HoldsSecret(s.Key):
			return errs.New(errs.Invalid, "the header %s holds no secret: it is one of answers, of bodies or of caches; use the one that the other server reads, such as Authorization or X-Api-Key", s.Key)
		}
	case AsQuery:
		switch {
		case s.Key == "":
			return errs.New(errs.Invalid, "a secret that is sent as query needs the name of the parameter as key, such as api_key")
		case len(s.Key) > maxSecretKey || !queryName.MatchString(s.Key):
			return errs.New(errs.Invalid, "%q cannot be the name of a query parameter here: letters, digits and _ . ~ [ ] - only", limitio.Cut(s.Key, 100))
		}
	default:
		return errs.New(errs.Invalid, "a secret is sent as bearer, header, query or basic, not as %q", limitio.Cut(s.As, 40))
	}
	return nil
}

// checkPathPrefix refuses what paths are never compared with: they are compared decoded and clean.
func checkPathPrefix(p string) error {
	bad := func(why string) error {
		return errs.New(errs.Invalid, "the path prefix %q %s; it is the beginning of a path, such as /v1/", limitio.Cut(p, 100), why)
	}
	switch {
	case p == "":
		return nil
	case p[0] != '/':
		return bad("does not begin with /")
	case len(p) > maxSecretPath:
		return bad("is too long")
	case strings.ContainsAny(p, "?#%\\*{}"):
		return bad("has more than a path, written plainly")
	case strings.Contains(p, "//") || strings.Contains(p+"/", "/./") || strings.Contains(p+"/", "/../"):
		return bad("is not written as paths are sent")
	case strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r > '~' }):
		return bad("has characters that no path is sent with")
	}
	return nil
}

func checkValue(s Secret) error {
	v := s.Value
	switch {
	case v == "":
		return errs.New(errs.Invalid, "the secret %s has no value", s.Name)
	case len(v) < minSecretValue:
		return errs.New(errs.Invalid, "the value of %s is shorter than %d characters: it would be found by chance, and taken out, wherever an answer has the same characters", s.Name, minSecretValue)
	case len(v) > maxSecretValue:
		return errs.New(errs.TooLarge, "the value of %s is longer than %d bytes", s.Name, maxSecretValue)
	case !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl):
		return errs.New(errs.Invalid, "the value of %s has characters that cannot be sent: a line break, another control character, or broken text", s.Name)
	case strings.TrimSpace(v) != v:
		return errs.New(errs.Invalid, "the value of %s begins or ends with a space", s.Name)
	case s.As == AsBasic && !strings.Contains(v, ":"):
		return errs.New(errs.Invalid, "the value of %s must be user:password, because it is sent as basic", s.Name)
	case s.As == AsBearer && strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errs.New(errs.Invalid, "the value of %s has characters that no bearer token has", s.Name)
	}
	return nil
}
