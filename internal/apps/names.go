package apps

import (
	"strings"

	"fazt/internal/errs"
)

// reserved are host labels an app cannot have: the product's own, and those that people and programs expect to be
// something else.
var reserved = map[string]string{
	"admin":     "the admin UI and the API live there",
	"api":       "it is kept for the API",
	"auth":      "it is kept for signing in",
	"www":       "it leads to the start page",
	"mail":      "mail programs look there",
	"ftp":       "file programs look there",
	"smtp":      "mail programs look there",
	"pop":       "mail programs look there",
	"imap":      "mail programs look there",
	"ns1":       "name servers are called so",
	"ns2":       "name servers are called so",
	"localhost": "it means this machine",
}

// CheckName returns an error unless an app may be called name: a host label of 1 to 63 characters a-z, 0-9 and "-", with no "-"
// at either end and no "--" (which marks a preview), that is not reserved.
func CheckName(name string) error {
	if name == "" {
		return errs.New(errs.Invalid, "the app needs a name")
	}
	return checkLabel(name, "the name of an app")
}

// checkLabel returns an error unless name can be a host label; what is what the error calls it.
func checkLabel(name, what string) error {
	bad := func(why string) error {
		return errs.New(errs.Invalid, "%q cannot be %s: %s", name, what, why)
	}
	switch {
	case name == "":
		return bad("it is empty")
	case len(name) > 63:
		return bad("it is longer than 63 characters")
	case strings.ContainsFunc(name, notLabel):
		return bad("only a-z, 0-9 and - are allowed")
	case name[0] == '-' || name[len(name)-1] == '-':
		return bad("it begins or ends with -")
	case strings.Contains(name, "--"):
		return bad("-- is kept for previews and international names")
	}
	if why, ok := reserved[name]; ok {
		return errs.New(errs.Invalid, "the name %q is reserved: %s", name, why)
	}
	return nil
}

func notLabel(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
}
