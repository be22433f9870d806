package cli

import (
	"bytes"
	"context"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fazt/internal/cli/kit"
	"fazt/internal/cli/template"
	"fazt/internal/fazttest"
)

// command runs fazt in this process against an instance.
func fazt(t *testing.T, i *fazttest.Instance, args ...string) (code int, out string) {
	t.Helper()
	var text bytes.Buffer
	code = Main(t.Context(), kit.Env{
		Args: append(args, "--db", i.Path), Stdin: strings.NewReader(""), Stdout: &text, Stderr: &text,
		Getenv: func(string) string { return "" }, Home: func() (string, error) { return t.TempDir(), nil },
	})
	return code, text.String()
}

// The predecessor reported success for apps made from a template, but created nothing.
func TestEveryTemplateCanBeCreatedValidatedDeployedAndServed(t *testing.T) {
	t.Parallel()
	i := fazttest.New(t)
	answers := map[string]struct{ target, want string }{
		"static":    {"/about", "Say who you are"},
		"api":       {"/api/notes", "[]"},
		"spa":       {"/count", "app.js"},
		"hono":      {"/api/hello?name=you", `{"message":"Hello you"}`},
		"react":     {"/api/count", `{"count":0}`},
		"vue":       {"/api/count", `{"count":0}`},
		"svelte":    {"/api/count", `{"count":0}`},
		"astro":     {"/api/count", `{"count":0}`},
		"guestbook": {"/api/entries", `{"entries":[]`},
	}
	for _, tmpl := range template.All() {
		t.Run(tmpl.Name, func(t *testing.T) {
			name, dir := "my-"+tmpl.Name, filepath.Join(t.TempDir(), "folder")
			if code, out := fazt(t, i, "app", "create", name, "--template", tmpl.Name, "--to", dir); code != 0 {
				t.Fatal(out)
			}
			if tmpl.Needs != "" {
				fetchPackages(t, dir)
			}
			for _, args := range [][]string{{"app", "validate", dir}, {"app", "deploy", dir}} {
				if code, out := fazt(t, i, args...); code != 0 {
					t.Fatal(out)
				}
			}
			answer, ok := answers[tmpl.Name]
			if !ok {
				t.Fatal("no check for the response of this template")
			}
			for target, want := range map[string]string{"/": "<title>", answer.target: answer.want} {
				if got := i.Get(name, target); got.StatusCode != http.StatusOK || !strings.Contains(got.Text, want) {
					t.Errorf("%s: %d %s", target, got.StatusCode, got.Text)
				}
			}
		})
	}
}

// fetchPackages installs the packages of a template, and skips the test if they are not available.
func fetchPackages(t *testing.T, dir string) {
	t.Helper()
	if testing.Short() {
		t.Skip("it fetches packages")
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "npm", "install", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=0")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("npm cannot fetch the packages: %v\n%s", err, out)
	}
}

func TestTheNotesOfTheAPITemplateAreKept(t *testing.T) {
	t.Parallel()
	i := fazttest.New(t)
	dir := filepath.Join(t.TempDir(), "notes")
	for _, args := range [][]string{{"app", "create", "notes", "--template", "api", "--to", dir}, {"app", "deploy", dir}} {
		if code, out := fazt(t, i, args...); code != 0 {
			t.Fatal(out)
		}
	}
	send := func(method, target, body string) fazttest.Response {
		t.Helper()
		r := i.Request(method, "notes", target, body)
		r.Header.Set("Content-Type", "application/json")
		return i.Do(r)
	}
	made := send("POST", "/api/notes", `{"text":" hello "}`)
	if made.StatusCode != http.StatusCreated || !strings.Contains(made.Text, `"text":"hello"`) {
		t.Fatalf("%d %s", made.StatusCode, made.Text)
	}
	_, rest, _ := strings.Cut(made.Text, `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	for _, step := range []struct {
		method, target, body string
		want                 int
	}{
		{"GET", "/api/notes/" + id, "", 200}, {"GET", "/api/notes", "", 200}, {"GET", "/api/other", "", 404},
		{"POST", "/api/notes", `{"text":""}`, 400}, {"POST", "/api/notes", "no", 400}, {"PUT", "/api/notes", `{}`, 405},
		{"DELETE", "/api/notes/" + id, "", 204}, {"DELETE", "/api/notes/" + id, "", 404}, {"GET", "/api/notes/" + id, "", 404},
	} {
		if got := send(step.method, step.target, step.body); got.StatusCode != step.want {
			t.Errorf("%s %s: %d %s", step.method, step.target, got.StatusCode, got.Text)
		}
	}
}
