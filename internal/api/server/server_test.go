package server_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"fazt/internal/activity"
	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/api/server"
	"fazt/internal/apps"
	"fazt/internal/auth"
	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// open returns the operations on a new instance, and its limits.
func open(t *testing.T) (*server.API, *system.Live) {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	live := system.NewLive(system.Defaults())
	store, err := system.OpenStore(t.Context(), system.StoreConfig{DB: db, Limits: live})
	if err != nil {
		t.Fatal(err)
	}
	return &server.API{DB: db, Apps: apps.New(db), Users: auth.NewUsers(db), System: store, Domain: "localhost"}, live
}

// running makes a server run that has the given process id.
func running(a *server.API, pid int) {
	a.Running = func(s *op.ServerState) { s.Running, s.PID, s.VMs = true, pid, 7 }
}

func TestTheStateOfAnInstance(t *testing.T) {
	t.Parallel()
	a, _ := open(t)
	s, err := a.Status(t.Context(), op.None{})
	if err != nil || s.Running || s.Owner || s.Apps != 0 || s.PID != os.Getpid() || s.Database != a.DB.Path() || s.Bytes == 0 || s.Domain != "localhost" || s.Listen == nil || s.Version == "" {
		t.Errorf("%+v %v", s, err)
	}
	for _, name := range []string{"blog", "shop"} {
		if err := a.DB.Write(t.Context(), func(tx *database.Tx) error { _, err := a.Apps.EnsureTx(tx, name, ""); return err }); err != nil {
			t.Fatal(err)
		}
	}
	running(a, 42)
	if s, err = a.Status(t.Context(), op.None{}); err != nil || !s.Running || s.PID != 42 || s.VMs != 7 || s.Apps != 2 {
		t.Errorf("%+v %v", s, err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Status(canceled, op.None{}); err == nil {
		t.Error("the state of a database that does not respond")
	}
}

func TestInitStoresTheOwnerAndTheDomainOrNeither(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		req    op.ServerOwner
		want   errs.Kind // of the refusal
		domain string    // at the next start
	}{
		"with a domain":       {op.ServerOwner{Owner: "Ana", Password: "correct horse", Domain: "example.com"}, 0, "example.com"},
		"without a domain":    {op.ServerOwner{Owner: "Ana", Password: "correct horse"}, 0, "localhost"},
		"an invalid domain":   {op.ServerOwner{Owner: "Ana", Password: "correct horse", Domain: "not a domain"}, errs.Invalid, "localhost"},
		"a short password":    {op.ServerOwner{Owner: "Ana", Password: "short", Domain: "example.com"}, errs.Invalid, "localhost"},
		"an owner of no name": {op.ServerOwner{Password: "correct horse", Domain: "example.com"}, errs.Invalid, "localhost"},
	} {
		a, _ := open(t)
		d := call.NewDraft(activity.Entry{})
		s, err := a.Init(d.With(t.Context()), tt.req)
		if refused := err != nil; refused != (tt.want != 0) || refused && !errs.Is(err, tt.want) || s.Owner == refused {
			t.Errorf("%s: %+v %v", name, s, err)
		}
		if has, err := a.Users.HasOwner(t.Context()); has != (tt.want == 0) || err != nil {
			t.Errorf("%s: an owner: %v %v", name, has, err)
		}
		next, err := system.OpenStore(t.Context(), system.StoreConfig{DB: a.DB, Limits: system.NewLive(system.Defaults())})
		if err != nil || next.Settings().Load().Domain != tt.domain {
			t.Errorf("%s: the domain is %q, %v", name, next.Settings().Load().Domain, err)
		}
		if entry, _ := d.Finish(); strings.Contains(string(entry.Details), "horse") || tt.want == 0 && !strings.Contains(string(entry.Details), `"owner":"Ana"`) {
			t.Errorf("%s: the log has %s", name, entry.Details)
		}
	}
}

func TestASecondOwnerChangesNothing(t *testing.T) {
	t.Parallel()
	a, _ := open(t)
	if _, err := a.Init(t.Context(), op.ServerOwner{Owner: "Ana", Password: "correct horse"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Init(t.Context(), op.ServerOwner{Owner: "Bo", Password: "battery staple", Domain: "example.com"}); !errs.Is(err, errs.Conflict) {
		t.Error(err)
	}
	if items, _ := a.System.SettingItems(); string(items[0].Next) != "null" || items[0].Path != "domain" {
		t.Errorf("%+v", items[0])
	}
}

func TestAServerStopsAndRestartsOnlyIfItRunsAndCanBeReached(t *testing.T) {
	t.Parallel()
	broken := errors.New("no replacement")
	for name, tt := range map[string]struct {
		pid             int // of the running server; -1 = none runs
		replaced        error
		stops, restarts string // the code of the refusal
	}{
		"running":            {42, nil, "", ""},
		"not running":        {-1, nil, "CONFLICT", "CONFLICT"},
		"without a socket":   {0, nil, "UNAVAILABLE", "UNAVAILABLE"},
		"cannot be replaced": {42, broken, "", "INTERNAL"},
	} {
		a, _ := open(t)
		ended, reasons := 0, ""
		a.End = func() { ended++ }
		a.HandOver = func(reason string) error { reasons += reason; return tt.replaced }
		if tt.pid >= 0 {
			running(a, tt.pid)
		}
		s, err := a.Stop(t.Context(), op.None{})
		if code(err) != tt.stops || (ended == 1) != (tt.stops == "") || s.Running != (tt.pid >= 0) {
			t.Errorf("%s: stop: %+v %v, ended %d times", name, s, err, ended)
		}
		_, err = a.Restart(t.Context(), op.None{})
		if code(err) != tt.restarts || (reasons == "asked for") != (tt.restarts == "" || tt.replaced != nil) || ended > 1 {
			t.Errorf("%s: restart: %v, handed over: %q", name, err, reasons)
		}
	}
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return errs.Code(err)
}

func TestAMeasurementIsStoredAndInForceAtOnce(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		seconds int
		length  time.Duration // that was measured; 0 = nothing was
		fault   error
		want    string // the code of the refusal
	}{
		"10 s when absent": {0, 10 * time.Second, nil, ""},
		"the shortest":     {1, time.Second, nil, ""},
		"the longest":      {60, time.Minute, nil, ""},
		"too long":         {61, 0, nil, "INVALID"},
		"negative":         {-1, 0, nil, "INVALID"},
		"it fails":         {5, 5 * time.Second, errs.New(errs.Conflict, "busy"), "CONFLICT"},
	} {
		a, live := open(t)
		h := live.Load().Hardware
		var length time.Duration
		a.Measure = func(_ context.Context, l time.Duration, force bool) (system.Measured, error) {
			if length = l; !force {
				t.Errorf("%s: it is not forced", name)
			}
			return system.Measured{Reads: 1234, Functions: 5, Writes: 77, Mixed: 6, MeasuredAt: time.Unix(1_800_000_000, 0).UTC(), CPUCores: h.CPUCores, TotalRAM: h.TotalRAM}, tt.fault
		}
		before := live.Capacity()
		m, err := a.Calibrate(t.Context(), op.Calibrate{Seconds: tt.seconds, Force: true})
		if code(err) != tt.want || length != tt.length {
			t.Errorf("%s: %v after %s", name, err, length)
		}
		stored, err := system.LoadMeasured(t.Context(), a.DB)
		if err != nil || tt.want == "" && stored != m || tt.want != "" && stored != (system.Measured{}) {
			t.Errorf("%s: stored %+v, %v", name, stored, err)
		}
		if now := live.Capacity(); tt.want == "" && (now.Reads != 1234 || now.Writes != 77) || tt.want != "" && now != before {
			t.Errorf("%s: in force: %+v", name, now)
		}
	}
}

// observed returns the operations that observe the server, and its log.
func observed(t *testing.T) (*server.System, *bytes.Buffer) {
	t.Helper()
	a, _ := open(t)
	var log bytes.Buffer
	return &server.System{
		Server: a, DB: a.DB, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Fill:     func(h *op.Health) { h.UptimeSeconds = 9 },
		Counters: func(w io.Writer) error { _, err := io.WriteString(w, "fazt_up 1\n"); return err },
		Probe:    func(context.Context) error { return nil },
	}, &log
}

func TestHealthIsThatOfARunningServer(t *testing.T) {
	t.Parallel()
	s, _ := observed(t)
	if _, err := s.Health(t.Context(), op.None{}); !errs.Is(err, errs.Conflict) || !strings.Contains(errs.Sentence(err), "`fazt server start` starts it") {
		t.Errorf("no server runs: %v", err)
	}
	if _, err := s.Metrics(t.Context(), op.None{}); !errs.Is(err, errs.Conflict) {
		t.Errorf("no server runs: %v", err)
	}
	running(s.Server, 0) // without a socket it still responds
	if err := s.DB.Write(t.Context(), func(tx *database.Tx) error { return tx.Exec("DELETE FROM apps") }); err != nil {
		t.Fatal(err)
	}
	h, err := s.Health(t.Context(), op.None{})
	if err != nil || h.Status != "ok" || h.Problems == nil || h.UptimeSeconds != 9 || h.Version == "" || h.Database.Bytes == 0 || h.Database.Writes != 1 || h.Database.Commits != 1 {
		t.Errorf("%+v %v", h, err)
	}
	s.Fill = func(h *op.Health) { h.Problems = append(h.Problems, "the disk is nearly full") }
	if h, err := s.Health(t.Context(), op.None{}); err != nil || h.Status != "degraded" || len(h.Problems) != 1 {
		t.Errorf("%+v %v", h, err)
	}
	var b strings.Builder
	m, err := s.Metrics(t.Context(), op.None{})
	if err != nil || m.Size != -1 || m.Write(&b) != nil || b.String() != "fazt_up 1\n" {
		t.Errorf("%q %v", b.String(), err)
	}
}

func TestProbesLearnOnlyYesOrNo(t *testing.T) {
	t.Parallel()
	s, log := observed(t)
	if got, err := s.Healthz(t.Context(), op.None{}); err != nil || got.Status != "ok" {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := s.Readyz(t.Context(), op.None{}); err != nil || got.Status != "ready" || log.Len() > 0 {
		t.Errorf("%+v %v %s", got, err, log)
	}
	refused := func(what, reason string) {
		t.Helper()
		log.Reset()
		got, err := s.Readyz(t.Context(), op.None{})
		if !errs.Is(err, errs.Unavailable) || errs.Sentence(err) != "not ready" || got.Status != "" || !strings.Contains(log.String(), reason) {
			t.Errorf("%s: %+v %v, the log has %s", what, got, err, log)
		}
	}
	s.Probe = func(context.Context) error { return errors.New("the disk is full") }
	refused("a probe fails", "the disk is full")
	s.Probe = func(context.Context) error { return nil }
	s.DB.Close()
	refused("the database is closed", "closed")
}
