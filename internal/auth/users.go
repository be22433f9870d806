package auth

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/id"
	"fazt/internal/output"
)

// Users are the users of the instance.
type Users struct{ db *database.DB }

// NewUsers returns the users in db.
func NewUsers(db *database.DB) *Users { return &Users{db} }

// CheckName reports whether name is a valid user name.
func CheckName(name string) error {
	switch {
	case name == "":
		return errs.New(errs.Invalid, "the owner's name is missing")
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) || strings.ContainsFunc(name, output.Hides):
		return errs.New(errs.Invalid, "the name has unprintable characters")
	case strings.TrimSpace(name) != name:
		return errs.New(errs.Invalid, "the name begins or ends with a space")
	case utf8.RuneCountInString(name) > 100:
		return errs.New(errs.Invalid, "the name is longer than 100 characters")
	}
	return nil
}

// CreateOwner creates the owner of an instance that has none.
func (u *Users) CreateOwner(ctx context.Context, name, password string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if err := CheckPassword(password); err != nil {
		return err
	}
	hash, err := hashPassword(password) // outside the write, because it is slow on purpose
	if err != nil {
		return err
	}
	return u.db.Write(ctx, func(tx *database.Tx) error {
		owner := ""
		if _, err := tx.First("SELECT name FROM users WHERE role = 'owner'", func(r *database.Row) { owner = r.Text(0) }); err != nil {
			return err
		}
		if owner != "" {
			return errs.New(errs.Conflict, "this instance already has an owner: %s", owner)
		}
		return tx.Exec("INSERT INTO users (id, name, role, password_hash, created_at, updated_at) VALUES (?1, ?2, 'owner', ?3, ?4, ?4)",
			id.New("usr"), name, hash, time.Now())
	})
}

// HasOwner reports whether the instance has an owner.
func (u *Users) HasOwner(ctx context.Context) (has bool, err error) {
	err = u.db.Read(ctx, func(c *database.Conn) error {
		has, err = c.First("SELECT 1 FROM users WHERE role = 'owner'", func(*database.Row) {})
		return err
	})
	return has, err
}

// Verify returns the Principal of the user with the given name and password. An unknown name takes as long and returns
// the same error as a wrong password.
func (u *Users) Verify(ctx context.Context, name, password string) (Principal, error) {
	var p Principal
	role, hash := "", ""
	err := u.db.Read(ctx, func(c *database.Conn) error {
		_, err := c.First("SELECT id, name, role, coalesce(password_hash, '') FROM users WHERE name = ?", func(r *database.Row) {
			p.ID, p.Name, role, hash = r.Text(0), r.Text(1), r.Text(2), r.Text(3)
		}, name)
		return err
	})
	if err != nil {
		return Principal{}, err
	}
	if len(password) > maxPassword || !verify(password, hash) || role != "owner" {
		return Principal{}, errs.New(errs.Unauthorized, "the name or the password is wrong")
	}
	p.Kind = Owner
	return p, nil
}
