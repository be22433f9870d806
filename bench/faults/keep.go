package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/listener"
)

const backups = 40

// counters is an app that stores a value for every request.
const counters = `export default { fetch(request) {
	const n = new URL(request.url).searchParams.get("n");
	fazt.app.kv.set("k" + n, Number(n));
	return new Response("ok");
} };`

// attackBackup makes backups while four visitors write, and looks for every acknowledged value in each backup.
func attackBackup(ctx context.Context, l *lab) error {
	i, err := l.start(ctx, "")
	if err != nil {
		return err
	}
	if err := l.deploy(ctx, i, "app", "api/main.js", counters, "film.bin", strings.Repeat("0123456789abcdef", 2<<20)); err != nil {
		return err
	}
	var next, worst atomic.Int64
	var mu sync.Mutex
	acked := []int64{}
	writing, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for writing.Err() == nil {
				n, began := next.Add(1), time.Now()
				if status, body, err := l.ask(writing, i, http.MethodPost, "app", fmt.Sprintf("/api/x?n=%d", n)); err == nil && status == 200 && body == "ok" {
					worst.Store(max(worst.Load(), int64(time.Since(began))))
					mu.Lock()
					acked = append(acked, n)
					mu.Unlock()
				}
			}
		})
	}
	defer all.Wait()
	defer stop()
	lost, took := 0, time.Duration(0)
	for n := range backups {
		mu.Lock()
		want := slices.Clone(acked)
		mu.Unlock()
		path, began := filepath.Join(l.dir, fmt.Sprintf("backup%d.db", n)), time.Now()
		if _, err := l.cli(ctx, i.db, "backup", path); err != nil {
			return err
		}
		took = max(took, time.Since(began))
		missing, err := l.missing(ctx, path, want)
		if err != nil {
			return err
		}
		lost += missing
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	l.note("backups made while four visitors write", "%d, each intact", backups)
	l.note("acknowledged values by the last backup", "%d", len(acked))
	l.note("acknowledged values missing from a backup", "%d", lost)
	l.note("longest backup, longest write in the meantime", "%v, %v", took.Round(time.Millisecond), time.Duration(worst.Load()).Round(time.Millisecond))
	if lost > 0 {
		return fmt.Errorf("%d acknowledged values are missing from backups", lost)
	}
	stop()
	all.Wait()
	if err := l.backupKilled(ctx, i); err != nil {
		return err
	}
	return l.backupOntoFullDisk(ctx, i)
}

// backupKilled kills the server during a backup until a partial file is left behind; the next backup of that name
// removes it.
func (l *lab) backupKilled(ctx context.Context, i *instance) error {
	folder := filepath.Join(l.dir, "killed")
	path := filepath.Join(folder, "copy.db")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	left := func() int {
		names, _ := filepath.Glob(path + ".*")
		return len(names)
	}
	for try := 0; left() == 0; try++ {
		if try == 20 {
			return errors.New("no kill hit a running backup")
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = l.cli(ctx, i.db, "backup", path, "--force") // its server is killed
		}()
		for begun := time.Now(); left() == 0 && time.Since(begun) < 5*time.Second; time.Sleep(time.Millisecond) {
		}
		i.kill()
		<-done
		var err error
		if i, err = l.start(ctx, i.db); err != nil {
			return err
		}
	}
	if _, err := l.cli(ctx, i.db, "backup", path, "--force"); err != nil {
		return err
	}
	l.note("partial backups left by kill -9, after the next backup", "%d", left())
	if left() > 0 {
		return errors.New("a partial backup was left behind")
	}
	return nil
}

// missing counts the values missing from a backup.
func (l *lab) missing(ctx context.Context, path string, want []int64) (int, error) {
	out, err := l.cli(ctx, path, "sql", "--format", "json", "SELECT group_concat(substr(key, 2)) FROM kv")
	if err != nil {
		return 0, err
	}
	var rows struct{ Rows [][]json.RawMessage }
	if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows.Rows) != 1 {
		return 0, errors.Join(err, fmt.Errorf("the backup cannot be read: %.200s", out))
	}
	has := map[string]bool{}
	for n := range strings.SplitSeq(strings.Trim(string(rows.Rows[0][0]), `"`), ",") {
		has[n] = true
	}
	n := 0
	for _, w := range want {
		if !has[fmt.Sprint(w)] {
			n++
		}
	}
	return n, nil
}

// ask makes a request and reads the whole response.
func (l *lab) ask(ctx context.Context, i *instance, method, app, path string) (status int, body string, err error) {
	r, err := i.request(ctx, method, app, path)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Accept-Encoding", "identity") // the compressed forms of damaged content are intact
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data), err
}

// attackRot flips single bits of hosted files in the database file while no server runs.
func attackRot(ctx context.Context, l *lab) error {
	i, err := l.start(ctx, "")
	if err != nil {
		return err
	}
	var small, big strings.Builder
	fmt.Fprint(&small, "SMALLMARK", strings.Repeat("z", 600))
	for n := range 60000 {
		fmt.Fprintf(&big, "line %d of the large file\n", n)
	}
	fmt.Fprint(&big, "BIGMARK")
	for n := range 60000 {
		fmt.Fprintf(&big, "line %d of its end\n", n)
	}
	if err := l.deploy(ctx, i, "app", "small.bin", small.String(), "big.bin", big.String(), "good.txt", "good"); err != nil {
		return err
	}
	i.stop(20 * time.Second)
	data, err := os.ReadFile(i.db)
	if err != nil {
		return err
	}
	for _, mark := range []string{"SMALLMARK", "BIGMARK"} {
		at := bytes.Index(data, []byte(mark))
		if at < 0 {
			return fmt.Errorf("%s is not in the file", mark)
		}
		data[at] ^= 1
	}
	if err := os.WriteFile(i.db, data, 0o600); err != nil {
		return err
	}
	out, checked := l.cli(ctx, i.db, "database", "check", "--content")
	if i, err = l.start(ctx, i.db); err != nil {
		return err
	}
	wrong := []string{}
	for path, want := range map[string]string{"/small.bin": small.String(), "/big.bin": big.String(), "/good.txt": "good"} {
		status, body, err := l.ask(ctx, i, http.MethodGet, "app", path)
		l.note("status of "+path, "%d", status)
		if status == http.StatusOK && err == nil && body != want || path == "/good.txt" && status != http.StatusOK {
			wrong = append(wrong, path)
		}
	}
	l.note("damaged files named by the check", "%d of 2", strings.Count(out, "of app, deployment 1"))
	if _, err := l.cli(ctx, i.db, "app", "deploy", filepath.Join(l.dir, "app-app"), "--name", "app"); err != nil {
		return err
	}
	for path, want := range map[string]string{"/small.bin": small.String(), "/big.bin": big.String()} {
		if status, body, err := l.ask(ctx, i, http.MethodGet, "app", path); status != http.StatusOK || err != nil || body != want {
			return fmt.Errorf("%s was not repaired by another deploy: %d, %w", path, status, err)
		}
	}
	l.note("damaged files repaired by the next deploy", "2 of 2")
	switch {
	case len(wrong) > 0:
		return fmt.Errorf("damaged content was served: %v", wrong)
	case checked == nil:
		return errors.New("the check found no damage")
	}
	return nil
}

// attackDeployCost compares the cost of an alias change with few apps and with thousands.
func attackDeployCost(ctx context.Context, l *lab) error {
	i, err := l.start(ctx, "")
	if err != nil {
		return err
	}
	if err := l.deploy(ctx, i, "app", "index.html", "hi"); err != nil {
		return err
	}
	few, err := l.aliasCost(ctx, i)
	if err != nil {
		return err
	}
	const many = 5800
	fill := fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO apps (id, name, created_at, updated_at) SELECT printf('app_filler%%d', i), printf('filler%%d', i), 0, 0 FROM n`, many)
	for _, statement := range []string{
		fill, "INSERT INTO aliases (name, kind, app_id, created_at, updated_at) SELECT name, 'app', id, 0, 0 FROM apps WHERE name LIKE 'filler%'",
		"INSERT INTO env (app_id, name, value, updated_at) SELECT id, 'KEY', name, 0 FROM apps",
	} {
		if _, err := l.cli(ctx, i.db, "sql", "--write", statement); err != nil {
			return err
		}
	}
	lot, err := l.aliasCost(ctx, i)
	if err != nil {
		return err
	}
	l.note("alias change with 1 app", "%v", few.Round(10*time.Microsecond))
	l.note(fmt.Sprintf("alias change with %d apps", many+1), "%v", lot.Round(10*time.Microsecond))
	if lot > 4*few+10*time.Millisecond {
		return errors.New("the cost grows with the number of apps")
	}
	return nil
}

// aliasCost returns the median time of 41 alias changes through the socket.
func (l *lab) aliasCost(ctx context.Context, i *instance) (time.Duration, error) {
	took := []time.Duration{}
	for n := range 41 {
		target := fmt.Sprintf(`{"redirect":"https://example.com/%d","force":true}`, n)
		began := time.Now()
		if err := i.control(ctx, http.MethodPut, "/api/aliases/moving", target); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}

// control runs an operation through the socket next to the database.
func (i *instance) control(ctx context.Context, method, path, body string) error {
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return listener.Dial(ctx, listener.SocketPath(i.db))
	}}
	r, err := http.NewRequestWithContext(ctx, method, "http://fazt"+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if data, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %d %.200s (%w)", method, path, resp.StatusCode, data, err)
	}
	return nil
}
