package backup_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fazt/internal/activity"
	"fazt/internal/api/apitest"
	"fazt/internal/api/backup"
	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/database"
	"fazt/internal/errs"
)

// open returns the operations on an instance with an app that has two files, and the log of the server.
func open(t *testing.T) (*backup.API, *apitest.Domains, *bytes.Buffer) {
	t.Helper()
	d := apitest.New(t)
	d.Deploy("blog", "index.html", "hello", "about.html", "about me")
	var log bytes.Buffer
	return &backup.API{DB: d.DB, Hosting: d.Hosting, Flush: func(context.Context) error { return nil }, Log: slog.New(slog.NewTextHandler(&log, nil))}, d, &log
}

// damage changes the stored content of index.html.
func damage(t *testing.T, d *apitest.Domains) {
	t.Helper()
	err := d.DB.Write(t.Context(), func(tx *database.Tx) error {
		return tx.Exec("UPDATE chunks SET data = CAST('jello' AS BLOB) WHERE data = CAST('hello' AS BLOB)")
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheCheckOfContentFindsDamage(t *testing.T) {
	t.Parallel()
	a, d, _ := open(t)
	check := func(content bool) op.DatabaseFaults {
		t.Helper()
		got, err := a.Check(t.Context(), op.DatabaseChecks{Content: content})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := check(true); !got.Sound || got.Contents != 2 || len(got.Faults) != 0 || got.Damaged == nil || len(got.Damaged) != 0 {
		t.Errorf("sound: %+v", got)
	}
	damage(t, d)
	if got := check(false); !got.Sound || got.Contents != 0 {
		t.Errorf("the structure is sound: %+v", got)
	}
	got := check(true)
	if got.Sound || len(got.Faults) != 1 || !strings.HasPrefix(got.Faults[0], "index.html of blog, deployment 1: ") {
		t.Errorf("damaged: %+v", got)
	}
	if len(got.Damaged) != 1 || got.Damaged[0].App != "blog" || got.Damaged[0].Path != "index.html" || !got.Damaged[0].Live || got.Contents != 2 {
		t.Errorf("damaged: %+v", got)
	}
}

// read returns a text of the app in a copy.
func read(t *testing.T, path string) (text string) {
	t.Helper()
	c, err := database.OpenCopy(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.Read(t.Context(), func(c *database.Conn) error {
		_, err := c.First("SELECT group_concat(data, '|') FROM (SELECT CAST(data AS TEXT) AS data FROM chunks ORDER BY data)", func(r *database.Row) { text = r.Text(0) })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestABackupIsACompleteCopy(t *testing.T) {
	t.Parallel()
	a, _, log := open(t)
	flushed := 0
	a.Flush = func(context.Context) error { flushed++; return nil }
	path := filepath.Join(t.TempDir(), "copy.db")
	d := call.NewDraft(activity.Entry{})
	done, err := a.Backup(d.With(t.Context()), op.Backup{Path: path})
	info, missing := os.Stat(path)
	if err != nil || missing != nil || done.Path != path || done.Bytes != info.Size() || done.Contents != 2 || len(done.Faults) != 0 || done.KeyFile != a.DB.Path()+".key" {
		t.Fatalf("%+v %v %v", done, err, missing)
	}
	if text := read(t, path); text != "about me|hello" || flushed != 1 || log.Len() > 0 {
		t.Errorf("%q, flushed %d times, the log has %s", text, flushed, log)
	}
	if entry, _ := d.Finish(); !strings.Contains(string(entry.Details), `"bytes":`) || !strings.Contains(string(entry.Details), "copy.db") {
		t.Errorf("the log has %s", entry.Details)
	}
	if found, err := backup.Verify(t.Context(), path); err != nil || !found.Sound || found.Contents != 2 {
		t.Errorf("%+v %v", found, err)
	}
	// The logs may be behind; the copy is made all the same.
	a.Flush = func(context.Context) error { return errors.New("the disk is slow") }
	if _, err := a.Backup(t.Context(), op.Backup{Path: path, Replace: true}); err != nil || !strings.Contains(log.String(), "the disk is slow") {
		t.Errorf("%v, the log has %s", err, log)
	}
}

func TestWhereABackupMayBe(t *testing.T) {
	t.Parallel()
	a, _, _ := open(t)
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken.db")
	if err := os.WriteFile(taken, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		path string
		kind errs.Kind
	}{
		"no path":          {"", errs.Invalid},
		"a relative path":  {"copy.db", errs.Invalid},
		"a missing folder": {filepath.Join(dir, "none", "copy.db"), errs.NotFound},
		"a folder":         {dir, errs.Invalid},
		"a file":           {taken, errs.Conflict},
		"the database":     {a.DB.Path(), errs.Invalid},
		"its -wal file":    {a.DB.Path() + "-wal", errs.Invalid},
		"its key":          {a.DB.Path() + ".key", errs.Invalid},
	} {
		a.Flush = func(context.Context) error { t.Errorf("%s: it began", name); return nil }
		if done, err := a.Backup(t.Context(), op.Backup{Path: tt.path}); !errs.Is(err, tt.kind) || done.Bytes != 0 {
			t.Errorf("%s: %+v %v", name, done, err)
		}
	}
	if data, err := os.ReadFile(taken); err != nil || string(data) != "precious" {
		t.Errorf("%s %v", data, err)
	}
	a.Flush = func(context.Context) error { return nil }
	if _, err := a.Backup(t.Context(), op.Backup{Path: taken, Replace: true}); err != nil || read(t, taken) != "about me|hello" {
		t.Errorf("it is replaced when asked: %v", err)
	}
}

func TestADamagedCopyIsKeptOnlyOnRequest(t *testing.T) {
	t.Parallel()
	a, d, _ := open(t)
	damage(t, d)
	dir := t.TempDir()
	path := filepath.Join(dir, "copy.db")
	_, err := a.Backup(t.Context(), op.Backup{Path: path})
	if !errs.Is(err, errs.Unprocessable) || !strings.Contains(errs.Sentence(err), "index.html of blog, deployment 1") || strings.Contains(errs.Sentence(err), "and more") {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("it left %v, %v", left, err)
	}
	done, err := a.Backup(t.Context(), op.Backup{Path: path, Damaged: true})
	if err != nil || len(done.Faults) != 1 || done.Bytes == 0 || read(t, path) != "about me|jello" {
		t.Errorf("%+v %v", done, err)
	}
	if found, err := backup.Verify(t.Context(), path); err != nil || found.Sound || len(found.Damaged) != 1 || found.Damaged[0].Path != "index.html" {
		t.Errorf("%+v %v", found, err)
	}
}

func TestTheRefusalOfADamagedCopyNamesTheFirstFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		faults []string
		sound  bool
		want   string
	}{
		{nil, true, ""},
		{[]string{"a"}, false, "the copy was not kept: a. `fazt"},
		{[]string{"a", "b", "c"}, false, "the copy was not kept: a; b; c. `fazt"},
		{[]string{"a", "b", "c", "d"}, false, "the copy was not kept: a; b; c; and more. `fazt"},
	} {
		err := backup.Unsound(op.DatabaseFaults{Sound: tt.sound, Faults: tt.faults})
		if tt.want == "" && err != nil || tt.want != "" && (!errs.Is(err, errs.Unprocessable) || !strings.Contains(errs.Sentence(err), tt.want)) {
			t.Errorf("%q: %v", tt.faults, err)
		}
	}
}

func TestSomethingElseThanADatabaseIsNotVerified(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "copy.db")
	if _, err := backup.Verify(t.Context(), path); err == nil {
		t.Error("a missing file was verified")
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := backup.Verify(t.Context(), path); err == nil && found.Sound {
		t.Error("a text was verified")
	}
}

func TestAFetchedCopyIsCompleteAndLeavesNothing(t *testing.T) {
	t.Parallel()
	a, _, _ := open(t)
	s, err := a.Fetch(t.Context(), op.None{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := s.Write(&b); err != nil || int64(b.Len()) != s.Size {
		t.Fatalf("%d of %d bytes, %v", b.Len(), s.Size, err)
	}
	path := filepath.Join(t.TempDir(), "fetched.db")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if text := read(t, path); text != "about me|hello" {
		t.Errorf("%q", text)
	}
	left := func(what string) {
		t.Helper()
		if list, err := filepath.Glob(filepath.Join(filepath.Dir(a.DB.Path()), backup.FetchPrefix(a.DB.Path())+"*")); err != nil || len(list) != 0 {
			t.Errorf("%s left %v, %v", what, list, err)
		}
	}
	left("the copy")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Fetch(canceled, op.None{}); err == nil {
		t.Error("a canceled copy was made")
	}
	left("a canceled copy")
}
