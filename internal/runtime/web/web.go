// Package web holds the scripts that functions find in their VMs: the prelude, which every VM runs, and
// parts, which one runs when it first needs them.
package web

import (
	"embed"
	"io/fs"
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

// Part is a script that is run when it is first needed. Its last expression is what it gives, or a function that gives it
// when the prelude calls it with what it lends.
type Part struct {
	Name   string
	Script []byte
}

// Licenses are those of what others made that is in the binary; "" in one that was made without `make web`.
func Licenses() string {
	text, _ := files.ReadFile("dist/LICENSES.txt")
	return string(text)
}

// Parts are all parts.
func Parts() ([]Part, error) {
	var list []Part
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".js") {
			return err
		}
		data, err := files.ReadFile(path)
		list = append(list, Part{strings.TrimSuffix(d.Name(), ".js"), data})
		return err
	})
	return list, err
}
