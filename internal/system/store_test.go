package system

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
	"fazt/internal/schema"
)

// kept returns a database with the apps app_a and app_b.
func kept(t testing.TB) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, name := range []string{"a", "b"} {
		exec(t, db, "INSERT INTO apps (id, name, created_at, updated_at) VALUES ('app_' || ?1, ?1, 0, 0)", name)
	}
	return db
}

func exec(t testing.TB, db *database.DB, sql string, args ...any) {
	t.Helper()
	if err := db.Write(context.Background(), func(tx *database.Tx) error { return tx.Exec(sql, args...) }); err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, db *database.DB, sql string) (n int) {
	t.Helper()
	err := db.Read(context.Background(), func(c *database.Conn) error {
		_, err := c.First(sql, func(r *database.Row) { n = r.Int(0) })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func opened(t testing.TB, db *database.DB, given Given) (*Store, *Live) {
	t.Helper()
	live := NewLive(DefaultsOn(Hardware{TotalRAM: 1 << 30, AvailableRAM: 1 << 30, CPUCores: 2}))
	s, err := OpenStore(t.Context(), StoreConfig{DB: db, Limits: live, Given: given})
	if err != nil {
		t.Fatal(err)
	}
	return s, live
}

func object(t testing.TB, text string) map[string]json.RawMessage {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func set(t testing.TB, s *Store, app, values string) []Changed {
	t.Helper()
	changed, err := s.ChangeLimits(context.Background(), app, "owner", object(t, values))
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func setSettings(t testing.TB, s *Store, values string) []Changed {
	t.Helper()
	changed, err := s.ChangeSettings(context.Background(), "owner", object(t, values))
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// other returns a value in the range of a limit that differs from the given one.
func other(f *schema.Field, now string) string {
	for _, n := range []float64{*f.Min, *f.Max} {
		if text := strconv.FormatFloat(n, 'f', -1, 64); text != now {
			return text
		}
	}
	panic("a range of one value")
}

// The predecessor published limits that could not be changed. Every limit that is not read-only can be changed, takes
// effect at once and stays after a restart; per-app limits can be changed for an app; and every change can be reset.
func TestEveryPublishedLimitCanBeChangedAndTakesEffectAtOnce(t *testing.T) {
	db := kept(t)
	s, live := opened(t, db, Given{})
	before := *live.Load()
	for _, f := range schema.Of[Limits]().Fields() {
		was, _ := schema.Get(&before, f.Path)
		if f.ReadOnly {
			if _, err := s.ChangeLimits(t.Context(), "", "owner", object(t, `{"`+f.Path+`":1}`)); !errs.Is(err, errs.Invalid) || err.Error() != f.Path+" is read-only" {
				t.Errorf("%s was set: %v", f.Path, err)
			}
			continue
		}
		want := other(f, was)
		changed := set(t, s, "", `{"`+f.Path+`":`+want+`}`)
		if got, _ := schema.Get(live.Load(), f.Path); got != want {
			t.Errorf("%s is %s, was set to %s", f.Path, got, want)
		}
		if len(changed) != 1 || changed[0].Path != f.Path || string(changed[0].Old) != was || string(changed[0].New) != want {
			t.Errorf("%s: %+v", f.Path, changed)
		}
		if _, again := opened(t, db, Given{}); schema.Value(again.Load(), f.Path) != schema.Value(live.Load(), f.Path) {
			t.Errorf("%s is different after a restart", f.Path)
		}
		set(t, s, "", `{"`+f.Path+`":null}`)
		if got, _ := schema.Get(live.Load(), f.Path); got != was {
			t.Errorf("%s is %s after a reset, was %s", f.Path, got, was)
		}
		_, err := s.ChangeLimits(t.Context(), "app_a", "owner", object(t, `{"`+f.Path+`":`+want+`}`))
		own, _ := schema.Get(live.App("app_a"), f.Path)
		all, _ := schema.Get(live.App("app_b"), f.Path)
		if (err == nil) != f.PerApp || (own == want) != f.PerApp || all != was {
			t.Errorf("%s for one app: %v; it has %s, the other %s", f.Path, err, own, all)
		}
	}
}

func TestChangesOfLimits(t *testing.T) {
	for name, tt := range map[string]struct{ app, values, err string }{
		"nested":                 {"", `{"runtime":{"exec_timeout":8000,"vms":5},"storage":{"max_upload":"64MiB"}}`, ""},
		"dotted":                 {"", `{"runtime.exec_timeout":8000,"runtime.vms":5,"storage.max_upload":67108864}`, ""},
		"with units":             {"", `{"runtime.exec_timeout":"8 s","runtime.vms":"5","storage.max_upload":"65536 KiB"}`, ""},
		"twice":                  {"", `{"runtime":{"vms":5},"runtime.vms":6}`, "runtime.vms is given more than once"},
		"out of the range":       {"", `{"runtime":{"vms":5,"exec_timeout":9}}`, "runtime.exec_timeout must be at least 10 ms"},
		"above the range":        {"", `{"runtime.exec_timeout":"1h"}`, "runtime.exec_timeout must be at most 5 min"},
		"no number":              {"", `{"runtime.exec_timeout":"soon"}`, `runtime.exec_timeout must be a whole number of ms, or one with a unit such as 500ms, 8s, 5min or 2h, not "soon"`},
		"another type":           {"", `{"runtime.exec_timeout":true}`, `runtime.exec_timeout must be a whole number, not "true"`},
		"a fraction":             {"", `{"runtime.exec_timeout":1.5}`, "runtime.exec_timeout must be a whole number"},
		"a list":                 {"", `{"runtime.exec_timeout":[1]}`, "runtime.exec_timeout must be a whole number"},
		"an object":              {"", `{"runtime.exec_timeout":{"a":1}}`, "runtime.exec_timeout must be a whole number"},
		"too large for a number": {"", `{"runtime.exec_timeout":99999999999999999999}`, "runtime.exec_timeout must be a whole number"},
		"a group as a value":     {"", `{"runtime":5}`, "runtime is a group; use one limit in it, such as runtime.exec_timeout"},
		"a group reset":          {"", `{"runtime":null}`, "runtime is a group"},
		"unknown":                {"", `{"runtime":{"exec_timout":5000}}`, `there is no limit "runtime.exec_timout"; did you mean runtime.exec_timeout?`},
		"deep":                   {"", `{"runtime":{"runtime":{"vms":1}}}`, `there is no limit "runtime.runtime"`},
		"nothing":                {"", `{}`, "no limit given"},
		"an empty group":         {"", `{"runtime":{}}`, "no limit given"},
		"read only":              {"", `{"hardware":{"cpu_cores":64}}`, "hardware.cpu_cores is read-only"},
		"not for one app":        {"app_a", `{"runtime":{"exec_timeout":8000,"vms":5}}`, "runtime.vms applies to the whole instance and cannot be set for one app"},
		"an app that is gone":    {"app_x", `{"runtime":{"exec_timeout":8000}}`, "the app was removed"},
	} {
		t.Run(name, func(t *testing.T) {
			db := kept(t)
			s, live := opened(t, db, Given{})
			_, err := s.ChangeLimits(t.Context(), tt.app, "owner", object(t, tt.values))
			if tt.err != "" {
				if err == nil || !strings.Contains(errs.Sentence(err), tt.err) {
					t.Errorf("%v, want %q", err, tt.err)
				}
				if n := count(t, db, "SELECT count(*) FROM limits"); n != 0 {
					t.Errorf("refused, but %d were stored: it must be all or none", n)
				}
				return
			}
			if r := live.Runtime(); err != nil || r.ExecTimeout != 8000 || r.VMs != 5 || live.Storage().MaxUpload != 64<<20 {
				t.Errorf("%+v, %v", live.Load(), err)
			}
		})
	}
}

func TestOnlyChangedValuesAreStoredWithUserAndTime(t *testing.T) {
	db := kept(t)
	s, _ := opened(t, db, Given{})
	set(t, s, "", `{"runtime.exec_timeout":8000}`)
	if _, err := s.ChangeLimits(t.Context(), "", "key laptop", object(t, `{"runtime.exec_timeout":9000}`)); err != nil {
		t.Fatal(err)
	}
	set(t, s, "app_a", `{"runtime.exec_timeout":10000}`)
	set(t, s, "app_b", `{"runtime.exec_timeout":11000}`)
	if n := count(t, db, "SELECT count(*) FROM limits"); n != 3 {
		t.Errorf("%d rows, want one for each place", n)
	}
	get := func(app string) Item {
		items, _ := s.Limits(app)
		return items[slices.IndexFunc(items, func(i Item) bool { return i.Path == "runtime.exec_timeout" })]
	}
	all := get("")
	if string(all.Value) != "9000" || string(all.Default) != "5000" || all.Source != FromStored || all.SetBy != "key laptop" || all.SetAt == nil || time.Since(*all.SetAt) > time.Hour {
		t.Errorf("%+v", all)
	}
	if len(all.ForApps) != 2 || all.ForApps[0].App != "app_a" || string(all.ForApps[1].Value) != "11000" || all.ForApps[0].SetBy != "owner" {
		t.Errorf("%+v", all.ForApps)
	}
	if own := get("app_a"); string(own.Value) != "10000" || own.Source != FromApp || own.SetBy != "owner" {
		t.Errorf("%+v", own)
	}
	set(t, s, "app_a", `{"runtime.exec_timeout":null}`)
	if own := get("app_a"); string(own.Value) != "9000" || own.Source != FromStored {
		t.Errorf("%+v", own)
	}
	set(t, s, "", `{"runtime.exec_timeout":null}`)
	if own := get("app_b"); string(own.Value) != "11000" {
		t.Errorf("a reset of the instance took the value of an app: %+v", own)
	}
}

// An app with one limit of its own has the instance's values for the others, whichever was set first.
func TestAnAppInheritsTheLimitsItDoesNotOverride(t *testing.T) {
	s, live := opened(t, kept(t), Given{})
	set(t, s, "app_a", `{"runtime.exec_timeout":8000}`)
	set(t, s, "", `{"runtime.queue_wait":77,"runtime.vms":7}`)
	if r := live.App("app_a").Runtime; r.ExecTimeout != 8000 || r.QueueWait != 77 || r.VMs != 7 {
		t.Errorf("%+v", r)
	}
	if r := live.App("app_b").Runtime; r.ExecTimeout != 5000 || r.QueueWait != 77 {
		t.Errorf("%+v", r)
	}
}

func TestRemovingAnAppRemovesItsLimits(t *testing.T) {
	db := kept(t)
	s, live := opened(t, db, Given{})
	set(t, s, "app_a", `{"runtime.exec_timeout":8000}`)
	set(t, s, "app_b", `{"runtime.exec_timeout":9000}`)
	exec(t, db, "DELETE FROM apps WHERE id = 'app_a'")
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, "SELECT count(*) FROM limits"); n != 1 || live.App("app_a").Runtime.ExecTimeout != 5000 || live.App("app_b").Runtime.ExecTimeout != 9000 {
		t.Errorf("%d rows", n)
	}
}

// A value stored by another version must not keep this one from starting.
func TestUnknownStoredValuesAreIgnoredAndReported(t *testing.T) {
	db := kept(t)
	for path, value := range map[string]string{"runtime.warp_speed": "9", "runtime.vms": "0", "runtime.queue_wait": "soon", "hardware.cpu_cores": "64", "runtime.idle_vm": "60"} {
		exec(t, db, "INSERT INTO limits (path, value, set_by, set_at) VALUES (?, ?, 'owner', 0)", path, value)
	}
	exec(t, db, "INSERT INTO limits (path, app_id, value, set_by, set_at) VALUES ('runtime.vms', 'app_a', '7', 'owner', 0)")
	for name, value := range map[string]string{"colour": "blue", "domain": "http://x", "log_retention": "-1", "listen": "nonsense", "acme_email": "a@example.com"} {
		exec(t, db, "INSERT INTO settings (name, value, updated_at) VALUES (?, ?, 0)", name, value)
	}
	var log bytes.Buffer
	live := NewLive(Defaults())
	s, err := OpenStore(t.Context(), StoreConfig{DB: db, Limits: live, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if r := live.App("app_a").Runtime; r.VMs != Defaults().Runtime.VMs || r.QueueWait != 1000 || r.IdleVM != 60 {
		t.Errorf("%+v", r)
	}
	if now := s.Settings().Load(); now.Domain != "localhost" || now.LogRetention != 90 || now.Listen[0] != "127.0.0.1:4698" || now.ACMEEmail != "a@example.com" {
		t.Errorf("%+v", now)
	}
	limits, ignored := s.Limits("")
	if len(ignored) != 5 || !slices.ContainsFunc(ignored, func(i Ignored) bool {
		return i.Path == "runtime.vms" && i.App == "app_a" && strings.Contains(i.Why, "whole instance")
	}) {
		t.Errorf("%+v", ignored)
	}
	if _, own := s.Limits("app_a"); len(own) != 1 || own[0].App != "app_a" {
		t.Errorf("of the app: %+v", own)
	}
	for _, i := range limits {
		if i.Path == "runtime.vms" && (i.Source != FromDefault || len(i.ForApps) != 0) {
			t.Errorf("an ignored value is shown as one in force: %+v", i)
		}
	}
	if _, ignored := s.SettingItems(); len(ignored) != 4 {
		t.Errorf("%+v", ignored)
	}
	if n := strings.Count(log.String(), "a stored value is ignored"); n != 9 {
		t.Errorf("%d lines of the log:\n%s", n, &log)
	}
	set(t, s, "", `{"runtime.vms":5}`) // and it can be replaced
	if live.Runtime().VMs != 5 || count(t, db, "SELECT count(*) FROM limits WHERE path = 'runtime.warp_speed'") != 1 {
		t.Error("the value of another version is gone")
	}
}

func TestPrecedenceOfFlagEnvironmentStoredAndDefault(t *testing.T) {
	env := func(name string) string {
		return map[string]string{"FAZT_DOMAIN": "env.example", "FAZT_LISTEN": "[::1]:2,127.0.0.1:1", "FAZT_TRUSTED_PROXIES": "10.0.0.0/8", "FAZT_LOG_RETENTION": "7d", "FAZT_ACME_EMAIL": "env@example.com"}[name]
	}
	stored := `{"domain":"stored.example","listen":["127.0.0.1:3"],"trusted_proxies":"172.16.0.0/12","log_retention":5,"acme_email":"stored@example.com"}`
	flags := map[string]string{"domain": "flag.example", "listen": "127.0.0.1:4", "trusted_proxies": "192.168.0.0/16", "log_retention": "9", "acme_email": "flag@example.com"}
	for _, tt := range []struct {
		name   string
		given  Given
		stored string
		source Source
		want   map[string]string
	}{
		{"nothing", Given{}, "", FromDefault, map[string]string{"domain": "localhost", "listen": `["127.0.0.1:4698"]`, "trusted_proxies": "[]", "log_retention": "90", "acme_email": ""}},
		{"stored", Given{}, stored, FromStored, map[string]string{"domain": "stored.example", "listen": `["127.0.0.1:3"]`, "trusted_proxies": `["172.16.0.0/12"]`, "log_retention": "5", "acme_email": "stored@example.com"}},
		{"environment", Given{Getenv: env}, stored, FromEnvironment, map[string]string{"domain": "env.example", "listen": `["[::1]:2","127.0.0.1:1"]`, "trusted_proxies": `["10.0.0.0/8"]`, "log_retention": "7", "acme_email": "env@example.com"}},
		{"flag", Given{Flags: flags, Getenv: env}, stored, FromFlag, map[string]string{"domain": "flag.example", "listen": `["127.0.0.1:4"]`, "trusted_proxies": `["192.168.0.0/16"]`, "log_retention": "9", "acme_email": "flag@example.com"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := kept(t)
			if tt.stored != "" {
				before, _ := opened(t, db, Given{})
				setSettings(t, before, tt.stored)
			}
			s, _ := opened(t, db, tt.given)
			items, _ := s.SettingItems()
			for _, i := range items {
				if got, _ := schema.Get(s.Settings().Load(), i.Path); got != tt.want[i.Path] || i.Source != tt.source {
					t.Errorf("%s is %s from %s, want %s", i.Path, got, i.Source, tt.want[i.Path])
				}
				place := map[Source]string{FromFlag: "--" + strings.ReplaceAll(i.Path, "_", "-"), FromEnvironment: "FAZT_" + strings.ToUpper(i.Path)}[tt.source]
				if i.Place != place || (place != "") != strings.Contains(i.Note, "is overridden by "+place) && tt.stored != "" {
					t.Errorf("%s: place %q, note %q", i.Path, i.Place, i.Note)
				}
				if (string(i.Stored) == "null") != (tt.stored == "") || (i.SetBy == "owner") != (tt.stored != "") {
					t.Errorf("%s: stored %s by %q", i.Path, i.Stored, i.SetBy)
				}
			}
		})
	}
}

func TestAnInvalidFlagOrVariableStopsTheStart(t *testing.T) {
	db := kept(t)
	for name, given := range map[string]Given{
		"--domain: ":            {Flags: map[string]string{"domain": "https://x"}},
		"--listen: ":            {Flags: map[string]string{"listen": "nonsense"}},
		"FAZT_TRUSTED_PROXIES:": {Getenv: func(n string) string { return map[string]string{"FAZT_TRUSTED_PROXIES": "10.0.0.0/99"}[n] }},
		"FAZT_LOG_RETENTION:":   {Getenv: func(n string) string { return map[string]string{"FAZT_LOG_RETENTION": "long"}[n] }},
	} {
		_, err := OpenStore(t.Context(), StoreConfig{DB: db, Limits: NewLive(Defaults()), Given: given})
		if !errs.Is(err, errs.Invalid) || !strings.HasPrefix(errs.Sentence(err), name) {
			t.Errorf("%s %v", name, err)
		}
	}
}

func TestOnlySomeSettingsNeedARestart(t *testing.T) {
	db := kept(t)
	s, _ := opened(t, db, Given{})
	changed := setSettings(t, s, `{"domain":"example.com","log_retention":"30d","trusted_proxies":["10.1.2.3/8","::1","10.1.2.3"]}`)
	notes := map[string]string{}
	for _, c := range changed {
		notes[c.Path] = c.Note
	}
	if !strings.Contains(notes["domain"], "next start") || notes["log_retention"] != "" || notes["trusted_proxies"] != "" {
		t.Errorf("%+v", notes)
	}
	now := s.Settings()
	if now.Load().Domain != "localhost" || now.Load().LogRetention != 30 {
		t.Errorf("%+v", now.Load())
	}
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("10.1.2.3/32")}
	if !slices.Equal(now.TrustedProxies(), want) || now.Load().TrustedProxies[0] != "10.0.0.0/8" {
		t.Errorf("%v", now.TrustedProxies())
	}
	if again, _ := opened(t, db, Given{}); again.Settings().Load().Domain != "example.com" {
		t.Errorf("%+v", again.Settings().Load())
	}
	if changed := setSettings(t, s, `{"domain":null}`); changed[0].Note != "" || string(changed[0].Old) != `"example.com"` || string(changed[0].New) != `"localhost"` {
		t.Errorf("%+v", changed)
	}
}

func TestInvalidSettingsAreRefused(t *testing.T) {
	db := kept(t)
	s, _ := opened(t, db, Given{})
	for values, want := range map[string]string{
		`{"domain":"https://example.com/"}`:                      "it is a URL",
		`{"domain":""}`:                                          "it is empty",
		`{"domain":"10.0.0.1"}`:                                  "is an IP address",
		`{"domain":5}`:                                           "domain must be a text",
		`{"listen":"nonsense"}`:                                  "use host:port",
		`{"listen":"127.0.0.1:http"}`:                            "use host:port",
		`{"listen":"127.0.0.1:99999"}`:                           "use host:port",
		`{"listen":"127.0.0.1:-1"}`:                              "use host:port",
		`{"listen":"a b:80"}`:                                    "use host:port",
		`{"listen":"127.0.0.1:0"}`:                               "has no port",
		`{"listen":"192.0.2.77:80"}`:                             "is not an address of this machine",
		`{"listen":[]}`:                                          "listen must be at least 1 entries",
		`{"listen":["127.0.0.1:8080","127.0.0.1:8080"]}`:         "duplicate entry",
		`{"listen":[5]}`:                                         "listen must be a JSON array",
		`{"trusted_proxies":"10.0.0.0/33"}`:                      "is not a network",
		`{"trusted_proxies":"proxy.example"}`:                    "is not a network",
		`{"trusted_proxies":"fe80::1%eth0"}`:                     "is not a network",
		`{"trusted_proxies":"0.0.0.0/0"}`:                        "anyone could pretend to be anyone",
		`{"trusted_proxies":["10.0.0.0/8","::/0"]}`:              "anyone could pretend to be anyone",
		`{"trusted_proxies":"::ffff:10.0.0.0/104"}`:              "the IPv4 form",
		`{"trusted_proxies":"10.0.0.0/8,10.1.0.0/8"}`:            "duplicate entry",
		`{"log_retention":-1}`:                                   "log_retention must be at least 0 days",
		`{"log_retention":"12h"}`:                                "not a whole number of days",
		`{"acme_email":"nobody"}`:                                "does not have the form",
		`{"domian":"example.com"}`:                               `there is no setting "domian"; did you mean domain?`,
		`{"domain":"example.com","log_retention":"x"}`:           "log_retention must be a whole number of days",
		`{"domain":"example.com","trusted_proxies":"0.0.0.0/0"}`: "anyone could pretend",
	} {
		_, err := s.ChangeSettings(t.Context(), "owner", object(t, values))
		if !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Sentence(err), want) {
			t.Errorf("%s: %v, want %q", values, err, want)
		}
		if n := count(t, db, "SELECT count(*) FROM settings"); n != 0 {
			t.Errorf("%s: refused, but %d were stored", values, n)
		}
	}
}

func TestAnOverriddenSettingIsStoredAndReported(t *testing.T) {
	s, _ := opened(t, kept(t), Given{Flags: map[string]string{"log_retention": "3"}})
	changed := setSettings(t, s, `{"log_retention":30}`)
	if s.Settings().Load().LogRetention != 3 || string(changed[0].Old) != "90" || string(changed[0].New) != "30" || changed[0].Note != "the stored value 30 is overridden by --log-retention" {
		t.Errorf("%+v", changed)
	}
}

func TestStoredValuesOverrideMeasuredOnes(t *testing.T) {
	s, live := opened(t, kept(t), Given{})
	set(t, s, "", `{"runtime.exec_timeout":8000}`)
	s.Rebase(func(l *Limits) { l.Capacity.Reads, l.Runtime.ExecTimeout = 123, 6000 })
	if live.Capacity().Reads != 123 || live.Runtime().ExecTimeout != 8000 {
		t.Errorf("%+v", live.Load())
	}
	set(t, s, "", `{"runtime.exec_timeout":null}`)
	if live.Runtime().ExecTimeout != 6000 || live.Capacity().Reads != 123 {
		t.Errorf("%+v", live.Load())
	}
}

func TestConcurrentChangesEndWithTheStoredValues(t *testing.T) {
	db := kept(t)
	s, live := opened(t, db, Given{})
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for k := range 10 {
				app := []string{"", "app_a"}[k%2]
				_, err := s.ChangeLimits(t.Context(), app, "owner", object(t, `{"runtime.exec_timeout":`+strconv.Itoa(1000+n*10+k)+`}`))
				if err == nil {
					err = s.Reload(t.Context())
				}
				if err != nil {
					t.Error(err)
				}
				_, _ = s.Limits("app_a")
				_ = live.App("app_a").Runtime.ExecTimeout
			}
		})
	}
	all.Wait()
	_, again := opened(t, db, Given{})
	if live.Runtime() != again.Runtime() || live.App("app_a").Runtime != again.App("app_a").Runtime {
		t.Errorf("in force %d and %d, stored %d and %d", live.Runtime().ExecTimeout, live.App("app_a").Runtime.ExecTimeout, again.Runtime().ExecTimeout, again.App("app_a").Runtime.ExecTimeout)
	}
}

// Whatever is sent: an accepted value can be stored and read back, and is in its range.
func FuzzChanges(f *testing.F) {
	for _, text := range []string{
		`{"runtime":{"exec_timeout":8000}}`, `{"runtime.exec_timeout":"8s","storage":{"max_upload":null}}`, `{"domain":"example.com"}`,
		`{"listen":["[::1]:80",":80"]}`, `{"trusted_proxies":"10.0.0.0/8, ::1"}`, `{"log_retention":"30d"}`, `{"acme_email":"a@b.c"}`, `{"runtime":{"runtime":{}}}`, `{"listen":"[\"a:1\"]"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var values map[string]json.RawMessage
		if json.Unmarshal(data, &values) != nil {
			return
		}
		if list, err := parseChanges[Limits](limit, values); err == nil {
			all, _, ignored := overlay(Defaults(), rowsOf(list))
			if err := schema.Validate(&all); err != nil || len(ignored) > 0 {
				t.Errorf("%s: %v, %v", data, err, ignored)
			}
		}
		if list, err := parseChanges[Settings](setting, values); err == nil {
			s, _, ignored, err := resolve(Given{}, rowsOf(list))
			if err != nil || len(ignored) > 0 || schema.Validate(&s) != nil || CheckDomain(s.Domain) != nil {
				t.Errorf("%s: %v, %v, %+v", data, err, ignored, s)
			}
			NewLiveSettings(s)
		}
	})
}

func rowsOf(list []change) (rows []row) {
	for _, c := range list {
		if c.value != nil {
			rows = append(rows, row{path: c.path, value: *c.value})
		}
	}
	return rows
}

func TestAResetSettingShowsItsCurrentValueAndTheNext(t *testing.T) {
	db := kept(t)
	before, _ := opened(t, db, Given{})
	setSettings(t, before, `{"domain":"example.com"}`)
	s, _ := opened(t, db, Given{})
	for _, tt := range []struct {
		change              string
		value, stored, next string
		source              Source
	}{
		{`{"domain":"example.com"}`, `"example.com"`, `"example.com"`, "null", FromStored},
		{`{"domain":null}`, `"example.com"`, "null", `"localhost"`, FromStart},
		{`{"domain":"other.example"}`, `"example.com"`, `"other.example"`, `"other.example"`, FromStart},
	} {
		setSettings(t, s, tt.change)
		items, _ := s.SettingItems()
		i := items[slices.IndexFunc(items, func(i Item) bool { return i.Path == "domain" })]
		if string(i.Value) != tt.value || string(i.Stored) != tt.stored || string(i.Next) != tt.next || i.Source != tt.source || (tt.next != "null") != strings.Contains(i.Note, "next start") {
			t.Errorf("after %s: value %s, stored %s, next %s, from %s, note %q", tt.change, i.Value, i.Stored, i.Next, i.Source, i.Note)
		}
	}
}
