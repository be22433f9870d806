package cli

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fazt/internal/cli/project"
	"fazt/internal/client"
	"fazt/internal/fazttest"
	"fazt/internal/runtime/compiler"
	"fazt/internal/system"
)

// installed is a copy of an example with its packages, as npm lays them out.
func installed(t *testing.T, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("short: it fetches packages")
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm is not installed")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "examples", name))); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
		t.Skipf("npm ci: %v\n%s", err, out)
	}
	return dir
}

// live deploys a folder as `fazt app deploy` does.
func live(t *testing.T, i *fazttest.Instance, dir string) *project.Project {
	t.Helper()
	p, err := project.Load(t.Context(), dir, project.Options{Log: t.Output(), Compiler: newCompiler(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	if _, err := client.Deploy(t.Context(), i.Client, p.Name, p.Plan, p, false, nil); err != nil {
		t.Fatal(err)
	}
	return p
}

// call is a request to an app and the expected result: a status, and a text in the response.
type call struct {
	method, path, body string
	status             int
	want               string
}

func (c call) check(t *testing.T, i *fazttest.Instance, app string) fazttest.Response {
	t.Helper()
	r := i.Request(c.method, app, c.path, c.body)
	if strings.HasPrefix(c.body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	got := i.Do(r)
	if got.StatusCode != c.status || !strings.Contains(got.Text, c.want) {
		t.Errorf("%s %s %s: got %d %s, want %d %s\n%s", c.method, c.path, c.body, got.StatusCode, got.Text, c.status, c.want, i.Log(""))
	}
	return got
}

// newCompiler returns a compiler like that of the commands.
func newCompiler(t *testing.T) *compiler.Compiler {
	c := compiler.New(func() system.Runtime { return system.Defaults().Runtime })
	t.Cleanup(func() { c.Close() })
	return c
}

func TestHonoRunsUnmodified(t *testing.T) {
	t.Parallel()
	i := fazttest.New(t)
	p := live(t, i, installed(t, "hono"))
	for _, f := range p.Plan.Files {
		if strings.Contains(f.Path, "jsx/dom") || strings.HasSuffix(f.Path, ".d.ts") {
			t.Errorf("%s is sent, and not imported", f.Path)
		}
	}
	for _, c := range []call{
		{"GET", "/", "", 200, "<h1>Bookshelf</h1>"},
		{"GET", "/api", "", 200, `{"app":"bookshelf"`},
		{"GET", "/api/health", "", 200, "ok"},
		{"GET", "/api/books", "", 200, "[]"},
		{"POST", "/api/books", `{"title":"Emma","author":"Jane Austen","year":1815}`, 201, `{"id":1,"title":"Emma","author":"Jane Austen","year":1815}`},
		{"POST", "/api/books", `{"title":"Persuasion","author":"Jane Austen"}`, 201, `"id":2`},
		{"POST", "/api/books", `{"title":""}`, 400, `{"error":"title must be text"}`},
		{"POST", "/api/books", `{"title":`, 400, ""},
		{"GET", "/api/books/count", "", 200, `{"count":2}`},
		{"GET", "/api/books/latest", "", 200, "Persuasion"},
		{"GET", "/api/books/1", "", 200, "Emma"},
		{"GET", "/api/books/9", "", 404, "There is no such book."},
		{"PUT", "/api/books/2", `{"title":"Ulysses","author":"James Joyce"}`, 200, "Ulysses"},
		{"PATCH", "/api/books/2", `{"year":1922}`, 200, `"year":1922`},
		{"GET", "/api/books/2/cite", "", 200, "James Joyce: Ulysses (1922)"},
		{"GET", "/api/authors", "", 200, `["James Joyce","Jane Austen"]`},
		{"GET", "/api/authors/Jane%20Austen/books", "", 200, "Emma"},
		{"GET", "/api/page", "", 200, "<ul><li>Emma</li><li>Ulysses</li></ul>"},
		{"GET", "/api/visit", "", 200, `{"visits":1}`},
		{"GET", "/api/go/1", "", 302, ""},
		{"PUT", "/api/echo/a/b", "body", 200, `{"method":"PUT","path":"/api/echo/a/b","body":"body"}`},
		{"DELETE", "/api/books/1", "", 204, ""},
		{"DELETE", "/api/books/1", "", 404, "nothing at this address"},
		{"GET", "/api/nothing", "", 404, `{"error":"There is nothing at this address."}`},
		{"GET", "/node_modules/hono/package.json", "", 404, ""},
	} {
		c.check(t, i, "bookshelf")
	}
	form := i.Request("POST", "bookshelf", "/api/form", "a=1&b=x+y")
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := i.Do(form); got.Text != `{"a":"1","b":"x y"}` {
		t.Errorf("form: %d %s", got.StatusCode, got.Text)
	}
	visit := i.Request("GET", "bookshelf", "/api/visit", "")
	visit.Header.Set("Cookie", "visits=4")
	if got := i.Do(visit); got.Text != `{"visits":5}` || !strings.Contains(got.Header.Get("Set-Cookie"), "visits=5") || got.Header.Get("Server-Timing") == "" {
		t.Errorf("cookie: %d %s %v", got.StatusCode, got.Text, got.Header)
	}
	cross := i.Request("GET", "bookshelf", "/api/public/titles", "")
	cross.Header.Set("Origin", "https://example.com")
	if got := i.Do(cross); got.Header.Get("Access-Control-Allow-Origin") != "https://example.com" {
		t.Errorf("cors: %v", got.Header)
	}
}

func TestIttyRouterRunsAWholeSiteUnmodified(t *testing.T) {
	t.Parallel()
	i := fazttest.New(t)
	live(t, i, installed(t, "itty-router"))
	for _, c := range []call{
		{"GET", "/", "", 200, "<h1>Tiny</h1>"},
		{"GET", "/style.css", "", 200, "color-scheme"},
		{"GET", "/hello/Ana", "", 200, `{"hello":"Ana"}`},
		{"GET", "/items/7.xml", "", 200, `"id":"7"`},
		{"GET", "/search?q=1&q=2", "", 200, `{"q":["1","2"]}`},
		{"POST", "/items", `{"a":1}`, 200, `{"created":{"a":1}}`},
		{"GET", "/env/NONE", "", 200, `{"value":null}`},
		{"GET", "/teapot", "", 418, "short and stout"},
		{"GET", "/broken", "", 500, "broken"},
		{"GET", "/nothing", "", 404, `"status":404`},
		{"GET", "/api/main.js", "", 404, `"status":404`},
	} {
		c.check(t, i, "tiny")
	}
	r := i.Request(http.MethodOptions, "tiny", "/hello/x", "")
	r.Header.Set("Origin", "http://a.example")
	if got := i.Do(r); got.StatusCode != http.StatusNoContent || got.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("preflight: %d %v", got.StatusCode, got.Header)
	}
}

// A deployment contains its packages, so a pulled app can be deployed again without npm.
func TestAnAppWithPackagesThatWasPulledIsDeployedWithoutNPM(t *testing.T) {
	t.Parallel()
	i := fazttest.New(t)
	first := live(t, i, installed(t, "hono"))
	dir := t.TempDir()
	for _, f := range first.Plan.Files {
		r, err := first.Open(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		at := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		w, err := os.Create(at)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.ReadFrom(r)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		w.Close()
	}
	second, err := project.Load(t.Context(), dir, project.Options{Log: t.Output(), Compiler: newCompiler(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	was, _ := json.Marshal(first.Plan)
	is, _ := json.Marshal(second.Plan)
	if string(was) != string(is) {
		t.Errorf("the plans differ:\n%s\n%s", was, is)
	}
}
