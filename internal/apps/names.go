package apps

import (
	"strings"

	"fazt/internal/errs"
)

// reserved are labels an app cannot have: the product's own, and those that people and programs associate with
// something else.
var reserved = map[string]string{
	"admin":     "the admin UI and the API live there",
	"api":       "it is reserved for the API",
	"auth":      "it is reserved for signing in",
	"www":       "it points to the start page",
	"mail":      "mail programs use it",
	"ftp":       "FTP programs use it",
	"smtp":      "mail programs use it",
	"pop":       "mail programs use it",
	"imap":      "mail programs use it",
	"ns1":       "it is a name for name servers",
	"ns2":       "it is a name for name servers",
	"localhost": "it means this machine",
}

// CheckName reports whether name is a valid app name: a host label of 1 to 63 characters a-z, 0-9 and "-", without "-"
// at either end and without "--" (which marks a preview), and not reserved.
func CheckName(name string) error {
	if name == "" {
		return errs.New(errs.Invalid, "the app name is missing")
	}
	return checkLabel(name, "the name of an app")
}

// checkLabel is CheckName for any label.
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
		return bad("-- is reserved for previews and international names")
	}
	if why, ok := reserved[name]; ok {
		return errs.New(errs.Invalid, "the name %q is reserved: %s", name, why)
	}
	return nil
}

func notLabel(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
}
