//go:build unix

package archtest

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// postgres is a PostgreSQL server for one test, with its socket in a temporary folder.
type postgres struct {
	bin, dir string
	as       *syscall.SysProcAttr // it refuses to run as root
}

// startPostgres starts a server that ends with the test, and skips the test where PostgreSQL is not installed.
func startPostgres(t *testing.T) *postgres {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil && len(found) == 0 {
		found = append(found, path)
	}
	if len(found) == 0 {
		t.Skip("PostgreSQL is not installed; make tools installs it on Debian and Ubuntu")
	}
	// Not t.TempDir: the path of a socket must be short, and the server's user must be able to enter every folder above it.
	dir, err := os.MkdirTemp("/tmp", "fazt-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &postgres{bin: filepath.Dir(slices.Max(found)), dir: dir}
	if os.Geteuid() == 0 {
		p.becomeUser(t)
	}
	p.run(t, "", "initdb", "-D", dir+"/data", "-U", "fazt", "-E", "UTF8", "--locale=C", "-A", "trust", "--no-sync")
	p.run(t, "", "pg_ctl", "-D", dir+"/data", "-w", "-l", dir+"/log", "-o", "-k "+dir+" -h '' -F", "start")
	t.Cleanup(func() { p.run(t, "", "pg_ctl", "-D", dir+"/data", "-w", "-m", "immediate", "stop") })
	return p
}

// becomeUser makes the server run as an unprivileged user.
func (p *postgres) becomeUser(t *testing.T) {
	t.Helper()
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.ParseUint(account.Uid, 10, 32)
	gid, _ := strconv.ParseUint(account.Gid, 10, 32)
	if err := os.Chown(p.dir, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	p.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func (p *postgres) run(t *testing.T, input, program string, args ...string) (output string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(p.bin, program), args...)
	cmd.Dir, cmd.SysProcAttr, cmd.Stdin = p.dir, p.as, strings.NewReader(input)
	// A file, because the server keeps its output open and Wait would wait for the end of a pipe.
	out, err := os.CreateTemp(t.TempDir(), "output")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	text, _ := os.ReadFile(out.Name())
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, text)
	}
	return string(text)
}

// exec runs SQL and returns everything psql prints, errors included.
func (p *postgres) exec(t *testing.T, sql string) string {
	t.Helper()
	return p.run(t, sql, "psql", "-X", "-q", "-h", p.dir, "-U", "fazt", "-d", "postgres", "-v", "VERBOSITY=terse")
}
