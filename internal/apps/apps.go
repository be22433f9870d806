// Package apps stores the apps of the instance, the host labels that point to them, and their environment.
package apps

import (
	"context"
	"strings"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/id"
)

// App is what a user deploys.
type App struct {
	ID        string    `json:"id"`   // app_…
	Name      string    `json:"name"` // the label it was deployed under; what people type
	Title     string    `json:"title"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Store holds the apps of one instance.
type Store struct{ db *database.DB }

// New returns the apps in db.
func New(db *database.DB) *Store { return &Store{db} }

const columns = "id, name, title, created_at, updated_at"

func scan(r *database.Row) App {
	return App{ID: r.Text(0), Name: r.Text(1), Title: r.Text(2), CreatedAt: r.Time(3), UpdatedAt: r.Time(4)}
}

// Get returns the app with the given ID or name.
func (s *Store) Get(ctx context.Context, ref string) (App, error) {
	var app App
	err := s.db.Read(ctx, func(c *database.Conn) (err error) {
		app, err = find(c, ref)
		return err
	})
	return app, err
}

func find(c *database.Conn, ref string) (App, error) {
	var app App
	by := "name"
	if strings.HasPrefix(ref, "app_") { // names have no underscore
		by = "id"
	}
	found, err := c.First("SELECT "+columns+" FROM apps WHERE "+by+" = ?", func(r *database.Row) { app = scan(r) }, ref)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "no app named %q", ref)
	}
	return app, err
}

// List returns a page of the apps sorted by name, after the name in cursor; next is the cursor of the following page,
// "" on the last one.
func (s *Store) List(ctx context.Context, cursor string, limit int) (page []App, next string, err error) {
	page = []App{}
	err = s.db.Read(ctx, func(c *database.Conn) error {
		return c.Each("SELECT "+columns+" FROM apps WHERE name > ? ORDER BY name LIMIT ?", func(r *database.Row) error {
			page = append(page, scan(r))
			return nil
		}, cursor, limit+1)
	})
	if len(page) > limit {
		page = page[:limit]
		next = page[limit-1].Name
	}
	return page, next, err
}

// EnsureTx returns the app with the given ID or name. If no app has the name, it creates one, with an alias of the same
// name. A non-empty title replaces the current one.
func (s *Store) EnsureTx(tx *database.Tx, ref, title string) (App, error) {
	app, err := find(tx.Conn, ref)
	if errs.Is(err, errs.NotFound) && !strings.HasPrefix(ref, "app_") {
		if err := CheckName(ref); err != nil {
			return App{}, err
		}
		return create(tx, NewID(), ref, title)
	}
	if err != nil {
		return App{}, err
	}
	if title == "" {
		title = app.Title
	}
	app.Title, app.UpdatedAt = title, now()
	return app, tx.Exec("UPDATE apps SET title = ?, updated_at = ? WHERE id = ?", app.Title, app.UpdatedAt, app.ID)
}

// NewID returns an ID for an app about to be created.
func NewID() string { return id.New("app") }

func create(tx *database.Tx, id, name, title string) (App, error) {
	app := App{ID: id, Name: name, Title: title, CreatedAt: now()}
	app.UpdatedAt = app.CreatedAt
	taken, err := tx.First("SELECT 1 FROM aliases WHERE name = ?", func(*database.Row) {}, name)
	if err != nil {
		return App{}, err
	}
	if taken {
		return App{}, errs.New(errs.Conflict, "the name %q is taken: it points to something else on this instance; choose another with --name", name)
	}
	err = tx.Exec("INSERT INTO apps ("+columns+") VALUES (?, ?, ?, ?, ?)", app.ID, app.Name, app.Title, app.CreatedAt, app.UpdatedAt)
	if err != nil {
		return App{}, err
	}
	err = tx.Exec("INSERT INTO aliases (name, kind, app_id, created_at, updated_at) VALUES (?, 'app', ?, ?, ?)",
		app.Name, app.ID, app.CreatedAt, app.CreatedAt)
	return app, err
}

// Remove deletes an app and, through foreign keys, everything that belongs to it: aliases, domains, environment,
// deployments. Splits continue without it. Data that can be many rows is only orphaned here and removed later, over
// many writes: its stored data and logs (Leftovers), and files that no other deployment has.
func (s *Store) Remove(ctx context.Context, ref string) (App, error) {
	var app App
	err := s.db.Write(ctx, func(tx *database.Tx) (err error) {
		if app, err = find(tx.Conn, ref); err != nil {
			return err
		}
		if err = leaveSplits(tx, app.ID); err != nil {
			return err
		}
		return tx.Exec("DELETE FROM apps WHERE id = ?", app.ID)
	})
	return app, err
}

// Addresses lists what points to an app.
type Addresses struct {
	Aliases []string `json:"aliases"` // labels that lead only to it
	Domains []string `json:"domains"`
	Splits  []string `json:"splits"` // aliases that split visitors to it
}

func noAddresses() Addresses { return Addresses{[]string{}, []string{}, []string{}} }

type addressKind int

const (
	aliasAddress addressKind = iota
	domainAddress
	splitAddress
)

func (a *Addresses) add(kind addressKind, name string) {
	list := map[addressKind]*[]string{aliasAddress: &a.Aliases, domainAddress: &a.Domains, splitAddress: &a.Splits}[kind]
	*list = append(*list, name)
}

// eachAddress calls fn with what points to the apps of a batch, sorted by name.
func eachAddress(c *database.Conn, batch []any, fn func(appID string, kind addressKind, name string)) error {
	return c.Each("SELECT app_id, 0, name FROM aliases WHERE app_id IN "+database.OneOf+" UNION ALL SELECT app_id, 1, host FROM domains WHERE app_id IN "+database.OneOf+
		" UNION ALL SELECT app_id, 2, alias FROM arms WHERE app_id IN "+database.OneOf+" ORDER BY 3", func(r *database.Row) error {
		fn(r.Text(0), addressKind(r.Int(1)), r.Text(2))
		return nil
	}, batch...)
}

// Addresses returns what points to an app, each kind sorted by name.
func (s *Store) Addresses(ctx context.Context, appID string) (Addresses, error) {
	kin, err := s.KinOf(ctx, []string{appID})
	return kin[appID].Addresses, err
}

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Count returns the number of apps.
func (s *Store) Count(ctx context.Context) (n int, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) error {
		_, err := c.First("SELECT count(*) FROM apps", func(r *database.Row) { n = r.Int(0) })
		return err
	})
	return n, err
}
