// Package web holds the scripts that functions find in their VMs: the prelude, which every VM runs, and
// parts, which one runs when it first needs them.
package web

import (
	"embed"
	"strings"
)

// Prelude is the web-standard API as far as every function needs it.
//
//go:embed prelude.js
var Prelude string

// Localizer is what the VM invocations that formats dates and numbers for all functions.
//
//go:embed localizer.js
var Localizer string

// parts are our own; dist holds npm packages, bundled by `make web`, and is empty in a fresh checkout.
//
//go:embed all:dist parts
var files embed.FS

// Licenses are those of what others made that is in the binary; "" in one that was made without `make web`.
func Licenses() string {
	text, _ := files.ReadFile("dist/LICENSES.txt")
	return string(text)
}

// Parts returns the parts by name, each with a function that reads its script. A script is run when it is first needed. Its
// last expression is what it gives, or a function that gives it when the prelude calls it with what it lends.
func Parts() map[string]func() ([]byte, error) {
	parts := map[string]func() ([]byte, error){}
	for _, dir := range []string{"dist", "parts"} {
		entries, _ := files.ReadDir(dir) // both are embedded
		for _, e := range entries {
			if name, ok := strings.CutSuffix(e.Name(), ".js"); ok {
				parts[name] = func() ([]byte, error) { return files.ReadFile(dir + "/" + e.Name()) }
			}
		}
	}
	return parts
}
