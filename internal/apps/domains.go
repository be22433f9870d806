package apps

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/hostname"
)

// Domain is a full host name that points to an app.
type Domain struct {
	Host      string    `json:"host"` // canonical
	AppID     string    `json:"app_id"`
	App       string    `json:"app"` // the app's name
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// canonicalHost returns a host name in the form of package hostname, or an IP address in its own, IPv6 without
// brackets.
func canonicalHost(raw string) (string, error) {
	if address, ok := hostname.CanonicalAddress(raw); ok {
		return address, nil
	}
	host, err := hostname.Registrable(raw)
	if err != nil {
		return "", errs.Wrap(errs.Invalid, err, "%q is not a host name", raw)
	}
	return host, nil
}

// CheckHost returns the canonical form of a host name that may become the domain of an app; own is the instance's
// domain.
func CheckHost(raw, own string) (string, error) {
	bad := func(why string) (string, error) {
		return "", errs.New(errs.Invalid, "%q cannot be a domain: %s", raw, why)
	}
	switch {
	case raw == "":
		return "", errs.New(errs.Invalid, "the domain is missing; use a name such as example.com")
	case strings.Contains(raw, "/"):
		return bad("it is a URL; use only the host name, such as example.com")
	case strings.Contains(raw, "*"):
		return bad("wildcards are not supported; add each name separately")
	case strings.Contains(raw, "@"):
		return bad("it is an email address")
	}
	if _, err := netip.ParseAddr(strings.Trim(raw, "[]")); err == nil {
		return bad("it is an IP address; use a name such as example.com")
	}
	if strings.Contains(raw, ":") {
		return bad("it has a port; a domain works on every port the server listens on")
	}
	host, err := canonicalHost(raw)
	switch {
	case errors.Is(err, hostname.ErrAddress):
		return bad("it is an IP address; use a name such as example.com")
	case err != nil:
		return bad("it is not a host name; use a name such as example.com")
	case host == own:
		return bad("it is the instance's own domain; the app or alias named root is served there")
	case strings.HasSuffix(host, "."+own):
		return bad("it is below the instance's own domain " + own + "; use `fazt alias set`")
	}
	return host, nil
}

const domainColumns = "host, app_id, apps.name, domains.created_at, domains.updated_at FROM domains JOIN apps ON apps.id = app_id "

func scanDomain(r *database.Row) Domain {
	return Domain{r.Text(0), r.Text(1), r.Text(2), r.Time(3), r.Time(4)}
}

// AddDomain points a host name to an app. own is the instance's domain. It is a conflict if the name already points to
// another app.
func (s *Store) AddDomain(ctx context.Context, raw, own, ref string) (Domain, error) {
	host, err := CheckHost(raw, own)
	if err != nil {
		return Domain{}, err
	}
	var d Domain
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		app, err := find(tx.Conn, ref)
		if err != nil {
			return err
		}
		d, err = findDomain(tx.Conn, host)
		switch {
		case err == nil && d.AppID == app.ID:
			return nil
		case err == nil:
			return errs.New(errs.Conflict, "%s already points to %s; to move it, first run `fazt domain remove %s`", host, d.App, host)
		case !errs.Is(err, errs.NotFound):
			return err
		}
		d = Domain{Host: host, AppID: app.ID, App: app.Name, CreatedAt: now()}
		d.UpdatedAt = d.CreatedAt
		return tx.Exec("INSERT INTO domains (host, app_id, created_at, updated_at) VALUES (?, ?, ?, ?)", d.Host, d.AppID, d.CreatedAt, d.UpdatedAt)
	})
	return d, err
}

// Domain returns the domain with the given name, in any spelling.
func (s *Store) Domain(ctx context.Context, raw string) (Domain, error) {
	var d Domain
	err := s.db.Read(ctx, func(c *database.Conn) (err error) {
		d, err = findDomain(c, raw)
		return err
	})
	return d, err
}

func findDomain(c *database.Conn, raw string) (Domain, error) {
	var d Domain
	host, err := canonicalHost(raw)
	found := false
	if err == nil {
		found, err = c.First("SELECT "+domainColumns+"WHERE host = ?", func(r *database.Row) { d = scanDomain(r) }, host)
	}
	if err == nil && !found {
		err = errs.New(errs.NotFound, "%s is not a domain of this instance; see `fazt domain list`", host)
	}
	return d, err
}

// DomainList returns a page of the domains sorted by name, after the name in cursor; next is the cursor of the
// following page, "" on the last one.
func (s *Store) DomainList(ctx context.Context, cursor string, limit int) (page []Domain, next string, err error) {
	page = []Domain{}
	err = s.db.Read(ctx, func(c *database.Conn) error {
		return c.Each("SELECT "+domainColumns+"WHERE host > ? ORDER BY host LIMIT ?", func(r *database.Row) error {
			page = append(page, scanDomain(r))
			return nil
		}, cursor, limit+1)
	})
	if len(page) > limit {
		page = page[:limit]
		next = page[limit-1].Host
	}
	return page, next, err
}

// RemoveDomain removes a domain from its app. It fails if that would leave the app without an address (see
// Unreachable), unless force is set.
func (s *Store) RemoveDomain(ctx context.Context, raw string, force bool) (gone Domain, l Lost, err error) {
	err = s.db.Write(ctx, func(tx *database.Tx) (err error) {
		if gone, err = findDomain(tx.Conn, raw); err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM domains WHERE host = ?", gone.Host); err != nil {
			return err
		}
		l, err = lost(tx.Conn, []SplitTarget{{AppID: gone.AppID, App: gone.App}}, force)
		return err
	})
	return gone, l, err
}

// LosesByDomain reports whether only this domain points to its app.
func (s *Store) LosesByDomain(ctx context.Context, d Domain) (bool, error) {
	n := 0
	err := s.db.Read(ctx, func(c *database.Conn) (err error) {
		n, err = addresses(c, d.AppID)
		return err
	})
	return n == 1, err
}
