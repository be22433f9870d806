package apps

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/id"
)

// AliasKind is the kind of an alias.
type AliasKind string

// The kinds of alias.
const (
	AliasApp      AliasKind = "app"      // points to one app
	AliasRedirect AliasKind = "redirect" // sends visitors to another URL
	AliasSplit    AliasKind = "split"    // divides its visitors among apps
	AliasReserved AliasKind = "reserved" // leads nowhere
)

// Alias is a host label and where it leads.
type Alias struct {
	Name      string        `json:"name"`
	Kind      AliasKind     `json:"kind"`
	AppID     string        `json:"app_id,omitempty"`
	App       string        `json:"app,omitempty"` // the name of the app
	URL       string        `json:"url,omitempty"` // of a redirect, with Status and KeepPath
	Status    int           `json:"status,omitempty"`
	KeepPath  bool          `json:"keep_path,omitempty"`
	Targets   []SplitTarget `json:"arms,omitempty"` // of a split, heaviest first
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
}

// SplitTarget is one of the apps of a split.
type SplitTarget struct {
	AppID  string `json:"app_id"`
	App    string `json:"app"` // its name
	Weight int    `json:"weight"`
	Token  string `json:"-"` // the cookie value for visitors of this target
}

// Leads describes where an alias leads.
func (a Alias) Leads() string {
	switch a.Kind {
	case AliasApp:
		return "the app " + a.App
	case AliasRedirect:
		if a.KeepPath {
			return fmt.Sprintf("%s (%d, with the path)", a.URL, a.Status)
		}
		return fmt.Sprintf("%s (%d)", a.URL, a.Status)
	case AliasSplit:
		parts := make([]string, len(a.Targets))
		for i, target := range a.Targets {
			parts[i] = fmt.Sprintf("%s:%d", target.App, target.Weight)
		}
		return "a split, " + strings.Join(parts, ",")
	}
	return "nothing (reserved)"
}

// Destination is where an alias should lead: exactly one of App, Redirect, Split and Reserve is set.
type Destination struct {
	App      string // name or ID
	Redirect string // a URL; Status and KeepPath apply to it
	Status   int    // 0 = 301
	KeepPath bool
	Split    []Share
	Reserve  bool
	Domain   string // the instance's domain: a redirect must not lead back to the alias
}

// Lost lists the apps that a change leaves without an address. It is also the details of the error that refuses the
// change.
type Lost struct {
	Unreachable []string `json:"unreachable"` // names of apps reachable only through their previews
}

// Unreachable reports whether err is the refusal to leave an app without an address, which the caller may override. It
// recognizes errors that came over the wire too.
func Unreachable(err error) bool {
	switch d := errs.Details(err).(type) {
	case Lost:
		return true
	case json.RawMessage:
		var l Lost
		return json.Unmarshal(d, &l) == nil && len(l.Unreachable) > 0
	}
	return false
}

const aliasColumns = "aliases.name, kind, coalesce(app_id, ''), coalesce(apps.name, ''), coalesce(url, ''), coalesce(status, 0), keep_path, aliases.created_at, aliases.updated_at"

const aliasTables = " FROM aliases LEFT JOIN apps ON apps.id = app_id "

func scanAlias(r *database.Row) Alias {
	return Alias{
		Name: r.Text(0), Kind: AliasKind(r.Text(1)), AppID: r.Text(2), App: r.Text(3), URL: r.Text(4), Status: r.Int(5),
		KeepPath: r.Bool(6), CreatedAt: r.Time(7), UpdatedAt: r.Time(8),
	}
}

// Alias returns the alias with the given name.
func (s *Store) Alias(ctx context.Context, name string) (Alias, error) {
	var a Alias
	err := s.db.Read(ctx, func(c *database.Conn) (err error) {
		a, err = findAlias(c, name)
		return err
	})
	return a, err
}

func findAlias(c *database.Conn, name string) (Alias, error) {
	var a Alias
	found, err := c.First("SELECT "+aliasColumns+aliasTables+"WHERE aliases.name = ?", func(r *database.Row) { a = scanAlias(r) }, name)
	if err == nil && !found {
		return a, errs.New(errs.NotFound, "no alias named %q; see `fazt alias list`", name)
	}
	if err == nil && a.Kind == AliasSplit {
		a.Targets, err = targetsOf(c, name)
	}
	return a, err
}

func targetsOf(c *database.Conn, alias string) ([]SplitTarget, error) {
	var targets []SplitTarget
	err := c.Each(`SELECT app_id, apps.name, weight, token FROM arms JOIN apps ON apps.id = app_id
		WHERE alias = ? ORDER BY weight DESC, apps.name`, func(r *database.Row) error {
		targets = append(targets, SplitTarget{r.Text(0), r.Text(1), r.Int(2), r.Text(3)})
		return nil
	}, alias)
	return targets, err
}

// AliasList returns a page of the aliases sorted by name, after the name in cursor; next is the cursor of the following
// page, "" on the last one.
func (s *Store) AliasList(ctx context.Context, cursor string, limit int) (page []Alias, next string, err error) {
	page = []Alias{}
	err = s.db.Read(ctx, func(c *database.Conn) error {
		err := c.Each("SELECT "+aliasColumns+aliasTables+"WHERE aliases.name > ? ORDER BY aliases.name LIMIT ?", func(r *database.Row) error {
			page = append(page, scanAlias(r))
			return nil
		}, cursor, limit+1)
		if err != nil {
			return err
		}
		for i := range page {
			if page[i].Kind != AliasSplit {
				continue
			}
			if page[i].Targets, err = targetsOf(c, page[i].Name); err != nil {
				return err
			}
		}
		return nil
	})
	if len(page) > limit {
		page = page[:limit]
		next = page[limit-1].Name
	}
	return page, next, err
}

// Change is the result of changing an alias.
type Change struct {
	Alias  Alias  // after the change
	Before *Alias // nil for a new alias
	Lost
}

// SetAlias creates an alias or changes where it leads. It fails if that would leave an app without an address (see
// Unreachable), unless force is set.
func (s *Store) SetAlias(ctx context.Context, name string, to Destination, force bool) (ch Change, err error) {
	if err := checkLabel(name, "an alias"); err != nil {
		return ch, err
	}
	if err := to.check(name); err != nil {
		return ch, err
	}
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		old, err := findAlias(tx.Conn, name)
		switch {
		case err == nil:
			ch.Before = &old
		case !errs.Is(err, errs.NotFound):
			return err
		}
		if err := setAlias(tx, name, to); err != nil {
			return err
		}
		if ch.Alias, err = findAlias(tx.Conn, name); err != nil {
			return err
		}
		ch.Lost, err = lost(tx.Conn, old.apps(), force)
		return err
	})
	return ch, err
}

func (d Destination) check(name string) error {
	ways := 0
	for _, given := range []bool{d.App != "", d.Redirect != "", d.Split != nil, d.Reserve} {
		if given {
			ways++
		}
	}
	switch {
	case ways == 0:
		return errs.New(errs.Invalid, "choose a target for %s: an app, a redirect, a split, or reserved", name)
	case ways > 1:
		return errs.New(errs.Invalid, "an alias has only one target: an app, a redirect, a split, or reserved")
	case d.Redirect == "" && (d.Status != 0 || d.KeepPath):
		return errs.New(errs.Invalid, "a status and keeping the path apply to redirects only")
	case d.Split != nil:
		return checkShares(d.Split)
	case d.Redirect != "":
		return checkStatus(d.Status)
	}
	return nil
}

// setAlias writes the rows of an alias. Targets that a split keeps also keep their tokens, and so their visitors.
func setAlias(tx *database.Tx, name string, to Destination) error {
	kind, appID, url, status := AliasReserved, any(nil), any(nil), any(nil)
	targets := map[string]int{}
	switch {
	case to.App != "":
		app, err := find(tx.Conn, to.App)
		if err != nil {
			return err
		}
		kind, appID = AliasApp, app.ID
	case to.Redirect != "":
		address, err := checkRedirect(tx.Conn, name, to)
		if err != nil {
			return err
		}
		if to.Status == 0 {
			to.Status = defaultStatus
		}
		kind, url, status = AliasRedirect, address, to.Status
	case to.Split != nil:
		kind = AliasSplit
		for _, share := range to.Split {
			app, err := find(tx.Conn, share.App)
			if err != nil {
				return err
			}
			if targets[app.ID] != 0 {
				return errs.New(errs.Invalid, "the split names %s twice", app.Name)
			}
			targets[app.ID] = share.Weight
		}
	}
	err := tx.Exec(`INSERT INTO aliases (name, kind, app_id, url, status, keep_path, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, app_id = excluded.app_id, url = excluded.url,
		status = excluded.status, keep_path = excluded.keep_path, updated_at = excluded.updated_at`,
		name, string(kind), appID, url, status, to.KeepPath, now(), now())
	if err != nil {
		return err
	}
	return setTargets(tx, name, targets)
}

func setTargets(tx *database.Tx, alias string, weights map[string]int) error {
	had, err := targetsOf(tx.Conn, alias)
	if err != nil {
		return err
	}
	for _, target := range had {
		if weights[target.AppID] != 0 {
			continue
		}
		if err := tx.Exec("DELETE FROM arms WHERE alias = ? AND app_id = ?", alias, target.AppID); err != nil {
			return err
		}
	}
	for appID, weight := range weights {
		err := tx.Exec("INSERT INTO arms (alias, app_id, weight, token) VALUES (?, ?, ?, ?) ON CONFLICT (alias, app_id) DO UPDATE SET weight = excluded.weight",
			alias, appID, weight, id.New("arm"))
		if err != nil {
			return err
		}
	}
	return nil
}

// SwapAliases swaps where two aliases lead, in one transaction: visitors never see both point to the same place.
func (s *Store) SwapAliases(ctx context.Context, one, other string, domain string) (a, b Alias, err error) {
	if one == other {
		return a, b, errs.New(errs.Invalid, "%s cannot be swapped with itself", one)
	}
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		for _, name := range []string{one, other} {
			if _, err := findAlias(tx.Conn, name); err != nil {
				return err
			}
		}
		// Swap the names; the targets follow their alias. No alias can be named "".
		for _, rename := range [][2]string{{"", one}, {one, other}, {other, ""}} {
			if err := tx.Exec("UPDATE aliases SET name = ?, updated_at = ? WHERE name = ?", rename[0], now(), rename[1]); err != nil {
				return err
			}
		}
		for i, into := range []*Alias{&a, &b} {
			if *into, err = findAlias(tx.Conn, []string{one, other}[i]); err != nil {
				return err
			}
			if err := checkLoop(tx.Conn, into.Name, into.URL, domain); err != nil {
				return err
			}
		}
		return nil
	})
	return a, b, err
}

// RemoveAlias removes an alias. It fails if that would leave an app without an address (see Unreachable), unless force
// is set.
func (s *Store) RemoveAlias(ctx context.Context, name string, force bool) (gone Alias, l Lost, err error) {
	err = s.db.Write(ctx, func(tx *database.Tx) (err error) {
		if gone, err = findAlias(tx.Conn, name); err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM aliases WHERE name = ?", name); err != nil {
			return err
		}
		l, err = lost(tx.Conn, gone.apps(), force)
		return err
	})
	return gone, l, err
}

// apps returns the apps that an alias points to, by ID and name.
func (a Alias) apps() []SplitTarget {
	if a.Kind == AliasApp {
		return []SplitTarget{{AppID: a.AppID, App: a.App}}
	}
	return a.Targets
}

// lost returns those of the apps that have no address left. Unless force is set, any such app is an error.
func lost(c *database.Conn, apps []SplitTarget, force bool) (Lost, error) {
	l := Lost{Unreachable: []string{}}
	for _, app := range apps {
		n, err := addresses(c, app.AppID)
		if err != nil {
			return l, err
		}
		if n == 0 {
			l.Unreachable = append(l.Unreachable, app.App)
		}
	}
	if len(l.Unreachable) == 0 || force {
		return l, nil
	}
	slices.Sort(l.Unreachable)
	return l, errs.New(errs.Conflict, "nothing else points to %s: visitors could reach it only through its previews",
		strings.Join(l.Unreachable, ", ")).WithDetails(l)
}

// addresses returns how many aliases, splits and domains point to an app.
func addresses(c *database.Conn, appID string) (n int, err error) {
	_, err = c.First(`SELECT (SELECT count(*) FROM aliases WHERE app_id = ?) + (SELECT count(*) FROM arms WHERE app_id = ?)
		+ (SELECT count(*) FROM domains WHERE app_id = ?)`, func(r *database.Row) { n = r.Int(0) }, appID, appID, appID)
	return n, err
}

// LosesByAlias returns the names of the apps that only this alias points to.
func (s *Store) LosesByAlias(ctx context.Context, a Alias) ([]string, error) {
	lost := []string{}
	err := s.db.Read(ctx, func(c *database.Conn) error {
		for _, app := range a.apps() {
			n, err := addresses(c, app.AppID)
			if err != nil {
				return err
			}
			if n == 1 {
				lost = append(lost, app.App)
			}
		}
		return nil
	})
	return lost, err
}
