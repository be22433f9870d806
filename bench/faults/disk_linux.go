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
	"time"

	"golang.org/x/sys/unix"
)

// guest is an app that stores what it is sent and returns what it has.
const guest = `export default async function (req) {
	if (req.method === "POST") { await fazt.app.kv.set("k" + Math.random(), "v".repeat(20000)); return new Response("stored"); }
	return new Response("here");
}`

// smallDisk mounts an ext4 of a few megabytes in the lab.
func (l *lab) smallDisk(ctx context.Context, megabytes int) (mount string, unmount func(), err error) {
	if os.Geteuid() != 0 {
		return "", nil, skip("mounting a small disk needs root")
	}
	image := filepath.Join(l.dir, "disk.img")
	mount = filepath.Join(l.dir, "disk")
	if err := errors.Join(os.Mkdir(mount, 0o755), os.WriteFile(image, nil, 0o600), os.Truncate(image, int64(megabytes)<<20)); err != nil {
		return "", nil, err
	}
	for _, args := range [][]string{{"mkfs.ext4", "-q", "-m", "0", image}, {"mount", "-o", "loop", image, mount}} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return "", nil, skip("%s: %v: %s", args[0], err, out)
		}
	}
	return mount, func() { _ = exec.Command("umount", "-l", mount).Run() }, nil
}

// fill uses up the space on a disk except for the given number of bytes.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for size := 1 << 20; size >= 512; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	return nil
}

// diskFull fills the disk of a running server, restarts the server there, and makes room again.
func diskFull(ctx context.Context, l *lab) error {
	mount, unmount, err := l.smallDisk(ctx, 24)
	if err != nil {
		return err
	}
	defer unmount()
	i, err := l.start(ctx, filepath.Join(mount, "data.db"))
	if err != nil {
		return err
	}
	if err := l.deploy(ctx, i, "guest", "index.html", "page", "api/main.ts", guest); err != nil {
		return err
	}
	if err := fill(filepath.Join(mount, "ballast")); err != nil {
		return err
	}
	for restarts := range 3 {
		refused, err := i.becomes(ctx, http.StatusServiceUnavailable, "GET", "admin", "/readyz")
		if restarts == 0 {
			for range 2000 { // until no page is free in the -wal file either
				if err != nil {
					_ = i.status(ctx, "POST", "guest", "/api/x")
					refused, err = i.becomes(ctx, http.StatusServiceUnavailable, "GET", "admin", "/readyz")
				}
			}
			l.note("time until readyz returns 503", "%v", refused.Round(time.Millisecond))
		}
		for path, want := range map[string]int{"/": 200, "/api/x": 200} {
			if got := i.status(ctx, "GET", "guest", path); got != want {
				return fmt.Errorf("on a full disk %s returns %d", path, got)
			}
		}
		if got := i.status(ctx, "POST", "guest", "/api/x"); got < 500 {
			return fmt.Errorf("on a full disk a write gets %d", got)
		}
		for _, args := range [][]string{{"app", "list"}, {"logs", "list"}, {"key", "list"}, {"secret", "list"}} {
			if _, err := l.cli(ctx, i.db, args...); err != nil {
				return err
			}
		}
		if out, err := l.cli(ctx, i.db, "server", "health"); err == nil || !strings.Contains(err.Error()+out, "space") {
			return fmt.Errorf("health does not report the full disk: %s", out)
		}
		time.Sleep(15 * time.Second / time.Duration(restarts*4+1)) // background writers keep trying
		if !i.alive() {
			return errors.New("the server ended")
		}
		if restarts == 2 {
			break
		}
		if restarts == 0 && !i.stop(20*time.Second) {
			return errors.New("the server did not stop on a full disk")
		}
		i.kill()
		if i, err = l.start(ctx, i.db); err != nil {
			return fmt.Errorf("start %d on a full disk: %w", restarts+1, err)
		}
		_ = i.status(ctx, "POST", "guest", "/api/x")
	}
	l.note("starts on the full disk, after a stop and a kill -9", "2 of 2")
	if err := os.Remove(filepath.Join(mount, "ballast")); err != nil {
		return err
	}
	resumed, err := i.becomes(ctx, http.StatusOK, "POST", "guest", "/api/x")
	if err != nil {
		return err
	}
	ready, err := i.becomes(ctx, http.StatusOK, "GET", "admin", "/readyz")
	l.note("time until writes resume when there is room", "%v", resumed.Round(time.Millisecond))
	l.note("time until readyz returns 200", "%v", ready.Round(time.Millisecond))
	return err
}

// backupOntoFullDisk makes backups to a full disk, and to one that becomes full.
func (l *lab) backupOntoFullDisk(ctx context.Context, _ *instance) error {
	mount, unmount, err := l.smallDisk(ctx, 16)
	if errors.Is(err, errSkipped) {
		l.note("backups onto a full disk", "%v", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer unmount()
	i := l.living()
	for _, full := range []bool{false, true} {
		if full {
			if err := fill(filepath.Join(mount, "ballast")); err != nil {
				return err
			}
		}
		_, err := l.cli(ctx, i.db, "backup", filepath.Join(mount, "copy.db"))
		if err == nil || !strings.Contains(err.Error(), "is full") {
			return fmt.Errorf("a backup onto a disk that is too small: %w", err)
		}
		if names, _ := filepath.Glob(filepath.Join(mount, "copy.db*")); len(names) > 0 {
			return fmt.Errorf("a failed backup left %q", names)
		}
		if got := i.status(ctx, "GET", "admin", "/readyz"); got != http.StatusOK {
			return fmt.Errorf("with a full backup disk, readyz returns %d", got)
		}
	}
	l.note("backups onto a disk that is too small, and onto a full one", "2 of 2 refused with the reason, nothing left behind")
	return nil
}

// deleted removes the files of a running server.
func deleted(ctx context.Context, l *lab) error {
	i, err := l.start(ctx, filepath.Join(l.dir, "home", "data.db"))
	if err != nil {
		return err
	}
	if err := l.deploy(ctx, i, "guest", "index.html", "page", "api/main.ts", guest); err != nil {
		return err
	}
	if got := i.status(ctx, "POST", "guest", "/api/x"); got != 200 {
		return fmt.Errorf("a write gets %d", got)
	}
	if err := os.Rename(filepath.Join(l.dir, "home"), filepath.Join(l.dir, "away")); err != nil {
		return err
	}
	if got := i.status(ctx, "POST", "guest", "/api/x"); got == 200 {
		return errors.New("a write was acknowledged after the folder was gone")
	}
	told, err := i.becomes(ctx, http.StatusServiceUnavailable, "GET", "admin", "/readyz")
	if err != nil {
		return err
	}
	l.note("time until readyz reports that the file is gone", "%v", told.Round(time.Millisecond))
	if got := i.status(ctx, "GET", "guest", "/"); got != 200 {
		return fmt.Errorf("a page gets %d", got)
	}
	if err := os.Rename(filepath.Join(l.dir, "away"), filepath.Join(l.dir, "home")); err != nil {
		return err
	}
	back, err := i.becomes(ctx, http.StatusOK, "POST", "guest", "/api/x")
	l.note("time until writes resume when it is back", "%v", back.Round(time.Millisecond))
	return err
}

// badSector makes part of a running server's disk unreadable: the loop device lacks the end of its image.
func badSector(ctx context.Context, l *lab) error {
	mount, unmount, err := l.smallDisk(ctx, 64)
	if err != nil {
		return err
	}
	defer unmount()
	i, err := l.start(ctx, filepath.Join(mount, "data.db"))
	if err != nil {
		return err
	}
	files := []string{"index.html", "page"}
	for n := range 20 {
		files = append(files, fmt.Sprintf("film%d.bin", n), noise(1<<20, n))
	}
	if err := l.deploy(ctx, i, "films", files...); err != nil {
		return err
	}
	if !i.stop(20 * time.Second) { // everything moves from the -wal file to the database
		return errors.New("the server did not stop")
	}
	unix.Sync()
	image := filepath.Join(l.dir, "disk.img")
	last, err := lastBlock(ctx, i.db)
	if err != nil {
		return err
	}
	if i, err = l.start(ctx, i.db); err != nil {
		return err
	}
	if err := os.Truncate(image, last-4<<20); err != nil {
		return err
	}
	forget(i.db)
	forget(image)
	good, bad := 0, 0
	for n := range 20 {
		switch got := i.status(ctx, "GET", "films", fmt.Sprintf("/film%d.bin", n)); got {
		case 200:
			good++
		case 0, 500:
			bad++
		default:
			return fmt.Errorf("film%d.bin gets %d", n, got)
		}
		if !i.alive() {
			return fmt.Errorf("the server ended at film%d.bin", n)
		}
	}
	l.note("1 MB files served and refused with 4 MB of the disk unreadable", "%d and %d", good, bad)
	if out, err := l.cli(ctx, i.db, "server", "health"); bad > 0 && (err == nil || !strings.Contains(err.Error()+out, "films.localhost")) {
		return fmt.Errorf("health does not name the files: %s %w", out, err)
	}
	if bad == 0 {
		return errors.New("nothing was unreadable: the attack missed")
	}
	return nil
}

// noise returns incompressible text.
func noise(n, seed int) string {
	b, x := make([]byte, n), uint64(seed)*2654435761+88172645463325252
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x)
	}
	return string(b)
}

// lastBlock returns where the file ends on its disk, in bytes.
func lastBlock(ctx context.Context, path string) (int64, error) {
	out, err := exec.CommandContext(ctx, "filefrag", "-b1", "-v", path).Output()
	if err != nil {
		return 0, skip("filefrag: %v", err)
	}
	var last int64
	for _, line := range strings.Split(string(out), "\n") {
		fields := strings.FieldsFunc(line, func(r rune) bool { return r == ':' || r == '.' || r == ' ' })
		var end int64
		if len(fields) > 5 {
			if _, err := fmt.Sscan(fields[4], &end); err == nil {
				last = max(last, end)
			}
		}
	}
	return last, nil
}

// forget makes the system read a file from disk again.
func forget(path string) {
	if f, err := os.Open(path); err == nil {
		_ = f.Sync()
		_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
		f.Close()
	}
}

// twoNames starts servers on one file under each of its names.
func twoNames(ctx context.Context, l *lab) error {
	i, err := l.start(ctx, filepath.Join(l.dir, "home", "data.db"))
	if err != nil {
		return err
	}
	home := filepath.Dir(i.db)
	alias, hard, bound := filepath.Join(home, "alias.db"), filepath.Join(l.dir, "hard.db"), filepath.Join(l.dir, "bound")
	names := []string{alias, filepath.Join(l.dir, "folder", "data.db"), hard}
	if err := errors.Join(os.Symlink("data.db", alias), os.Symlink(home, filepath.Join(l.dir, "folder")), os.Link(i.db, hard), os.Mkdir(bound, 0o755)); err != nil {
		return err
	}
	if exec.CommandContext(ctx, "mount", "--bind", home, bound).Run() == nil {
		defer exec.Command("umount", "-l", bound).Run() //nolint:errcheck // the lab is removed
		names = append(names, filepath.Join(bound, "data.db"))
	}
	for _, name := range names {
		if _, err := l.start(ctx, name); err == nil {
			return fmt.Errorf("a second server runs on %s", name)
		}
	}
	l.note("second servers refused, under other names of the file", "%d of %d", len(names), len(names))
	if err := os.Remove(hard); err != nil {
		return err
	}
	for _, name := range []string{alias, filepath.Join(l.dir, "folder", "data.db")} {
		if out, err := l.cli(ctx, name, "server", "status", "--format", "json"); err != nil || !strings.Contains(out, `"running": true`) {
			return fmt.Errorf("a command with %s did not reach the server: %s %w", name, out, err)
		}
	}
	return nil
}
