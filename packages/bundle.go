// Command packages bundles the npm packages that functions find in their machines, each entry to one script whose last
// expression is its exports: `make web` runs it.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"

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
		return errors.Join(err, fmt.Errorf("there is nothing in %s/entries; run this from the root of the project", here))
	}
	for _, entry := range entries {
		result := api.Build(api.BuildOptions{
			EntryPoints: []string{entry}, Outfile: filepath.Join(dist, filepath.Base(entry)), Write: true, Bundle: true,
			Format: api.FormatIIFE, GlobalName: "exports", Target: api.ES2022, Platform: api.PlatformNeutral,
			MainFields: []string{"module", "main"}, Conditions: []string{"worker", "import", "default"},
			MinifySyntax: true, MinifyWhitespace: true, MinifyIdentifiers: true, KeepNames: true, LegalComments: api.LegalCommentsEndOfFile,
			Banner: map[string]string{"js": "(() => {"}, Footer: map[string]string{"js": "return exports;\n})()"},
		})
		for _, m := range result.Errors {
			err = errors.Join(err, fmt.Errorf("%s: %s", entry, m.Text))
		}
	}
	return err
}
