package system

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/schema"
)

// Store stores the owner's limits and settings and puts them in force. Only values that differ from the defaults are in
// the database.
type Store struct {
	db    *database.DB
	log   *slog.Logger
	live  *Live
	given Given

	inForce LiveSettings

	mu      sync.Mutex // held while stored values are read, changed or put in force
	started Settings   // in force until a restart, whatever is stored since
	base    Limits     // the values in force if nothing is stored
	limits  []row
	rows    []row // of settings
	next    Settings
	from    map[string]resolved
	ignored []Ignored
}

// StoreConfig configures a Store.
type StoreConfig struct {
	DB     *database.DB
	Limits *Live // initially the values that apply if nothing is stored; Store updates it
	Given  Given // settings from the command line and the environment
	Log    *slog.Logger
}

// row is a stored value.
type row struct {
	path, app string // app is an id; "" = the whole instance
	value, by string
	at        time.Time
}

// Ignored is a stored value that this version cannot use. It is kept, because the version that wrote it may come back.
type Ignored struct {
	Path  string `json:"path"`
	App   string `json:"app"` // an id; "" = the whole instance
	Value string `json:"value"`
	Why   string `json:"why"`
}

func (r row) ignored(err error) Ignored { return Ignored{r.path, r.app, r.value, errs.Sentence(err)} }

// OpenStore reads the stored values and puts them in force. An invalid flag or environment variable is an error; an
// invalid stored value is not.
func OpenStore(ctx context.Context, c StoreConfig) (*Store, error) {
	s := &Store{db: c.DB, log: c.Log, live: c.Limits, given: c.Given, base: *c.Limits.Load()}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	limits, settings, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	if s.started, _, _, err = resolve(s.given, settings); err != nil {
		return nil, err
	}
	return s, s.apply(limits, settings)
}

// Settings returns the current settings.
func (s *Store) Settings() *LiveSettings { return &s.inForce }

// Reload puts the stored values in force. It costs two small queries if nothing has changed.
func (s *Store) Reload(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reload(ctx)
}

func (s *Store) reload(ctx context.Context) error {
	limits, settings, err := s.read(ctx)
	if err != nil || slices.Equal(limits, s.limits) && slices.Equal(settings, s.rows) {
		return err
	}
	return s.apply(limits, settings)
}

// Rebase changes the values that apply if nothing is stored, for example to measured ones.
func (s *Store) Rebase(change func(*Limits)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.base)
	_ = s.apply(s.limits, s.rows) // the settings were already in force
}

func (s *Store) read(ctx context.Context) (limits, settings []row, err error) {
	err = s.db.Read(ctx, func(c *database.Conn) error {
		into := func(list *[]row) func(*database.Row) error {
			return func(r *database.Row) error {
				*list = append(*list, row{r.Text(0), r.Text(1), r.Text(2), r.Text(3), r.Time(4)})
				return nil
			}
		}
		err := c.Each("SELECT path, coalesce(app_id, ''), value, set_by, set_at FROM limits ORDER BY app_id, path", into(&limits))
		if err != nil {
			return err
		}
		return c.Each("SELECT name, '', value, set_by, updated_at FROM settings ORDER BY name", into(&settings))
	})
	return limits, settings, err
}

// apply puts rows in force.
func (s *Store) apply(limits, settings []row) error {
	next, from, ignored, err := resolve(s.given, settings)
	if err != nil {
		return err
	}
	all, apps, more := overlay(s.base, limits)
	ignored = append(ignored, more...)
	for _, i := range ignored {
		if !slices.Contains(s.ignored, i) {
			s.log.Warn("a stored value is ignored", "path", i.Path, "app", i.App, "value", i.Value, "why", i.Why)
		}
	}
	s.limits, s.rows, s.next, s.from, s.ignored = limits, settings, next, from, ignored
	s.live.Store(all, apps)
	s.inForce.store(keepUntilRestart(s.started, next))
	return nil
}

// overlay returns the limits that rows produce over base: those of the instance, and those of each app with its own.
func overlay(base Limits, rows []row) (all Limits, apps map[string]*Limits, ignored []Ignored) {
	all = base
	for _, r := range rows { // rows of the instance come first
		target := &all
		if r.app != "" {
			if target = apps[r.app]; target == nil {
				own := all
				target = &own
			}
		}
		if err := setLimit(target, r); err != nil {
			ignored = append(ignored, r.ignored(err))
			continue
		}
		if r.app != "" {
			if apps == nil {
				apps = map[string]*Limits{}
			}
			apps[r.app] = target
		}
	}
	return all, apps, ignored
}

func setLimit(target *Limits, r row) error {
	f, err := schema.Of[Limits]().Lookup(limit, r.path)
	if err != nil {
		return err
	}
	if r.app != "" && !f.PerApp {
		return notPerApp(f.Path)
	}
	return schema.Set(target, r.path, r.value)
}

func notPerApp(path string) error {
	return errs.New(errs.Invalid, "%s applies to the whole instance and cannot be set for one app", path)
}

// keepUntilRestart returns next, except for settings that need a restart.
func keepUntilRestart(started, next Settings) Settings {
	for _, f := range schema.Of[Settings]().Fields() {
		if f.Restart {
			text, _ := schema.Get(&started, f.Path)
			_ = schema.Set(&next, f.Path, text) // already checked: it is in force
		}
	}
	return next
}

// Changed is one value before and after a change.
type Changed struct {
	Path string          `json:"path"`
	App  string          `json:"app,omitempty"` // an id; absent = the whole instance
	Old  json.RawMessage `json:"old"`
	New  json.RawMessage `json:"new"`
	Note string          `json:"note,omitempty"` // why New is not in force yet: it needs a restart or is overridden
}

// ChangeLimits stores new limits for the instance, or for the app with the given id, and puts them in force: all of
// them or none. null resets to the default or, for an app, to the instance's value. by is the caller.
func (s *Store) ChangeLimits(ctx context.Context, app, by string, values map[string]json.RawMessage) ([]Changed, error) {
	changes, err := parseChanges[Limits](limit, values)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		if f, _ := schema.Of[Limits]().Field(c.path); app != "" && !f.PerApp {
			return nil, notPerApp(c.path)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := *s.live.App(app)
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		for _, c := range changes {
			if err := writeLimit(tx, app, by, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = s.reload(ctx)
	}
	if err != nil {
		return nil, err
	}
	list := make([]Changed, 0, len(changes))
	for _, c := range changes {
		list = append(list, Changed{Path: c.path, App: app, Old: wire(&old, c.path), New: wire(s.live.App(app), c.path)})
	}
	return list, nil
}

func writeLimit(tx *database.Tx, app, by string, c change) error {
	var owner any // NULL
	if app != "" {
		owner = app
	}
	if c.value == nil {
		return tx.Exec("DELETE FROM limits WHERE path = ? AND coalesce(app_id, '') = ?", c.path, app)
	}
	err := tx.Exec(`INSERT INTO limits (path, app_id, value, set_by, set_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (path, coalesce(app_id, '')) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, set_at = excluded.set_at`,
		c.path, owner, *c.value, by, time.Now())
	if database.IsForeignKey(err) {
		return errs.Wrap(errs.NotFound, err, "the app was removed")
	}
	return err
}

// ChangeSettings stores new settings, all of them or none, and puts in force those that need no restart. by is the
// caller.
func (s *Store) ChangeSettings(ctx context.Context, by string, values map[string]json.RawMessage) ([]Changed, error) {
	changes, err := parseChanges[Settings](setting, values)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		if c.path == "listen" && c.value != nil {
			var addresses []string
			if err := json.Unmarshal([]byte(*c.value), &addresses); err != nil {
				return nil, err
			}
			if err := checkStoredListen(addresses); err != nil {
				return nil, err
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, _, _, _ := resolve(Given{}, s.rows)
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		for _, c := range changes {
			if err := writeSetting(tx, by, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = s.reload(ctx)
	}
	if err != nil {
		return nil, err
	}
	now, _, _, _ := resolve(Given{}, s.rows) // without Given, resolve cannot fail
	list := make([]Changed, 0, len(changes))
	for _, c := range changes {
		list = append(list, Changed{Path: c.path, Old: wire(&old, c.path), New: wire(&now, c.path), Note: s.note(c.path)})
	}
	return list, nil
}

func writeSetting(tx *database.Tx, by string, c change) error {
	if c.value == nil {
		return tx.Exec("DELETE FROM settings WHERE name = ?", c.path)
	}
	return tx.Exec(`INSERT INTO settings (name, value, set_by, updated_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, updated_at = excluded.updated_at`,
		c.path, *c.value, by, time.Now())
}

// note explains the state of a setting.
func (s *Store) note(path string) string {
	f, _ := schema.Of[Settings]().Field(path)
	now, _ := schema.Get(s.inForce.Load(), path)
	next, _ := schema.Get(&s.next, path)
	return s.from[path].note(f, now, next)
}

// wire returns the value of a path as JSON.
func wire[T any](v *T, path string) json.RawMessage {
	return json.RawMessage(jsonText(schema.Value(v, path)))
}

// find returns the stored value of a path, for the instance or for an app.
func find(rows []row, path, app string) (row, bool) {
	i := slices.IndexFunc(rows, func(r row) bool { return r.path == path && r.app == app })
	if i < 0 {
		return row{}, false
	}
	return rows[i], true
}

// byApp sorts the values of apps.
func byApp(a, b AppValue) int { return cmp.Compare(a.App, b.App) }
