package project

import (
	"slices"
	"strings"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/errs"
)

func TestThePartsOfAProjectAreFound(t *testing.T) {
	const page, worker = "-- dist/index.html --\n", "export default {};\n"
	for name, tt := range map[string]struct {
		files    string
		manifest op.Manifest
		built    bool
		want     Output
		err      string
	}{
		"no build":               {"-- index.html --\n" + page, op.Manifest{}, false, Output{}, ""},
		"dist":                   {page, op.Manifest{}, true, Output{Pages: "dist"}, ""},
		"eleventy":               {"-- _site/index.html --\n", op.Manifest{}, true, Output{Pages: "_site"}, ""},
		"vitepress":              {"-- docs/.vitepress/dist/index.html --\n", op.Manifest{}, true, Output{Pages: "docs/.vitepress/dist"}, ""},
		"a single-page router":   {"-- build/client/index.html --\n-- build/server/index.js --\n", op.Manifest{}, true, Output{Pages: "build/client"}, ""},
		"create-react-app":       {"-- public/index.html --\n-- build/index.html --\n", op.Manifest{}, true, Output{Pages: "build"}, ""},
		"hugo":                   {"-- public/index.html --\n", op.Manifest{}, true, Output{Pages: "public"}, ""},
		"the manifest":           {page + "-- site/x.html --\n", op.Manifest{Output: "site"}, true, Output{Pages: "site"}, ""},
		"the manifest, no build": {"-- site/x.html --\n", op.Manifest{Output: "site"}, false, Output{Pages: "site"}, ""},
		"nothing there":          {page, op.Manifest{Output: "site"}, true, Output{}, "fazt.json: the pages are in site, and there is no such folder"},
		"a file":                 {"-- site --\n", op.Manifest{Output: "site"}, false, Output{}, "build the project first"},
		"no function":            {page, op.Manifest{Function: "src/w.ts"}, true, Output{}, "fazt.json: the function begins with src/w.ts, and there is no such file"},
		"no output":              {"-- x --\n", op.Manifest{}, true, Output{}, `name its folder as "output" in fazt.json`},
		"a Node.js server":       {"-- build/handler.js --\n", op.Manifest{}, true, Output{}, "use @sveltejs/adapter-cloudflare"},
		"a worker":               {page + "-- dist/_worker.js --\n" + worker, op.Manifest{}, true, Output{Pages: "dist", Function: "dist/_worker.js"}, ""},
		"a folder of a worker":   {"-- dist/a.css --\n-- dist/_worker.js/index.js --\n" + worker, op.Manifest{}, true, Output{Pages: "dist", Function: "dist/_worker.js/index.js"}, ""},
		"its own function":       {"-- api/main.ts --\n-- dist/_worker.js --\n", op.Manifest{}, true, Output{Pages: "dist", notes: []string{`the function in api/ is deployed, and dist/_worker.js is not; "function" in fazt.json chooses one`}}, ""},
		"both, chosen":           {"-- api/main.ts --\n-- dist/_worker.js --\n", op.Manifest{Function: "dist/_worker.js"}, true, Output{Pages: "dist", Function: "dist/_worker.js"}, ""},
		"sveltekit":              {"-- .svelte-kit/cloudflare/_worker.js --\n", op.Manifest{}, true, Output{Pages: ".svelte-kit/cloudflare", Function: ".svelte-kit/cloudflare/_worker.js"}, ""},
		"nitro":                  {"-- .output/nitro.json --\n{\"preset\":\"cloudflare-module\"}\n-- .output/server/index.mjs --\n-- .output/public/_nuxt/a.js --\n", op.Manifest{}, true, Output{Pages: ".output/public", Function: ".output/server/index.mjs"}, ""},
		"nitro without pages":    {"-- .output/nitro.json --\n{\"preset\":\"cloudflare_module\"}\n-- .output/server/index.mjs --\n", op.Manifest{}, true, Output{Function: ".output/server/index.mjs"}, ""},
		"nitro for Node.js":      {"-- .output/nitro.json --\n{\"preset\":\"node-server\"}\n-- .output/server/index.mjs --\n", op.Manifest{}, true, Output{}, "NITRO_PRESET=cloudflare_module"},
		"wrangler.toml":          {"-- src/index.ts --\n-- public/a.css --\n-- wrangler.toml --\nmain = \"src/index.ts\"\n[assets]\ndirectory = \"./public/\"\nnot_found_handling = \"single-page-application\"\nrun_worker_first = true\n", op.Manifest{}, false, Output{Pages: "public", Function: "src/index.ts", First: true, SPA: true}, ""},
		"wrangler.jsonc":         {"-- src/index.ts --\n-- wrangler.jsonc --\n{ // the worker\n \"main\": \"src/index.ts\", \"vars\": {\"A\": 1}, \"d1_databases\": [{}], }\n", op.Manifest{}, false, Output{Function: "src/index.ts", notes: []string{"wrangler.jsonc has vars; set them with `fazt env set`", "wrangler.jsonc binds D1 databases, which functions do not have"}}, ""},
		"wrangler, for pages":    {"-- dist/x --\n-- wrangler.toml --\npages_build_output_dir = \"dist\"\n", op.Manifest{}, true, Output{Pages: "dist"}, ""},
		"a config of a build":    {"-- dist/client/a --\n-- dist/worker/index.js --\n-- dist/worker/wrangler.json --\n{\"main\":\"index.js\",\"assets\":{\"directory\":\"../client\"}}\n-- .wrangler/deploy/config.json --\n{\"configPath\":\"../../dist/worker/wrangler.json\"}\n-- wrangler.jsonc --\n{\"main\":\"src/x.ts\"}\n", op.Manifest{}, true, Output{Pages: "dist/client", Function: "dist/worker/index.js"}, ""},
		"git":                    {"-- .git/config --\n", op.Manifest{Output: ".git"}, false, Output{}, "it belongs to git"},
		"outside":                {"-- wrangler.toml --\nmain = \"../x.ts\"\n", op.Manifest{}, false, Output{}, `wrangler.toml: "../x.ts" is outside the folder`},
		"a broken wrangler.toml": {"-- wrangler.toml --\nmain =\n", op.Manifest{}, false, Output{}, "wrangler.toml is not valid"},
		"its own, not wrangler":  {"-- api/main.js --\n-- wrangler.toml --\nmain = \"src/x.ts\"\n", op.Manifest{}, false, Output{}, ""},
	} {
		o, err := FindOutput(write(t, tt.files), tt.manifest, tt.built)
		if tt.err != "" {
			if err == nil || !strings.Contains(errs.Sentence(err), tt.err) {
				t.Errorf("%s: %+v, %v", name, o, err)
			}
			continue
		}
		notes := o.notes
		o.notes = nil
		want := tt.want
		want.notes = nil
		if err != nil || o.Pages != want.Pages || o.Function != want.Function || o.First != want.First || o.SPA != want.SPA || !slices.Equal(notes, tt.want.notes) {
			t.Errorf("%s: %+v %q, %v; want %+v", name, o, notes, err, tt.want)
		}
	}
}

// The function of a build is deployed with what it imports, and the pages without it.
func TestABuildMadeForAnotherPlatformIsDeployed(t *testing.T) {
	dir := write(t, `
-- fazt.json --
{ "output": "build/client", "function": "build/server/index.js", "title": "Shop" }
-- package.json --
{ "type": "module" }
-- build/client/app.css --
body{}
-- build/server/index.js --
import { hello } from "./chunks/a.js";
import pick from "pick";
export default { fetch: (request, env) => new Response(hello + pick) };
-- build/server/chunks/a.js --
export const hello = "hello";
-- build/server/unused.js --
export const unused = 1;
-- node_modules/pick/package.json --
{ "name": "pick", "main": "index.js" }
-- node_modules/pick/index.js --
module.exports = "!";
-- .gitignore --
build
-- src/app.ts --
source
`)
	o, _ := options(t)
	o.Name = "shop"
	p, err := Load(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var paths []string
	for _, f := range p.Plan.Files {
		paths = append(paths, f.Path)
	}
	want := []string{"api/main.js", "api/source/build/server/chunks/a.js", "api/source/build/server/index.js", "app.css", "fazt.json", "node_modules/.imports.json", "node_modules/pick/index.js", "node_modules/pick/package.json"}
	if !slices.Equal(paths, want) {
		t.Errorf("files %q, want %q", paths, want)
	}
	if m := p.Plan.Manifest; !slices.Equal(m.Routes, []string{"/*"}) || m.Output != "" || m.Function != "" || m.Title != "Shop" {
		t.Errorf("manifest %+v", m)
	}
	program, err := o.Compiler.Compile(t.Context(), dir, local{p})
	if err != nil || program == nil || !strings.Contains(string(program.Script), "hello") {
		t.Errorf("program %v, %v", program, err)
	}
}
