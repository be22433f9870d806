// Package types writes the types of what functions can use, for editors and for tsc, into the folder of an app.
package types

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fazt/internal/bindings"
	"fazt/internal/cli/project"
	"fazt/internal/errs"
	"fazt/internal/runtime/bind"
	"fazt/internal/runtime/compile"
)

// The files that are written.
const (
	apiFile     = "fazt.d.ts"
	modulesFile = "fazt-modules.d.ts"
	configFile  = "tsconfig.json"
)

//go:embed node.d.ts
var nodeTypes []byte

//go:embed files.d.ts
var fileTypes []byte

//go:embed packages.d.ts
var packageTypes string

// Written says what was written, and what is left to do.
type Written struct {
	Folder  string   `json:"folder"`
	Files   []string `json:"files"`   // in the folder
	Project string   `json:"project"` // the tsconfig.json for the function
	Add     []string `json:"add"`     // what that file lacks, if it was there before
	Loose   []string `json:"loose"`   // packages that come with Fazt, of which only some types are known
}

// Write writes the types into the app in dir. It overwrites only what it wrote before.
func Write(dir string) (Written, error) {
	w := Written{Folder: filepath.Join(dir, "api"), Files: []string{}, Add: []string{}, Loose: []string{}}
	if _, err := os.Stat(w.Folder); err != nil {
		if function := project.ReadManifest(dir).Function; function != "" {
			w.Folder = filepath.Join(dir, filepath.Dir(filepath.FromSlash(function)))
		}
	}
	w.Project = filepath.Join(w.Folder, configFile)
	if at := filepath.Join(dir, configFile); filepath.Base(w.Folder) != "api" && exists(at) {
		w.Project = at
	}
	modules, loose := modules(dir)
	w.Loose = append(w.Loose, loose...)
	root, err := os.OpenRoot(dir) // a link in a project of others could lead out of it
	if err != nil {
		return w, unwritable(dir, err)
	}
	defer root.Close()
	in := func(path string) string { rel, _ := filepath.Rel(dir, path); return rel } // all are below dir
	if err := root.MkdirAll(in(w.Folder), 0o755); err != nil {
		return w, unwritable(w.Folder, err)
	}
	for _, f := range []struct {
		name string
		data []byte
	}{{apiFile, bind.TypeScript(bindings.All(bindings.Deps{}))}, {modulesFile, modules}} {
		at := filepath.Join(w.Folder, f.name)
		if err := replace(root, in(at), f.data); err != nil {
			return w, unwritable(at, err)
		}
		w.Files = append(w.Files, f.name)
	}
	config := config(dir)
	if exists(w.Project) {
		w.Add = lacks(w.Project, config)
		return w, nil
	}
	w.Files = append(w.Files, filepath.Base(w.Project))
	return w, unwritable(w.Project, root.WriteFile(in(w.Project), config, 0o644))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func unwritable(path string, err error) error {
	if err == nil || errs.Is(err, errs.Conflict) {
		return err
	}
	return errs.Wrap(errs.Invalid, err, "%s cannot be written: %v", path, project.Reason(err))
}

// replace writes a file of types. A file of that name with something else in it is left alone.
func replace(root *os.Root, name string, data []byte) error {
	before, err := root.ReadFile(name)
	first, _, _ := bytes.Cut(data, []byte(" Fazt"))
	if err == nil && !bytes.HasPrefix(before, first) {
		return errs.New(errs.Conflict, "%s was not written by Fazt; rename it, and run this again", filepath.Join(root.Name(), name))
	}
	return root.WriteFile(name, data, 0o644)
}

// installed reports whether a package, or its types, is in node_modules of the project or of a folder above it.
func installed(dir, name string) bool {
	full, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	for {
		for _, at := range []string{name, "@types/" + name} {
			if exists(filepath.Join(full, "node_modules", filepath.FromSlash(at), "package.json")) {
				return true
			}
		}
		up := filepath.Dir(full)
		if up == full {
			return false
		}
		full = up
	}
}

// modules returns the types of modules that come with Fazt. What is installed has its own, and declaring it here would hide them.
func modules(dir string) (data []byte, loose []string) {
	text := "// The modules that come with Fazt. `fazt types` writes this file; run it again after installing packages. Do not edit it.\n"
	text += "\n" + string(fileTypes)
	if !installed(dir, "node") {
		text += "\n" + string(nodeTypes)
	}
	for part := range strings.SplitSeq(packageTypes, "// -- ") {
		name, types, ok := strings.Cut(part, " --\n")
		if !ok || installed(dir, name) {
			continue
		}
		text += "\n" + strings.TrimSpace(types) + "\n"
		loose = append(loose, name)
	}
	return []byte(text), loose
}

// config returns the tsconfig.json of a function.
func config(dir string) []byte {
	types := "[]"
	if installed(dir, "node") {
		types = `["node"]`
	}
	return []byte(`{
  "compilerOptions": {
    "target": "es2023",
    "lib": ["es2023", "dom", "dom.iterable", "dom.asynciterable"],
    "module": "esnext",
    "moduleResolution": "bundler",
    "moduleDetection": "force",
    "types": ` + types + `,
    "allowJs": true,
    "checkJs": false,
    "strict": true,
    "noEmit": true,
    "skipLibCheck": true
  },
  "include": ["."]
}
`)
}

// lacks returns the settings that an existing tsconfig.json lacks for its function, as they are written.
func lacks(path string, config []byte) []string {
	type file struct {
		Extends any                        `json:"extends"`
		Options map[string]json.RawMessage `json:"compilerOptions"`
	}
	var have, want file
	data, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(compile.PlainJSON(data), &have) != nil || json.Unmarshal(config, &want) != nil {
		return nil
	}
	list := []string{}
	for _, name := range []string{"target", "lib", "module", "moduleResolution", "types", "skipLibCheck"} {
		if value, ok := have.Options[name]; !ok && have.Extends == nil || ok && name == "lib" && !slices.Contains(values(value), "dom") {
			list = append(list, `"`+name+`": `+string(want.Options[name]))
		}
	}
	return list
}

// values returns the texts in a list, in lower case.
func values(list json.RawMessage) []string {
	var texts []string
	_ = json.Unmarshal(bytes.ToLower(list), &texts) // anything else has none
	return texts
}
