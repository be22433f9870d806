package siterules

import (
	"path"
	"slices"
	"strings"
)

// Sources decides which files of a deployment are sources of a project, which are not served. It depends on the other files: a folder
// with a package.json is a project, and one with plain pages may well publish what would be a source there.
type Sources struct {
	project  bool
	playlist bool // there is an .m3u8, so .ts may be video
	server   bool // server/ is the output of a framework
}

// SourcesOf returns the Sources of a deployment with these paths.
func SourcesOf(paths []string) Sources {
	var s Sources
	client, entry := false, false
	for _, p := range paths {
		p = strings.ToLower(p)
		switch p {
		case "package.json", "tsconfig.json", "deno.json", "deno.jsonc":
			s.project = true
		case "server/index.js", "server/index.mjs", "server/entry.mjs", "server/server.js":
			entry = true
		}
		client = client || strings.HasPrefix(p, "client/")
		s.playlist = s.playlist || strings.HasSuffix(p, ".m3u8")
	}
	s.server = client && entry
	return s
}

// sourceNames are the names of settings and lockfiles, in every folder of a project.
var sourceNames = []string{
	"package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "pnpm-workspace.yaml", "bun.lock", "bun.lockb",
	"deno.json", "deno.jsonc", "deno.lock", "jsconfig.json", "netlify.toml", "vercel.json",
}

// sourceTypes are the extensions of TypeScript. Browsers do not run it; other JavaScript may be part of the pages.
var sourceTypes = []string{".ts", ".tsx", ".mts", ".cts"}

// Has reports whether a file is a source. Letter case is ignored, as by Hidden.
func (s Sources) Has(file string) bool {
	if !s.project {
		return false
	}
	file = strings.ToLower(file)
	name, extension := path.Base(file), path.Ext(file)
	switch {
	case slices.Contains(sourceNames, name), strings.HasPrefix(name, "wrangler."):
		return true
	case strings.HasPrefix(name, "tsconfig.") && extension == ".json":
		return true
	case strings.HasPrefix(file, "build/server/"), s.server && strings.HasPrefix(file, "server/"):
		return true
	case extension == ".ts" && s.playlist:
		return false
	case slices.Contains(sourceTypes, extension):
		return true
	}
	inRoot := name == file
	return inRoot && strings.HasSuffix(strings.TrimSuffix(name, extension), ".config") && slices.Contains([]string{".js", ".mjs", ".cjs"}, extension)
}

// Unserved returns which of these paths are sources and would be served if they were not. hidden reports what is never served.
func Unserved(paths []string, hidden func(path string) bool) []string {
	var list []string
	s := SourcesOf(paths)
	for _, p := range paths {
		if s.Has(p) && !hidden(p) {
			list = append(list, p)
		}
	}
	return list
}
