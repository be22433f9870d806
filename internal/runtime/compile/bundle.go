package compile

import (
	"context"
	"encoding/json"
	"path/filepath"
	"regexp"

	"github.com/evanw/esbuild/pkg/api"
)

// scriptName is the file name in positions of the bundled script; they are mapped back to the author's files.
const scriptName = "function.js"

// bundle bundles a function into one script.
func bundle(ctx context.Context, m *modules, entry string, format api.Format) (api.BuildResult, error) {
	followed, recorded := m.followsCalls, m.lastMatch
	o := options(entry, format)
	if m.settings != "" {
		o.TsconfigRaw = m.settings
	}
	o.Plugins = []api.Plugin{m.plugin(ctx)}
	if m.packages != nil {
		m.packages.configure(&o)
	}
	if m.followsCalls { // see async_hooks
		o.Supported["async-await"], o.Supported["async-generator"] = false, false
	}
	if m.lastMatch {
		o.Banner = map[string]string{"js": "__fazt_regexp();"}
	}
	result := api.Build(o)
	if err := ctx.Err(); err != nil {
		return result, err
	}
	if len(result.Errors) > 0 {
		return result, unprocessable(diagnostics(result.Errors))
	}
	if m.followsCalls && !followed || m.lastMatch && !recorded { // not known before bundling
		return bundle(ctx, m, entry, format)
	}
	return result, nil
}

// options returns the options of the bundler. A package is resolved as Cloudflare's wrangler does: people publish for that.
func options(entry string, format api.Format) api.BuildOptions {
	o := api.BuildOptions{
		EntryPoints: []string{entry}, Bundle: true, Write: false, Format: format, Outfile: scriptName, Metafile: true,
		Target: api.ES2022, Platform: api.PlatformBrowser, Conditions: []string{"workerd", "worker", "browser", "module"},
		Sourcemap: api.SourceMapExternal, SourcesContent: api.SourcesContentExclude, LogLevel: api.LogLevelSilent, LegalComments: api.LegalCommentsNone,
		AbsWorkingDir: workingDir(), TreeShaking: api.TreeShakingFalse, TsconfigRaw: "{}", Define: defines(),
		// The engine does not wait for the cleanup of an async generator when a loop exits early.
		Supported: map[string]bool{"for-await": false},
	}
	if format == api.FormatIIFE {
		o.GlobalName, o.TreeShaking = "__fazt_app", api.TreeShakingTrue
	}
	return o
}

// defines returns the identifiers that are replaced in functions.
func defines() map[string]string {
	return map[string]string{"process.env.NODE_ENV": `"production"`, "global": "globalThis", "__dirname": `"/"`, "__filename": `"/function.js"`}
}

// workingDir returns some absolute directory; its contents are never read.
func workingDir() string {
	dir, err := filepath.Abs(string(filepath.Separator))
	if err != nil {
		return string(filepath.Separator)
	}
	return dir
}

// exports returns the names that the entry of a function exports. It reads no other file: "*" stands for what `export *` takes
// from one, which is never default. It returns nil if the entry has errors.
func exports(ctx context.Context, src Source, entry string) []string {
	m := &modules{src: src}
	o := options(entry, api.FormatESModule)
	o.Sourcemap = api.SourceMapNone
	o.Plugins = []api.Plugin{{Name: "entry", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			if args.Kind == api.ResolveEntryPoint {
				return api.OnResolveResult{Path: args.Path, Namespace: ofApp}, nil
			}
			return api.OnResolveResult{Path: args.Path, External: true}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: ofApp}, func(args api.OnLoadArgs) (api.OnLoadResult, error) { return m.load(ctx, args, args.Path) })
	}}}
	result := api.Build(o)
	meta, err := parseMetafile(result.Metafile)
	if err != nil {
		return nil
	}
	names := meta.Outputs[scriptName].Exports
	if len(names) == 0 && len(result.OutputFiles) == 1 && exportsAll.Match(result.OutputFiles[0].Contents) {
		names = []string{"*"}
	}
	return names
}

// exportsAll matches what the bundler writes for `export * from "file"`.
var exportsAll = regexp.MustCompile(`(?m)^export \* from "`)

// metafile is the bundler's description of its work.
type metafile struct {
	Inputs map[string]struct {
		Format  string // esm or cjs
		Imports []struct {
			Path, Kind, Original string
			External             bool
		}
	}
	Outputs map[string]struct{ Exports []string }
}

func parseMetafile(text string) (m metafile, err error) {
	err = json.Unmarshal([]byte(text), &m)
	return m, err
}
