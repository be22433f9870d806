package compiler_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The compiler process has no environment variables of the server and none of its files except two pipes, and can open none.
func TestTheCompilerProcessHasNoAccess(t *testing.T) {
	t.Setenv("FAZT_MASTER_KEY", "secret")
	kept, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	c, w := newCompiler(t, nil), newWaiting()
	ended := make(chan error, 1)
	go func() { _, err := c.Compile(t.Context(), "app", w); ended <- err }()
	<-w.asked
	list := children(t)
	if len(list) != 1 {
		t.Fatalf("children: %v", list)
	}
	proc := filepath.Join("/proc", list[0])
	environ, err := os.ReadFile(filepath.Join(proc, "environ"))
	if got := string(environ); err != nil || got != "GOTRACEBACK=single\x00" {
		t.Errorf("environment %q, %v", got, err)
	}
	if cwd, err := os.Readlink(filepath.Join(proc, "cwd")); err != nil || cwd != "/" {
		t.Errorf("it is in %q, %v", cwd, err)
	}
	fds, err := filepath.Glob(filepath.Join(proc, "fd", "*"))
	if err != nil || len(fds) < 3 {
		t.Fatal(fds, err)
	}
	for _, fd := range fds {
		what, _ := os.Readlink(fd)
		if !strings.HasPrefix(what, "pipe:") && !strings.HasPrefix(what, "anon_inode:") && !strings.HasPrefix(what, "/sys/fs/cgroup/") {
			t.Errorf("it has %s", what)
		}
	}
	if score, err := os.ReadFile(filepath.Join(proc, "oom_score_adj")); string(score) != "1000\n" {
		t.Errorf("if memory is short, the server is as likely to be killed: %s %v", score, err)
	}
	limits, err := os.ReadFile(filepath.Join(proc, "limits"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Max open files 0 0", "Max core file size 0 0", "Max file size 0 0"} {
		if !strings.Contains(strings.Join(strings.Fields(string(limits)), " "), want) {
			t.Errorf("not %q:\n%s", want, limits)
		}
	}
	close(w.release)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
