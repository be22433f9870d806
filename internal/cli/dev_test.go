package cli

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"fazt/internal/cli/kit"
)

// screen holds what a command prints, readable while it runs.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// dev is a `fazt dev` that runs on a folder until the test ends.
type dev struct {
	*screen
	t    *testing.T
	dir  string
	home string
	stop func() int
}

func startDev(t *testing.T, home, dir string, args ...string) *dev {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	d := &dev{screen: &screen{}, t: t, dir: dir, home: home}
	code := make(chan int, 1)
	go func() {
		code <- Main(ctx, kit.Env{
			Args: append([]string{"dev", dir, "--listen", "127.0.0.1:0"}, args...), Stdin: strings.NewReader(""), Stdout: d, Stderr: d,
			Getenv: func(string) string { return "" }, Home: func() (string, error) { return home, nil },
		})
	}()
	var once sync.Once
	result := -1
	d.stop = func() int {
		once.Do(func() {
			cancel()
			result = <-code
		})
		return result
	}
	t.Cleanup(func() { d.stop() })
	return d
}

// eventually waits until a condition holds, and fails at the deadline of the test.
func (d *dev) eventually(what string, so func() bool) {
	d.t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			d.t.Fatalf("%s: never; it showed:\n%s", what, d)
		}
	}
}

func (d *dev) shows(pattern string) []string {
	d.t.Helper()
	re, found := regexp.MustCompile(pattern), []string(nil)
	d.eventually("shows "+pattern, func() bool {
		found = re.FindStringSubmatch(d.String())
		return found != nil
	})
	return found
}

func (d *dev) write(name, text string) {
	d.t.Helper()
	name = filepath.Join(d.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		d.t.Fatal(err)
	}
}

// get requests a page of the app whose address was shown.
func (d *dev) get(target string) string {
	d.t.Helper()
	d.shows(`live in`)
	found := d.shows(`http://([a-z-]+\.localhost):(\d+)`)
	r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+found[2]+target, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	r.Host, r.Close = found[1], true
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(body)
}

func TestDevFollowsTheFolder(t *testing.T) {
	t.Parallel()
	home, dir := t.TempDir(), filepath.Join(t.TempDir(), "My App")
	d := &dev{t: t, dir: dir}
	d.write("index.html", "<p>one</p>")
	d.write("api/main.js", `export default { fetch(request) {
	if (new URL(request.url).search === "?set") { console.warn("seen\x1b[2J"); fazt.app.kv.set("n", 42); }
	return new Response("n is " + fazt.app.kv.get("n"));
} };`)

	d = startDev(t, home, dir)
	d.shows(`my-app +http://my-app\.localhost:\d+\n`)
	if got := d.get("/"); !strings.Contains(got, "<p>one</p>") || !strings.Contains(got, "/_fazt/reload.js") {
		t.Errorf("the page: %s", got)
	}
	if got := d.get("/api?set"); got != "n is 42" {
		t.Errorf("the function: %s", got)
	}
	d.shows(`\| WARN seen�\[2J\n`)

	d.write("index.html", "<p>two</p>")
	d.shows(`deployment 2 live in \S+ \(0 new, 1 changed, 0 removed\)`)
	if got := d.get("/"); !strings.Contains(got, "<p>two</p>") {
		t.Errorf("after the change: %s", got)
	}
	d.write("new/deep/page.html", "deep")
	d.eventually("a new folder is followed", func() bool { return strings.Contains(d.get("/new/deep/page.html"), "deep") })
	d.write("new/deep/page.html", "deeper")
	d.eventually("a file in a new folder is followed", func() bool { return strings.Contains(d.get("/new/deep/page.html"), "deeper") })

	d.write("api/main.js", "export default () => {\n  return new Response(;\n};\n")
	d.shows(`fazt: api/main\.js:2:23: `)
	d.shows(`2 \|   return new Response\(;\n`)
	d.shows(`The previous deployment stays live`)
	if got := d.get("/api"); got != "n is 42" {
		t.Errorf("after a mistake: %s", got)
	}
	if err := os.Remove(filepath.Join(dir, "api", "main.js")); err != nil {
		t.Fatal(err)
	}
	d.eventually("a removed file goes", func() bool { return !strings.Contains(d.get("/api"), "n is") })
	if code := d.stop(); code != 0 || !strings.HasSuffix(d.String(), "Stopped.\n") {
		t.Errorf("exit code %d; it showed:\n%s", code, d)
	}

	d = &dev{t: t, dir: dir}
	d.write("api/main.js", `export default () => new Response("still " + fazt.app.kv.get("n"));`)
	d = startDev(t, home, dir)
	if got := d.get("/api"); got != "still 42" {
		t.Errorf("after a restart: %s", got)
	}
	entries, err := filepath.Glob(filepath.Join(home, ".fazt", "dev", "my-app-*.db"))
	if err != nil || len(entries) != 1 {
		t.Errorf("databases: %v %v", entries, err)
	}
}

func TestDevStartsWithABrokenFolderAndRecovers(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "site")
	d := &dev{t: t, dir: dir}
	d.write("api/main.ts", "const")
	d.write("index.html", "hello")
	d = startDev(t, t.TempDir(), dir)
	d.shows(`Nothing is live yet; save a file to try again`)
	d.write("api/main.ts", "respond('well');")
	if got := d.get("/api"); got != "well" && got != `"well"` {
		t.Errorf("got %s", got)
	}
}

func TestDevRefusesFoldersThatItCannotServe(t *testing.T) {
	t.Parallel()
	taken := startDev(t, t.TempDir(), func() string {
		dir := filepath.Join(t.TempDir(), "site")
		(&dev{t: t, dir: dir}).write("index.html", "hello")
		return dir
	}())
	address := "127.0.0.1:" + taken.shows(`localhost:(\d+)`)[1]
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"no folder":  {[]string{"dev", filepath.Join(t.TempDir(), "none")}, "no folder"},
		"port taken": {[]string{"dev", taken.dir, "--db", filepath.Join(t.TempDir(), "x.db"), "--listen", address}, "is in use by another program; stop it or choose another address with --listen"},
		"same twice": {[]string{"dev", taken.dir, "--listen", "127.0.0.1:0"}, "a server is running on"},
	} {
		var s screen
		code := Main(t.Context(), kit.Env{
			Args: tt.args, Stdin: strings.NewReader(""), Stdout: &s, Stderr: &s,
			Getenv: func(string) string { return "" }, Home: func() (string, error) { return taken.home, nil },
		})
		if code != 1 || !strings.Contains(s.String(), tt.want) {
			t.Errorf("%s: %d\n%s", name, code, s.String())
		}
	}
}

// A build that writes next to its source must not trigger the next build.
func TestDevBuildsOnceForEveryChange(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the manager is a shell script")
	}
	bin, dir := t.TempDir(), filepath.Join(t.TempDir(), "web")
	script := "#!/bin/sh\n[ \"$1\" = install ] && exec mkdir node_modules\nmkdir -p dist\ndate +%N > cache.txt\ncat index.html > dist/index.html\n"
	if err := os.WriteFile(filepath.Join(bin, "npm"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	d := &dev{t: t, dir: dir}
	d.write("package.json", `{ "scripts": { "build": "x" } }`)
	d.write(".gitignore", "cache.txt\n")
	d.write("index.html", "one")
	d = startDev(t, t.TempDir(), dir)
	if got := d.get("/"); !strings.Contains(got, "one") {
		t.Errorf("got %s", got)
	}
	d.write("index.html", "two")
	d.eventually("the change is built", func() bool { return strings.Contains(d.get("/"), "two") })
	time.Sleep(200 * time.Millisecond) // long enough for another build to start, if one was triggered
	if n := strings.Count(d.String(), "$ npm run build"); n != 2 {
		t.Errorf("%d builds for one start and one change:\n%s", n, d)
	}
}
