package database

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fazt/internal/errs"
)

func TestEveryDiskStateHasItsName(t *testing.T) {
	for state := DiskSound; state <= DiskOverwritten; state++ {
		if got := DiskStateOf(state.String()); got != state {
			t.Errorf("%q is %v", state, got)
		}
	}
	if got := DiskStateOf("of a newer version"); got != DiskFailing {
		t.Errorf("an unknown name is %v", got)
	}
}

func TestWritesAreAdmittedByTheStateOfTheDisk(t *testing.T) {
	const none, lost, failing, full, scarce = "", "was deleted, moved, replaced", "the disk cannot be written", "the disk is full", "the disk is nearly full"
	for _, c := range []struct {
		state           DiskState
		owner, visitor  string // why their writes are refused
		readOnly, grown string // the same when there is no writer
	}{
		{DiskSound, none, none, full, full},
		{DiskLow, none, none, full, full},
		{DiskScarce, none, scarce, full, full},
		{DiskFull, none, scarce, full, full},
		{DiskFailing, none, failing, failing, failing},
		{DiskLost, lost, lost, lost, lost},
		{DiskOverwritten, lost, lost, lost, lost},
	} {
		for name, want := range map[string]string{"owner": c.owner, "visitor": c.visitor, "owner, read-only": c.readOnly, "visitor, read-only": c.grown} {
			d := &disk{}
			d.state.Store(int32(c.state))
			d.readOnly.Store(strings.HasSuffix(name, "read-only"))
			ctx := t.Context()
			if strings.HasPrefix(name, "visitor") {
				ctx = Growing(ctx)
			}
			err := d.admit(ctx)
			if (err == nil) != (want == none) || err != nil && !strings.Contains(errs.Sentence(err), want) {
				t.Errorf("%v, %s: %v, want %q", c.state, name, err, want)
			}
		}
	}
}

func TestJudgeSpace(t *testing.T) {
	for _, c := range []struct {
		free int64
		want DiskState
	}{{0, DiskScarce}, {49, DiskScarce}, {50, DiskLow}, {99, DiskLow}, {100, DiskSound}} {
		got, reason := JudgeSpace(c.free, 100, 50)
		if got != c.want || (reason == "") != (c.want == DiskSound) {
			t.Errorf("%d bytes free: %v, %q", c.free, got, reason)
		}
	}
}

func TestProbingAFolderLeavesNothingInIt(t *testing.T) {
	folder := t.TempDir()
	if err := probeFolder(folder); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	if err := probeFolder(filepath.Join(folder, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that does not exist: %v", err)
	}
}

func TestLastWritesAreSetAsideAndOnlyAFailureIsLogged(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(wal string) error
		moved   bool
		log     string
	}{
		{"moved", func(string) error { return nil }, true, ""},
		{"replaced meanwhile", func(wal string) error {
			if err := os.WriteFile(wal+".new", []byte("another"), 0o600); err != nil {
				return err
			}
			return os.Rename(wal+".new", wal)
		}, false, ""},
		{"the name is taken by a folder", func(wal string) error { return os.MkdirAll(filepath.Join(wal+".overwritten", "x"), 0o700) }, false, "remove this file before the next start"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			d := &disk{path: filepath.Join(t.TempDir(), "data.db"), config: Config{Log: slog.New(slog.NewTextHandler(&log, nil))}}
			wal := d.path + "-wal"
			if err := os.WriteFile(wal, []byte("writes"), 0o600); err != nil {
				t.Fatal(err)
			}
			d.identify()
			if err := c.prepare(wal); err != nil {
				t.Fatal(err)
			}
			d.setAside()
			_, err := os.Stat(wal)
			if moved := errors.Is(err, fs.ErrNotExist); moved != c.moved {
				t.Errorf("moved: %v", moved)
			}
			if !strings.Contains(log.String(), c.log) || c.log == "" && log.Len() > 0 {
				t.Errorf("the log is %q", log.String())
			}
		})
	}
}

func TestAFailingTaskThatIsCanceledIsNotReported(t *testing.T) {
	var log bytes.Buffer
	db := open(t, Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	ctx, stop := context.WithCancel(t.Context())
	db.Repeat(ctx, 1, "the task", func(context.Context) error {
		stop()
		return errors.New("ended")
	})
	if log.Len() > 0 {
		t.Errorf("the log is %q", log.String())
	}
}
