package auth

import (
	"strings"
	"unicode/utf8"

	"fazt/internal/errs"
	"fazt/internal/password"
)

const (
	minPassword = 8    // characters
	maxPassword = 1024 // bytes
)

// CheckPassword reports whether a password is acceptable.
func CheckPassword(password string) error {
	switch {
	case !utf8.ValidString(password):
		return errs.New(errs.Invalid, "the password is not valid text")
	case len(password) > maxPassword:
		return errs.New(errs.Invalid, "the password is longer than %d bytes", maxPassword)
	case utf8.RuneCountInString(password) < minPassword:
		return errs.New(errs.Invalid, "the password is too short: at least %d characters", minPassword)
	case strings.TrimSpace(password) == "":
		return errs.New(errs.Invalid, "the password consists only of spaces")
	}
	return nil
}

// hashPassword returns the text of a hash of a password.
func hashPassword(text string) (string, error) {
	h, err := password.New(password.Argon2id)
	if err != nil {
		return "", err
	}
	return h.Make(text)
}

// verify reports whether a password has the stored hash. It takes as long if there is no hash.
func verify(text, stored string) bool {
	h, err := password.Parse(stored)
	if err != nil {
		h = password.Decoy()
	}
	return h.Matches(text)
}
