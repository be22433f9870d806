package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fazt/internal/cli/project"
	"fazt/internal/cli/template"
	"fazt/internal/fazttest"
)

// typeCheck returns what an editor reports about the function in a folder.
func typeCheck(t *testing.T, dir string) string {
	t.Helper()
	return typeCheckWith(t, dir, "api")
}

func typeCheckWith(t *testing.T, dir, config string) string {
	t.Helper()
	compiler, err := filepath.Abs(filepath.Join("..", "..", "packages", "node_modules", "typescript", "bin", "tsc"))
	if err != nil {
		t.Fatal(err)
	}
	node, lacks := exec.LookPath("node")
	if _, err := os.Stat(compiler); err != nil || lacks != nil {
		t.Skip("TypeScript is not installed; `make web` installs it")
	}
	cmd := exec.CommandContext(t.Context(), node, compiler, "--pretty", "false", "-p", config)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	return string(out)
}

func TestAnEditorFindsNoFaultInATemplate(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("short: nothing of it is ours to race")
	}
	i := fazttest.New(t)
	for _, tmpl := range template.All() {
		dir := filepath.Join(t.TempDir(), "folder")
		if code, out := fazt(t, i, "app", "create", "my-"+tmpl.Name, "--template", tmpl.Name, "--to", dir); code != 0 {
			t.Fatal(out)
		}
		if _, err := os.Stat(filepath.Join(dir, "api")); err != nil {
			continue // it has no function
		}
		t.Run(tmpl.Name, func(t *testing.T) {
			if tmpl.Needs != "" && project.ReadManifest(dir).Dev == "" { // those with a front end import nothing in api/
				fetchPackages(t, dir)
			}
			if faults := typeCheck(t, dir); faults != "" {
				t.Error(faults)
			}
		})
	}
}

// Correct code passes and mistakes are found; if everything were of type any, no mistake would be.
func TestAnEditorKnowsWhatFunctionsCanUse(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("short: nothing of it is ours to race")
	}
	i, dir := fazttest.New(t), filepath.Join(t.TempDir(), "folder")
	if code, out := fazt(t, i, "app", "create", "typed", "--template", "api", "--to", dir); code != 0 {
		t.Fatal(out)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "api", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("main.ts", `
const handler: FaztHandler<{ NAME: string }> = {
  async fetch(request, env, ctx) {
    ctx.waitUntil(fazt.sleep(1));
    const found: boolean = fazt.private.exists("a.json");
    const name: string | undefined = fazt.env.get("NAME");
    const [entry] = fazt.app.kv.list("a", { limit: 1 });
    fazt.log.info(fazt.version, fazt.app.id, fazt.app.name, fazt.private.read("a"), fazt.private.list(), entry.key);
    const digest: ArrayBuffer = await crypto.subtle.digest("SHA-256", new Uint8Array(1));
    for await (const part of request.body!.pipeThrough(new CompressionStream("gzip"))) fazt.log.debug(part.length, digest);
    return Response.json({ found, name, upper: env.NAME.toUpperCase(), pattern: new URLPattern({ pathname: "/a" }).test(request.url) });
  },
};
export default handler;
`)
	write("script.ts", `
const photo: Uint8Array = request.files.photo.data;
const { chunk } = require("lodash");
respond(201, { size: photo.length, who: request.query.name, chunk }, { "x-a": ["b", "c"] });
respond({ ip: request.ip, id: request.id, body: request.body.anything });
`)
	if faults := typeCheck(t, dir); faults != "" {
		t.Errorf("of what is right:\n%s", faults)
	}
	mistakes := []struct{ code, want string }{
		{`fazt.sleep("long");`, "not assignable to parameter of type 'number'"},
		{`fazt.app.kv.set("a");`, "Expected 2-3 arguments"},
		{`fazt.app.kv.drop("a");`, "Property 'drop' does not exist"},
		{`fazt.version = "2";`, "read-only"},
		{`respond("200", "x");`, "not assignable to parameter of type 'number'"},
		{`request.headers.get("a");`, "not callable"},
		{`const n: number = request.files.a;`, "not assignable to type 'number'"},
	}
	name := func(i int) string { return fmt.Sprintf("mistake%d.ts", i) }
	for i, m := range mistakes {
		write(name(i), m.code)
	}
	faults := strings.Split(typeCheck(t, dir), "\n")
	for i, m := range mistakes {
		if !slices.ContainsFunc(faults, func(line string) bool { return strings.Contains(line, name(i)) && strings.Contains(line, m.want) }) {
			t.Errorf("of %s: %q, want %q in %s", m.code, faults, m.want, name(i))
		}
	}
}
