// Command packages bundles the npm packages that are built into functions' VMs, each entry into one script whose last
// expression is its exports. `make web` runs it.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	here = "packages"
	dist = "internal/runtime/web/dist"
)

func main() {
	log.SetFlags(0)
	if err := bundle(); err != nil {
		log.Fatal(err)
	}
}

func bundle() error {
	npm := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	npm.Dir, npm.Stdout, npm.Stderr = here, os.Stdout, os.Stderr
	if err := npm.Run(); err != nil {
		return fmt.Errorf("npm ci in %s: %w", here, err)
	}
	entries, err := filepath.Glob(filepath.Join(here, "entries", "*.js"))
	if err != nil || len(entries) == 0 {
		return errors.Join(err, fmt.Errorf("%s/entries is empty; run this from the root of the project", here))
	}
	for _, entry := range entries {
		options := api.BuildOptions{
			EntryPoints: []string{entry}, Outfile: filepath.Join(dist, filepath.Base(entry)), Write: true, Bundle: true,
			Format: api.FormatIIFE, GlobalName: "exports", Target: api.ES2022, Platform: api.PlatformNeutral,
			MainFields: []string{"module", "main"}, Conditions: []string{"worker", "import", "default"},
			MinifySyntax: true, MinifyWhitespace: true, MinifyIdentifiers: true, KeepNames: true, LegalComments: api.LegalCommentsEndOfFile,
			Banner: map[string]string{"js": "(() => {"}, Footer: map[string]string{"js": "return exports;\n})()"},
		}
		if strings.HasPrefix(filepath.Base(entry), "node-") {
			options.Platform, options.MainFields, options.Plugins = api.PlatformBrowser, []string{"browser", "module", "main"}, []api.Plugin{nodeModules()}
		}
		result := api.Build(options)
		for _, m := range result.Errors {
			err = errors.Join(err, fmt.Errorf("%s: %s", entry, m.Text))
		}
	}
	return errors.Join(err, licenses())
}

// nodeModules resolves a package's imports of Node.js modules to those of the VM: entries/node-x.js is x there.
func nodeModules() api.Plugin {
	return api.Plugin{Name: "node", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: "^(node:)?[a-z_]+/?$"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			name := strings.TrimSuffix(strings.TrimPrefix(args.Path, "node:"), "/")
			_, err := os.Stat(filepath.Join(here, "entries", "node-"+name+".js"))
			ours := filepath.Base(filepath.Dir(args.Importer)) == "entries"
			if err != nil || ours && !strings.HasPrefix(args.Path, "node:") {
				return api.OnResolveResult{}, nil // an npm package with that name
			}
			return api.OnResolveResult{Path: name, Namespace: "node"}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "node"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			text := fmt.Sprintf("module.exports = __fazt_node(%q);", args.Path)
			return api.OnLoadResult{Contents: &text}, nil
		})
	}}
}
