// Package web holds the product's scripts for VMs: the prelude, which every VM runs, and parts, which a VM runs when it first
// needs them.
package web

import (
	"embed"
	"strings"
)

// Prelude is the part of the web-standard API that every function needs.
//
//go:embed prelude.js
var Prelude string

// parts holds our own scripts. dist holds npm packages bundled by `make web`, and is empty in a fresh checkout.
//
//go:embed all:dist parts
var files embed.FS

// Licenses returns the licenses of the npm packages in the binary; "" if it was built without `make web`.
func Licenses() string {
	text, _ := files.ReadFile("dist/LICENSES.txt")
	return string(text)
}

// Parts returns a function for each part, by name, that reads its script. A script is run when it is first needed. The value of
// its last expression is the part, or a function that the prelude calls with its own helpers to get the part.
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
