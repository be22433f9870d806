package kit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"fazt/internal/client"
	"fazt/internal/errs"
)

// cliAt returns a CLI with a home directory and an environment, and what it writes to standard error.
func cliAt(t *testing.T, home string, environment map[string]string) (*CLI, *bytes.Buffer) {
	t.Helper()
	notes := &bytes.Buffer{}
	return &CLI{Ctx: t.Context(), Format: "table", Env: Env{
		Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: notes,
		Getenv: func(name string) string { return environment[name] },
		Home:   func() (string, error) { return home, nil },
	}}, notes
}

// said returns the sentence of an error; "" = no error.
func said(err error) string {
	if err == nil {
		return ""
	}
	return errs.Sentence(err)
}

func TestThePeerIsCutFromTheArgumentsBeforeTheCommand(t *testing.T) {
	for line, want := range map[string]struct{ peer, rest string }{
		"":                                   {"", ""},
		"app list":                           {"", "app list"},
		"@home app list":                     {"@home", "app list"},
		"@ app list":                         {"@", "app list"},
		"--quiet @home app list":             {"@home", "--quiet app list"},
		"--format json @home app list":       {"@home", "--format json app list"},
		"--format=json @home app list":       {"@home", "--format=json app list"},
		"--db @x @home app list":             {"@home", "--db @x app list"},
		"app list @home":                     {"", "app list @home"},
		"-- @home app list":                  {"", "-- @home app list"},
		"app install url@main":               {"", "app install url@main"},
		"__complete @home app info x":        {"@home", "__complete app info x"},
		"__completeNoDesc @home app":         {"@home", "__completeNoDesc app"},
		"app __complete @home":               {"", "app __complete @home"},
		"@home @work app list":               {"@home", "@work app list"},
		"--format":                           {"", "--format"},
		"--verbose --db x.db @home sql a@b":  {"@home", "--verbose --db x.db sql a@b"},
		"--verbose --format markdown sql @a": {"", "--verbose --format markdown sql @a"},
	} {
		given := strings.Fields(line)
		before := slices.Clone(given)
		peer, rest := CutPeer(given)
		if peer != want.peer || strings.Join(rest, " ") != want.rest {
			t.Errorf("%q: %q and %q, want %q and %q", line, peer, rest, want.peer, want.rest)
		}
		if !slices.Equal(given, before) {
			t.Errorf("%q: the arguments of the caller became %q", line, given)
		}
	}
}

func TestACommandRunsOnlyWhereItCan(t *testing.T) {
	root := &cobra.Command{Use: "fazt"}
	group := OnThisMachine(&cobra.Command{Use: "peer"})
	local, remote := &cobra.Command{Use: "list"}, &cobra.Command{Use: "sql"}
	root.AddCommand(group, remote)
	group.AddCommand(local)
	if !IsLocalOnly(group) || !IsLocalOnly(local) || IsLocalOnly(remote) || IsLocalOnly(root) {
		t.Error("a mark must hold for a command and those below it, and for no other")
	}
	for name, tt := range map[string]struct {
		peer, database string
		cmd            *cobra.Command
		want           string
	}{
		"no peer":                {"", "", local, ""},
		"a database":             {"", "x.db", remote, ""},
		"this machine":           {"@local", "x.db", local, ""},
		"a peer":                 {"@home", "", remote, ""},
		"a peer without a name":  {"@", "", remote, "the name of the peer is missing after @"},
		"a local command":        {"@home", "", local, "`fazt peer list` works on this machine only; run it without @home, or on that machine itself"},
		"a peer with a database": {"@home", "x.db", remote, "--db names a database of this machine, and @home is another"},
	} {
		c := &CLI{Peer: tt.peer, Database: tt.database}
		err := c.CheckPlace(tt.cmd)
		var usage *Usage
		if got := said(err); got != tt.want && (err == nil || err.Error() != tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if err != nil && !errors.As(err, &usage) {
			t.Errorf("%s: %v is not a usage error", name, err)
		}
	}
}

func TestTheDatabaseIsTheFlagElseTheVariableElseTheOneInTheHome(t *testing.T) {
	home := t.TempDir()
	if real, err := filepath.EvalSymlinks(home); err == nil {
		home = real
	}
	dir := t.TempDir()
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	flag, variable := filepath.Join(dir, "flag.db"), filepath.Join(dir, "variable.db")
	for name, tt := range map[string]struct{ flag, variable, want string }{
		"nothing":  {"", "", filepath.Join(home, ".fazt", "data.db")},
		"variable": {"", variable, variable},
		"flag":     {flag, "", flag},
		"both":     {flag, variable, flag},
	} {
		c, _ := cliAt(t, home, map[string]string{"FAZT_DB": tt.variable})
		c.Database = tt.flag
		if got, err := c.DatabasePath(); got != tt.want || err != nil {
			t.Errorf("%s: %q, %v, want %q", name, got, err, tt.want)
		}
	}
	c, _ := cliAt(t, home, nil)
	c.Env.Home = func() (string, error) { return "", errors.New("no home") }
	if _, err := c.DatabasePath(); said(err) != "the home directory is unknown; name the database with --db" {
		t.Error(err)
	}
	if _, err := c.PeersFile(); said(err) != "the home directory is unknown; name a folder for your peers with FAZT_CONFIG" {
		t.Error(err)
	}
	c, _ = cliAt(t, home, map[string]string{"FAZT_CONFIG": dir})
	if path, err := c.PeersFile(); path != filepath.Join(dir, "peers.json") || err != nil {
		t.Errorf("%q, %v", path, err)
	}
}

// peersIn writes a peers file to a new home directory.
func peersIn(t *testing.T, text string) (home string) {
	t.Helper()
	home = t.TempDir()
	err := errors.Join(os.Mkdir(filepath.Join(home, ".fazt"), 0o700), os.WriteFile(filepath.Join(home, ".fazt", "peers.json"), []byte(text), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return home
}

const twoPeers = `{"default": "home", "peers": [
	{"name": "home", "url": "https://admin.home.example", "token": "a"},
	{"name": "work", "url": "https://admin.work.example", "token": "b"}]}`

func TestANamedPeerTakesPrecedenceOverADatabaseAndThatOverTheDefault(t *testing.T) {
	for name, tt := range map[string]struct {
		peer, database, variable string
		here                     bool
		want, err                string
	}{
		"the default":            {want: "home"},
		"a named one":            {peer: "@work", want: "work"},
		"this machine":           {peer: "@local"},
		"a database":             {database: "x.db"},
		"a variable":             {variable: "x.db"},
		"a peer and a variable":  {peer: "@work", variable: "x.db", want: "work"},
		"a local command":        {here: true},
		"a typo":                 {peer: "@wrk", err: `no peer is called "wrk"; did you mean @work?`},
		"a typo of this machine": {peer: "@locla", err: `no peer is called "locla"; did you mean @local?`},
		"an unknown one":         {peer: "@somewhere", err: `no peer is called "somewhere"; there are @home, @work`},
	} {
		c, _ := cliAt(t, peersIn(t, twoPeers), map[string]string{"FAZT_DB": tt.variable})
		c.Peer, c.Database, c.here = tt.peer, tt.database, tt.here
		p, err := c.ChosenPeer()
		got := ""
		if p != nil {
			got = p.Name
		}
		if got != tt.want || said(err) != tt.err {
			t.Errorf("%s: %q, %q, want %q, %q", name, got, said(err), tt.want, tt.err)
		}
		if err != nil && !errs.Is(err, errs.NotFound) {
			t.Errorf("%s: %v", name, errs.KindOf(err))
		}
	}
	none, err := FindPeer(&client.Peers{}, "home")
	if none != nil || said(err) != "no peer is called \"home\"; `fazt peer add` adds one" {
		t.Errorf("%v, %v", none, err)
	}
}

// A command for another machine must not run on this one because the file that names the other is damaged.
func TestABrokenPeersFileStopsCommandsThatMayBeForAnotherMachine(t *testing.T) {
	for name, tt := range map[string]struct {
		text, peer, err string
		notes           int
	}{
		"no default":             {text: `{"peers": [`, notes: 1},
		"perhaps a default":      {text: `{"default": "home", "peers": [`, err: "it may set a default peer: put @local before the command"},
		"a named peer":           {text: `{"peers": [`, peer: "@home", err: "is damaged"},
		"this machine":           {text: `{"default": "home", "peers": [`, peer: "@local"},
		"empty":                  {text: " ", notes: 1},
		"a member of wrong type": {text: `{"peers": {}}`, notes: 1},
	} {
		c, notes := cliAt(t, peersIn(t, tt.text), nil)
		c.Peer = tt.peer
		for range 2 { // the note is printed once
			p, err := c.ChosenPeer()
			if p != nil || (err == nil) != (tt.err == "") || !strings.Contains(said(err), tt.err) {
				t.Errorf("%s: %v, %v, want %q", name, p, err, tt.err)
			}
		}
		if n := strings.Count(notes.String(), "using this machine"); n != tt.notes {
			t.Errorf("%s: %d notes: %s", name, n, notes)
		}
	}
	c, notes := cliAt(t, peersIn(t, "{"), nil)
	c.Quiet = true
	if _, err := c.ChosenPeer(); err != nil || notes.Len() > 0 {
		t.Errorf("--quiet: %v, %s", err, notes)
	}
	if runtime.GOOS == "windows" {
		return
	}
	home := peersIn(t, twoPeers)
	if err := os.Chmod(filepath.Join(home, ".fazt", "peers.json"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, _ = cliAt(t, home, nil)
	if _, err := c.ChosenPeer(); !errs.Is(err, errs.Forbidden) || !strings.Contains(said(err), "chmod 600") {
		t.Errorf("a file that others can read: %v", err)
	}
}

func TestACommandThatNeedsADatabaseCreatesNone(t *testing.T) {
	home := t.TempDir()
	c, _ := cliAt(t, home, nil)
	err := c.Existing(func(*client.Client) error {
		t.Error("the command ran")
		return nil
	})
	if !errs.Is(err, errs.NotFound) || !strings.Contains(said(err), "there is no database ") || !strings.Contains(said(err), "`fazt server start` creates one, --db names another") {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(home, ".fazt")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the command left a folder: %v", err)
	}
}
