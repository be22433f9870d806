// Package apitest gives tests of operations the domains they work on, in a database of their own, without a server.
package apitest

import (
	"context"
	"crypto/sha256"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"fazt/internal/api/show"
	"fazt/internal/applog"
	"fazt/internal/apps"
	"fazt/internal/auth"
	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/egress/netlog"
	"fazt/internal/egress/rules"
	"fazt/internal/hosting"
	"fazt/internal/storage"
	"fazt/internal/system"
)

// Domains are the domains of one instance, without any apps.
type Domains struct {
	DB      *database.DB
	Apps    *apps.Store
	Hosting *hosting.Store
	KV      *storage.KV
	Net     *rules.Store
	NetLog  *netlog.Log
	AppLog  *applog.Log
	Limits  *system.Live
	Show    show.Apps

	t testing.TB
}

// New opens a new database, which is closed when the test ends.
func New(t testing.TB) *Domains {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	d := &Domains{DB: db, Apps: apps.New(db), Limits: system.NewLive(system.Defaults()), t: t}
	limits := func(string) system.Storage { return d.Limits.Storage() }
	d.Hosting = hosting.New(hosting.Config{DB: db, Content: content.New(content.Config{DB: db}), Limits: limits, Temp: t.TempDir()})
	d.KV = storage.New(storage.Config{DB: db, Limits: limits})
	hundred := func(string) int { return 100 }
	forever := func() time.Duration { return 0 }
	log := slog.New(slog.DiscardHandler)
	d.Net, err = rules.Open(t.Context(), rules.Config{DB: db, KeyFile: rules.KeyFile(db.Path())})
	d.check(err)
	d.NetLog, err = netlog.Open(t.Context(), netlog.Config{DB: db, Keep: hundred, MaxAge: forever, Log: log})
	d.check(err)
	d.AppLog, err = applog.Open(t.Context(), applog.Config{DB: db, Keep: hundred, Rate: hundred, Age: forever, Log: log})
	d.check(err)
	d.Show = show.Apps{Net: d.Net, URL: URL, AppURL: d.appURL}
	return d
}

func (d *Domains) check(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// URL is the address of the app behind a host label.
func URL(label string) string { return "http://" + label + ".example.com" }

// appURL is the address of an app at its first alias.
func (d *Domains) appURL(app apps.App) string {
	found, err := d.Apps.Addresses(context.Background(), app.ID)
	d.check(err)
	if len(found.Aliases) == 0 {
		return ""
	}
	return URL(found.Aliases[0])
}

// App makes an app without deployments and returns its id.
func (d *Domains) App(name string) (id string) {
	d.t.Helper()
	d.check(d.DB.Write(context.Background(), func(tx *database.Tx) error {
		app, err := d.Apps.EnsureTx(tx, name, "")
		id = app.ID
		return err
	}))
	return id
}

// Deploy deploys files, given as pairs of paths and texts, without compiling a function. It makes the app if there is none.
func (d *Domains) Deploy(app string, files ...string) hosting.Deployment {
	d.t.Helper()
	ctx, id := context.Background(), d.App(app)
	var plan hosting.Plan
	texts := map[content.Hash]string{}
	for i := 0; i < len(files); i += 2 {
		hash := content.Hash(sha256.Sum256([]byte(files[i+1])))
		texts[hash] = files[i+1]
		plan.Files = append(plan.Files, hosting.Announced{Path: files[i], Hash: hash, Size: int64(len(files[i+1]))})
	}
	u, err := d.Hosting.Begin(ctx, app, id, plan)
	d.check(err)
	_, err = d.Hosting.Fill(ctx, u.ID, func(take func(content.Hash, io.Reader) error) error {
		for _, hash := range u.Missing {
			if err := take(hash, strings.NewReader(texts[hash])); err != nil {
				return err
			}
		}
		return nil
	})
	d.check(err)
	_, err = d.Hosting.Ready(ctx, u.ID)
	d.check(err)
	var made hosting.Deployment
	d.check(d.DB.Write(ctx, func(tx *database.Tx) (err error) {
		made, err = d.Hosting.CommitTx(tx, u.ID, id, nil)
		return err
	}))
	return made
}

// Owner returns a context of a call by the owner.
func Owner(ctx context.Context) context.Context {
	return auth.With(ctx, auth.Principal{Kind: auth.Owner, Name: "owner"})
}

// Key returns a context of a call by a key.
func Key(ctx context.Context, scopes ...auth.Scope) context.Context {
	return auth.With(ctx, auth.Principal{Kind: auth.Key, ID: "key_1", Name: "ci", Scopes: scopes})
}
