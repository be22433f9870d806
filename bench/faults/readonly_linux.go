package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// readOnlyDisk makes a database's disk read-only, before a start and below a running server, and gives its folder to
// another user.
func readOnlyDisk(ctx context.Context, l *lab) error {
	mount, unmount, err := l.smallDisk(ctx, 24)
	if err != nil {
		return err
	}
	defer unmount()
	i, err := l.startTeller(ctx, filepath.Join(mount, "data.db"), 3)
	if err != nil {
		return err
	}
	for _, killed := range []bool{false, true} {
		how := "a stop"
		if killed {
			how = "a kill -9"
		}
		if err := l.onReadOnlyDisk(ctx, i, mount, killed); err != nil {
			return fmt.Errorf("after %s: %w", how, err)
		}
		if i, err = l.resumes(ctx, "the disk is writable, after "+how, func() error { return remount(ctx, mount, "rw") }); err != nil {
			return fmt.Errorf("after %s: %w", how, err)
		}
	}
	if err := l.brokenBelow(ctx, i, mount); err != nil {
		return fmt.Errorf("broken below the server: %w", err)
	}
	return l.folderOfAnother(ctx)
}

func remount(ctx context.Context, mount, mode string) error {
	out, err := exec.CommandContext(ctx, "mount", "-o", "remount,"+mode, mount).CombinedOutput()
	if err != nil {
		return fmt.Errorf("remount,%s: %w: %s", mode, err, out)
	}
	return nil
}

// onReadOnlyDisk stops a server, makes its disk read-only, and starts it there.
func (l *lab) onReadOnlyDisk(ctx context.Context, i *instance, mount string, killed bool) error {
	want, err := i.tells(ctx)
	if err != nil {
		return err
	}
	if !killed && !i.stop(20*time.Second) {
		return errors.New("the server did not stop")
	}
	i.kill()
	if err := remount(ctx, mount, "ro"); err != nil {
		return err
	}
	if i, err = l.start(ctx, i.db); err != nil {
		return err
	}
	return l.readsOnly(ctx, i, want)
}

// readsOnly returns an error if an instance that cannot write does not read, or acknowledges a write.
func (l *lab) readsOnly(ctx context.Context, i *instance, want string) error {
	if _, err := i.becomes(ctx, http.StatusServiceUnavailable, "GET", "admin", "/readyz"); err != nil {
		return err
	}
	if got, err := i.tells(ctx); err != nil || got != want {
		return fmt.Errorf("the app returned %s, want %s: %w", got, want, err)
	}
	if got := i.status(ctx, "GET", "guest", "/"); got != http.StatusOK {
		return fmt.Errorf("a page gets %d", got)
	}
	if got := i.status(ctx, "POST", "guest", "/api/x"); got != http.StatusServiceUnavailable {
		return fmt.Errorf("a write gets %d", got)
	}
	for _, args := range [][]string{{"app", "list"}, {"logs", "list"}, {"key", "list"}, {"secret", "list"}, {"sql", "SELECT 1"}, {"database", "check"}, {"backup", filepath.Join(l.dir, "copy.db"), "--force"}} {
		if _, err := l.cli(ctx, i.db, args...); err != nil {
			return err
		}
	}
	if out, err := l.cli(ctx, i.db, "server", "status", "--format", "json"); err != nil || !strings.Contains(out, fmt.Sprintf(`"pid": %d`, i.cmd.Process.Pid)) {
		return fmt.Errorf("a command did not reach the server: %s %w", out, err)
	}
	if out, err := l.cli(ctx, i.db, "server", "health"); err == nil || !strings.Contains(err.Error()+out, "written") {
		return fmt.Errorf("health does not say why writes fail: %s", out)
	}
	if _, err := l.cli(ctx, i.db, "app", "remove", "guest", "--yes"); err == nil {
		return errors.New("an app was removed")
	}
	if _, err := l.start(ctx, i.db); err == nil {
		return errors.New("a second server started")
	}
	if !i.alive() {
		return errors.New("the server ended")
	}
	return nil
}

// resumes makes the disk of the newest running instance writable and waits until it writes.
func (l *lab) resumes(ctx context.Context, when string, mend func() error) (*instance, error) {
	i := l.living()
	before, err := i.tells(ctx)
	if err != nil {
		return nil, err
	}
	if err := mend(); err != nil {
		return nil, err
	}
	took, err := i.becomes(ctx, http.StatusOK, "POST", "guest", "/api/x")
	if err != nil {
		return nil, err
	}
	l.note("writes resume, from when "+when, "%v", took.Round(time.Millisecond))
	if _, err := i.becomes(ctx, http.StatusOK, "GET", "admin", "/readyz"); err != nil {
		return nil, err
	}
	if after, err := i.tells(ctx); err != nil || after == before {
		return nil, fmt.Errorf("stored data was not read: %s %w", after, err)
	}
	if _, err := l.start(ctx, i.db); err == nil {
		return nil, errors.New("a second server started")
	}
	return i, nil
}

// brokenBelow lets the file system fail below a running server, which makes it read-only; then the server is started
// there again, and after a repair.
func (l *lab) brokenBelow(ctx context.Context, i *instance, mount string) error {
	want, err := i.tells(ctx)
	if err != nil {
		return err
	}
	if err := remount(ctx, mount, "abort"); err != nil {
		return err
	}
	for deadline := time.Now().Add(10 * time.Second); i.status(ctx, "POST", "guest", "/api/x") == http.StatusOK; {
		if want, err = i.tells(ctx); err != nil || time.Now().After(deadline) {
			return fmt.Errorf("writes resume: %w", err)
		}
	}
	if err := l.readsOnly(ctx, i, want); err != nil {
		return err
	}
	i.kill()
	begun := time.Now()
	if i, err = l.start(ctx, i.db); err != nil {
		return fmt.Errorf("a start there: %w", err)
	}
	l.note("a start on a failed file system", "%v", time.Since(begun).Round(time.Millisecond))
	if err := l.readsOnly(ctx, i, want); err != nil {
		return fmt.Errorf("started there: %w", err)
	}
	i.kill()
	image := filepath.Join(l.dir, "disk.img")
	if out, err := exec.CommandContext(ctx, "umount", mount).CombinedOutput(); err != nil {
		return fmt.Errorf("umount: %w: %s", err, out)
	}
	_ = exec.CommandContext(ctx, "e2fsck", "-fy", image).Run() // 1 means that it repaired something
	if out, err := exec.CommandContext(ctx, "mount", "-o", "loop", image, mount).CombinedOutput(); err != nil {
		return fmt.Errorf("mount: %w: %s", err, out)
	}
	if i, err = l.start(ctx, i.db); err != nil {
		return fmt.Errorf("after the repair: %w", err)
	}
	if got, err := i.tells(ctx); err != nil || got != want {
		return fmt.Errorf("after the repair the app returned %s, want %s: %w", got, want, err)
	}
	if got := i.status(ctx, "POST", "guest", "/api/x"); got != http.StatusOK {
		return fmt.Errorf("after the repair a write gets %d", got)
	}
	if !i.stop(20 * time.Second) {
		return errors.New("the server did not stop")
	}
	return nil
}

// stranger is a user that owns nothing.
const stranger = 65534

// folderOfAnother runs the server as a user who owns the database but not its folder.
func (l *lab) folderOfAnother(ctx context.Context) error {
	program := filepath.Join(l.dir, "fazt")
	home := filepath.Join(l.dir, "home")
	data, err := os.ReadFile(l.fazt)
	if err := errors.Join(err, os.WriteFile(program, data, 0o755), os.Chmod(l.dir, 0o755), os.Mkdir(home, 0o755), os.Chown(home, stranger, stranger)); err != nil {
		return err
	}
	l.fazt, l.as = program, func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
	}
	i, err := l.startTeller(ctx, filepath.Join(home, "data.db"), 2)
	if err != nil {
		return err
	}
	want, err := i.tells(ctx)
	if err != nil {
		return err
	}
	if !i.stop(20 * time.Second) {
		return errors.New("the server did not stop")
	}
	if err := errors.Join(os.Chown(home, 0, 0), os.Chmod(home, 0o555)); err != nil {
		return err
	}
	l.dir = filepath.Join(l.dir, "strange") // for what its commands write
	if err := errors.Join(os.Mkdir(l.dir, 0o755), os.Chown(l.dir, stranger, stranger)); err != nil {
		return err
	}
	defer func() { l.dir = filepath.Dir(l.dir) }()
	if i, err = l.start(ctx, i.db); err != nil {
		return fmt.Errorf("in a folder of another user: %w", err)
	}
	if err := l.readsOnly(ctx, i, want); err != nil {
		return fmt.Errorf("in a folder of another user: %w", err)
	}
	_, err = l.resumes(ctx, "the folder belongs to its user", func() error {
		return errors.Join(os.Chown(home, stranger, stranger), os.Chmod(home, 0o755))
	})
	return err
}
