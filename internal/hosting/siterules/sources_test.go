package siterules_test

import (
	"strings"
	"testing"

	"fazt/internal/hosting"
	"fazt/internal/hosting/siterules"
)

func TestSourcesOfAProjectAreNotServed(t *testing.T) {
	const everything = "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb deno.lock jsconfig.json " +
		"tsconfig.app.json wrangler.toml wrangler.jsonc netlify.toml vercel.json src/main.ts src/App.TSX x.mts x.cts packages/a/package.json " +
		"vite.config.js svelte.config.mjs app.config.cjs build/server/index.js"
	const public = "index.html app.js src/main.jsx src/App.vue assets/x.config.js data.json server/map.json tsconfig.html wrangler/x.html config.js"
	for _, c := range []struct{ name, marker, hidden, served string }{
		{"package.json", "package.json", "package.json " + everything, public},
		{"tsconfig.json", "tsconfig.json", "tsconfig.json x.ts", public},
		{"deno.jsonc", "deno.jsonc", "deno.jsonc x.ts", public},
		{"plain pages", "index.html", "", everything + " " + public},
		{"a project deeper down", "demo/package.json", "", "demo/package.json x.ts"},
		{"video", "package.json live.m3u8", "package.json x.tsx", "live.m3u8 0.ts v/1.ts"},
		{"output of a framework", "package.json client/app.js server/entry.mjs", "server/entry.mjs server/chunks/a.js", "client/app.js"},
		{"a folder of that name", "package.json server/index.js", "", "server/index.js"},
	} {
		paths := append(strings.Fields(c.marker), strings.Fields(c.hidden+" "+c.served)...)
		s := siterules.SourcesOf(paths)
		for _, p := range strings.Fields(c.hidden) {
			if !s.Has(p) || !s.Has(strings.ToUpper(p)) {
				t.Errorf("%s: %s is served", c.name, p)
			}
		}
		for _, p := range strings.Fields(c.served) {
			if s.Has(p) {
				t.Errorf("%s: %s is not served", c.name, p)
			}
		}
	}
	for _, p := range []string{"_worker.js", "_worker.js/index.js", "_WORKER.JS", "_routes.json"} {
		if !hosting.Hidden(p) {
			t.Errorf("%s is served", p)
		}
	}
	if hosting.Hidden("x/_worker.js") || hosting.Hidden("_worker.json") {
		t.Error("too much is hidden")
	}
}
