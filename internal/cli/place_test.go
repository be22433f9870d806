package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fazt/internal/cli/kit"
)

// creating are the commands that make the database of this machine if there is none.
func creating(path string) bool {
	return slices.Contains([]string{"deploy", "app deploy"}, path)
}

func TestOnlyADeployCreatesTheDatabase(t *testing.T) {
	u := user{t, t.TempDir()}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("index.html", []byte("hi"), 0o600); err != nil {
		t.Fatal(err)
	}
	database := filepath.Join(u.home, ".fazt", "data.db")
	called := 0
	for _, cmd := range endings(commands{&kit.CLI{}}.root()) {
		if path := strings.TrimPrefix(cmd.CommandPath(), "fazt "); creating(path) || path == "app create" || path == "app validate" {
			continue
		}
		got := u.run("x\n", words(cmd)...)
		if got.code == exitUsage {
			continue
		}
		called++
		if got.code != exitFailed || got.out != "" || got.notes != "fazt: there is no database "+real(t, database)+"; `fazt server start` creates one, --db names another\n" {
			t.Errorf("%s: %+v", cmd.CommandPath(), got)
		}
		if _, err := os.Stat(database); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("%s left a database: %v", cmd.CommandPath(), err)
		}
	}
	if called < 45 {
		t.Errorf("only %d commands were tried", called)
	}
	if got := u.run("", "app", "deploy", ".", "--name", "site", "--format", "json"); got.code != exitOK || !strings.Contains(got.out, `"deployment": 1`) {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat(database); err != nil {
		t.Error(err)
	}
}

// real returns a path without links, for temporary folders that are behind one.
func real(t *testing.T, path string) string {
	t.Helper()
	for dir := filepath.Dir(path); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if found, err := filepath.EvalSymlinks(dir); err == nil {
			rest, _ := filepath.Rel(dir, path)
			return filepath.Join(found, rest)
		}
	}
	return path
}

func TestEveryCommandRefusesAnUnknownFormatBeforeItDoesAnything(t *testing.T) {
	u := user{t, t.TempDir()}
	t.Chdir(t.TempDir())
	// A command that is not refused may serve or follow until it is interrupted.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, cmd := range leaves(commands{&kit.CLI{}}.root()) {
		args := append([]string{"--format", "yaml"}, append(strings.Fields(cmd.CommandPath())[1:], sample(cmd)...)...)
		got := u.runUntil(ctx, "", args...)
		if got.code != exitUsage || !strings.HasPrefix(got.notes, `fazt: unknown format "yaml"; use table, json or markdown`) || got.out != "" {
			t.Errorf("%s: %+v", cmd.CommandPath(), got)
		}
		args = append([]string{"--quiet", "--verbose"}, args[2:]...)
		if got := u.runUntil(ctx, "", args...); got.code != exitUsage || !strings.HasPrefix(got.notes, "fazt: --quiet and --verbose cannot be combined") {
			t.Errorf("%s: %+v", cmd.CommandPath(), got)
		}
	}
	left, err := os.ReadDir(u.home)
	here, err2 := os.ReadDir(".")
	if len(left)+len(here) > 0 || errors.Join(err, err2) != nil {
		t.Errorf("a refused command left %v, %v, %v, %v", left, here, err, err2)
	}
}

func TestLocalCommandsRefuseAPeerAndOthersADatabaseWithAPeer(t *testing.T) {
	u := newUser(t, "http://127.0.0.1:1")
	locals := 0
	for _, cmd := range leaves(commands{&kit.CLI{}}.root()) {
		args := append([]string{"@home"}, append(strings.Fields(cmd.CommandPath())[1:], sample(cmd)...)...)
		want := "--db names a database of this machine, and @home is another"
		if kit.IsLocalOnly(cmd) {
			locals++
			want = "`" + cmd.CommandPath() + "` works on this machine only; run it without @home, or on that machine itself"
		} else {
			args = append(args, "--db", "x.db")
		}
		if got := u.run("", args...); got.code != exitUsage || !strings.HasPrefix(got.notes, "fazt: "+want+"\n") || got.out != "" {
			t.Errorf("%s: %+v, want %s", cmd.CommandPath(), got, want)
		}
	}
	if locals < 10 {
		t.Errorf("only %d commands are local", locals)
	}
	for line, want := range map[string]string{"@ app list": "the name of the peer is missing after @", "@nobody app list": `no peer is called "nobody"; there are @home`} {
		if got := u.run("", strings.Fields(line)...); got.code == exitOK || !strings.HasPrefix(got.notes, "fazt: "+want) {
			t.Errorf("%s: %+v", line, got)
		}
	}
}
