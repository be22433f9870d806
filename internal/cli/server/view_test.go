package server

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/listener"
	"fazt/internal/output"
	"fazt/internal/system"
)

func TestTheStateOfAnInstance(t *testing.T) {
	began := time.Now().Add(-2 * time.Hour)
	for name, tt := range map[string]struct {
		state op.ServerState
		want  [][]string
	}{
		"stopped": {op.ServerState{Domain: "localhost", Database: "/x.db", Bytes: 1500, Version: "v1"}, [][]string{
			{"server", "not running"}, {"domain", "localhost"}, {"database", "/x.db (1.5 kB)"}, {"apps", "0"}, {"owner", "none yet; `fazt server init` creates one"}, {"version", "v1"},
		}},
		"running": {op.ServerState{Running: true, PID: 7, StartedAt: began, Listen: []string{"127.0.0.1:1", "[::1]:2"}, Domain: "a.example", Database: "/x.db", Apps: 2, Owner: true, Version: "v1"}, [][]string{
			{"server", "running since 2 hours ago (process 7)"}, {"listening on", "127.0.0.1:1, [::1]:2"}, {"domain", "a.example"}, {"database", "/x.db (0 B)"}, {"apps", "2"}, {"owner", "set"}, {"version", "v1"},
		}},
		"without a socket": {op.ServerState{Running: true, Database: "/x.db"}, [][]string{
			{"server", "running, without a socket: the folder is not writable"}, {"domain", ""}, {"database", "/x.db (0 B)"}, {"apps", "0"}, {"owner", "none yet; `fazt server init` creates one"}, {"version", ""},
		}},
	} {
		if diff := cmp.Diff(tt.want, Status(tt.state).Rows); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for want, tt := range map[string]struct {
		req op.ServerOwner
		s   op.ServerState
	}{
		"localhost":                          {op.ServerOwner{}, op.ServerState{Domain: "localhost", Running: true}},
		"a.example":                          {op.ServerOwner{Domain: "a.example"}, op.ServerState{Domain: "a.example", Running: true}},
		"b.example (from the next start on)": {op.ServerOwner{Domain: "b.example"}, op.ServerState{Domain: "a.example", Running: true}},
		"c.example":                          {op.ServerOwner{Domain: "c.example"}, op.ServerState{Domain: "localhost"}},
	} {
		if got := domainOf(tt.req, tt.s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTheFiguresOfAServer(t *testing.T) {
	h := op.Health{
		Status: "ok", Version: "v1", UptimeSeconds: 3661,
		Memory:   op.HealthMemory{Resident: 90_000_000, Heap: 5_000_000, VMs: 2_000, Cache: 1_000, Limit: 500_000_000},
		Database: op.HealthDatabase{Bytes: 4_000, WALBytes: 1_000, Queued: 2, Writes: 9, Commits: 1},
		Disk:     op.HealthDisk{State: "sound", Free: 3_000, Total: 6_000},
		Runtime:  op.HealthRuntime{VMs: 4, Busy: 3, Waiting: 1, Runs: 10, Interrupted: 2, Abandoned: 3, Refused: 4, Crowded: 5},
	}
	want := [][]string{
		{"status", "ok"}, {"version", "v1"}, {"running for", "1h1m1s"}, {"memory", "90.0 MB, 5.0 MB of objects; the limit is 500.0 MB"}, {"", "2.0 kB in VMs, 1.0 kB of static files"},
		{"database", "5.0 kB, of which 1.0 kB is still in the WAL"}, {"disk", "sound; 3.0 kB free of 6.0 kB"}, {"writes", "9 in 1 commit; 2 waiting"},
		{"VMs", "4, 3 busy; 1 request waiting"}, {"runs", "10; 2 interrupted, 3 abandoned, 4 refused, 5 cut off"},
	}
	if diff := cmp.Diff(want, Health(h).Rows); diff != "" {
		t.Error(diff)
	}
	h.Memory.Resident = 0 // unknown on some systems
	if got := Health(h).Rows[3][1]; got != "5.0 MB of objects; the limit is 500.0 MB" {
		t.Error(got)
	}
	if err := Problems(nil, h); err != nil {
		t.Error(err)
	}
	h.Problems = []string{"the disk is nearly full", "some content is damaged"}
	if err := Problems(nil, h); !errs.Is(err, errs.Unprocessable) || errs.Sentence(err) != "the disk is nearly full; some content is damaged" {
		t.Error(err)
	}
	rows := measuredView(system.Measured{Reads: 4, Functions: 3, Writes: 2, Mixed: 1}).Rows
	if diff := cmp.Diff([][]string{{"static files", "4 per second"}, {"functions", "3 per second"}, {"durable writes", "2 per second"}, {"mixed", "1 per second, 30 % of them writes"}}, rows); diff != "" {
		t.Error(diff)
	}
}

func TestTheResultOfACheck(t *testing.T) {
	for name, tt := range map[string]struct {
		faults op.DatabaseFaults
		rows   int
		empty  string
		err    string
	}{
		"sound":           {op.DatabaseFaults{Sound: true}, 0, "The database is sound.", ""},
		"sound content":   {op.DatabaseFaults{Sound: true, Contents: 1}, 0, "The database is sound; 1 content compared with their hashes.", ""},
		"broken":          {op.DatabaseFaults{Faults: []string{"a", "b"}}, 2, "The database is sound.", "the database has 2 faults; restore it from a backup"},
		"damaged content": {op.DatabaseFaults{Faults: []string{"a"}, Damaged: make([]op.Damage, 1)}, 1, "The database is sound.", "the database has 1 fault; deploy those apps again; only damaged content is sent"},
		"both":            {op.DatabaseFaults{Faults: []string{"a", "b"}, Damaged: make([]op.Damage, 1)}, 2, "The database is sound.", "the database has 2 faults; restore it from a backup"},
	} {
		v, err := Faults(tt.faults), Unsound(nil, tt.faults)
		if len(v.Rows) != tt.rows || v.Empty != tt.empty {
			t.Errorf("%s: %+v", name, v)
		}
		if (err == nil) != (tt.err == "") || err != nil && (errs.Sentence(err) != tt.err || !errs.Is(err, errs.Unprocessable)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestABackupDoesNotReplaceTheDatabaseOrThePeers(t *testing.T) {
	home := t.TempDir()
	if real, err := filepath.EvalSymlinks(home); err == nil {
		home = real
	}
	dir := filepath.Join(home, ".fazt")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data.db", "peers.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(`{"peers":[]}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(home)
	c := commands{&kit.CLI{Env: kit.Env{Getenv: func(string) string { return "" }, Home: func() (string, error) { return home, nil }}}}
	for name, tt := range map[string]struct{ target, want, err string }{
		"a relative name": {"copy.db", filepath.Join(home, "copy.db"), ""},
		"an absolute one": {filepath.Join(home, "a", "b.db"), filepath.Join(home, "a", "b.db"), ""},
		"no name":         {"", "", "the name of the file is empty"},
		"a folder":        {"out" + string(filepath.Separator), "", "is a folder; name a file in it"},
		"the database":    {filepath.Join(".fazt", "data.db"), "", "data.db"},
		"its -wal file":   {filepath.Join(".fazt", "data.db-wal"), "", "data.db-wal"},
		"its key":         {filepath.Join(".fazt", "data.db.key"), "", "data.db.key"},
		"the peers":       {filepath.Join(".fazt", "peers.json"), "", "holds your peers and their keys; give the copy another name"},
	} {
		got, err := c.backupTarget(tt.target)
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestTheResultOfABackup(t *testing.T) {
	for name, tt := range map[string]struct {
		done       op.BackedUp
		quiet      bool
		out, notes string
	}{
		"sound":   {op.BackedUp{Path: "/c.db", Bytes: 1500, Contents: 2, KeyFile: "/data.db.key"}, false, "backup  /c.db\nsize    1.5 kB\nstate   sound; 2 contents compared with their hashes\ntime    1.5s\n", "note: the copy does not contain the key of the secrets (/data.db.key); back it up separately\n"},
		"damaged": {op.BackedUp{Path: "/c.db", Faults: []string{"a is damaged"}}, false, "backup  /c.db\nsize    0 B\nstate   damaged like the database: 1 fault\ntime    1.5s\nfault   a is damaged\n", "note: the copy does not contain the key of the secrets (data.db.key of that machine); back it up separately\n"},
		"quietly": {op.BackedUp{Path: "/c.db"}, true, "backup  /c.db\nsize    0 B\nstate   sound; 0 contents compared with their hashes\ntime    1.5s\n", ""},
	} {
		var out, notes bytes.Buffer
		c := commands{&kit.CLI{Format: "table", Quiet: tt.quiet, Env: kit.Env{Stdout: &out, Stderr: &notes}}}
		if err := c.printBackup(tt.done, 1500*time.Millisecond); err != nil || out.String() != tt.out || notes.String() != tt.notes {
			t.Errorf("%s: %q, %q, %v", name, out.String(), notes.String(), err)
		}
	}
}

func TestProgressIsQuietInAPipe(t *testing.T) {
	var notes bytes.Buffer
	c := commands{&kit.CLI{Env: kit.Env{Stderr: output.NewScreen(&notes)}}}
	c.countDown(10)()
	bar := kit.NewBar(c.Notes())
	watchCopy(t.Context(), filepath.Join(t.TempDir(), "x"), 100, bar)()
	if notes.Len() > 0 {
		t.Errorf("%q", notes.String())
	}
	stop := make(chan struct{})
	close(stop)
	showCountDown(&notes, 10, stop)
	if got := notes.String(); got != "\r\x1b[Kmeasuring static files: 0 s of about 10 s\r\x1b[K" {
		t.Errorf("%q", got)
	}
}

func TestTheOwnerIsNotAskedForWithoutATerminal(t *testing.T) {
	for name, tt := range map[string]struct {
		owner, stdin string
		fromStdin    bool
		password     string
		err          string
	}{
		"no name":           {"", "ana\n", true, "", "--name is missing, and there is no terminal to ask for it"},
		"no password":       {"ana", "secret\n", false, "", "--password-stdin is missing, and there is no terminal to ask for the password"},
		"a password":        {"ana", "pass word\n", true, "pass word", ""},
		"a line of Windows": {"ana", "pass word\r\n", true, "pass word", ""},
		"no line end":       {"ana", " ü ", true, " ü ", ""},
		"nothing":           {"ana", "", true, "", ""}, // the instance refuses it
	} {
		req := op.ServerOwner{Owner: tt.owner}
		var notes bytes.Buffer
		err := commands{&kit.CLI{Env: kit.Env{Stdin: strings.NewReader(tt.stdin), Stderr: &notes}}}.ask(&req, tt.fromStdin)
		var usage *kit.Usage
		if req.Password != tt.password || (err == nil) != (tt.err == "") || err != nil && (!errors.As(err, &usage) || err.Error() != tt.err) || notes.Len() > 0 {
			t.Errorf("%s: %q, %v, %q", name, req.Password, err, notes.String())
		}
	}
}

func TestFindingsOnTheServerItsOwnerAndItsDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	for name, tt := range map[string]struct {
		got   finding
		state string
		found string
	}{
		"running":          {checkSocket(path, op.ServerState{Running: true, PID: 7}), fine, "running (process 7)"},
		"without a socket": {checkSocket(path, op.ServerState{Running: true}), problem, "control socket was not found"},
		"stopped":          {checkSocket(path, op.ServerState{}), warning, "not running"},
		"no owner":         {checkOwner(op.ServerState{}), warning, "no owner"},
		"an owner":         {checkOwner(op.ServerState{Owner: true}), fine, "set"},
		"a low disk":       {foundDisk(database.DiskLow, "low"), warning, "low"},
		"a scarce disk":    {foundDisk(database.DiskScarce, "scarce"), problem, "scarce"},
		"a full disk":      {foundDisk(database.DiskFull, "full"), problem, "full"},
		"a failing disk":   {foundDisk(database.DiskFailing, "failing"), problem, "failing"},
		"a lost database":  {foundDisk(database.DiskFailing+1, "lost"), problem, "lost"},
		"an unknown disk":  {checkDisk(path, system.Defaults().Storage, func(string) (int64, int64, error) { return 0, 0, errors.New("no statfs") }), warning, "is unknown: no statfs"},
	} {
		if tt.got.State != tt.state || !strings.Contains(tt.got.Found, tt.found) {
			t.Errorf("%s: %+v", name, tt.got)
		}
		if (tt.got.Advice == "") != (tt.state == fine) && name != "an unknown disk" {
			t.Errorf("%s: advice %q", name, tt.got.Advice)
		}
	}
	if fileSize(path) != 0 {
		t.Error("a missing file has a size")
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(listener.SocketPath(path)), 0o700), os.WriteFile(listener.SocketPath(path), []byte("xy"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if got := checkSocket(path, op.ServerState{}); got.State != warning || !strings.Contains(got.Found, "left its socket") {
		t.Errorf("%+v", got)
	}
	if fileSize(listener.SocketPath(path)) != 2 {
		t.Error("the size of a file")
	}
}

func TestAPortThatIsTakenIsFound(t *testing.T) {
	l, err := listener.TCP("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	c := commands{&kit.CLI{Ctx: t.Context()}}
	got := c.checkPorts(op.ServerState{}, []string{taken, "127.0.0.1:0", "nonsense"})
	if len(got) != 3 || got[0].State != problem || got[1].State != fine || got[2].State != problem {
		t.Errorf("%+v", got)
	}
	l.Close()
	gone := c.checkPorts(op.ServerState{Running: true, Listen: []string{taken}, Domain: "localhost"}, nil)
	if len(gone) != 1 || gone[0].State != problem || !strings.Contains(gone[0].Found, taken+" does not respond as this server") {
		t.Errorf("%+v", gone)
	}
}
