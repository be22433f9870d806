package compile

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

// ImportsFile is the file of a deployment that maps imports of packages to files. It is made on the author's machine, where
// the packages are installed: package.json files, conditions and links are followed only there.
const ImportsFile = "node_modules/.imports.json"

// Imports holds the imports of a function that lead to packages or are in one: importer -> name as written -> file. The same
// name may lead to different files in import and require().
type Imports struct {
	Import  map[string]map[string]string `json:"import,omitempty"`
	Require map[string]map[string]string `json:"require,omitempty"`
	Pure    []string                     `json:"pure,omitempty"` // files without side effects: left out if nothing in them is used
}

// Packages holds what a function needs of the packages installed in its folder.
type Packages struct {
	Files   []string // in node_modules, sorted: imported files, and the package.json of each package
	Imports []byte   // the content of ImportsFile; nil = no package is imported
}

// Gather finds what the function in a folder imports from node_modules. It bundles as Compile does, but reads packages from
// the disk: it runs on the author's machine, never on a server. Errors in the source are Unprocessable, with a
// []Diagnostic.
func Gather(ctx context.Context, dir string, src Source) (*Packages, error) {
	root, err := filepath.Abs(dir)
	if err == nil {
		root, err = filepath.EvalSymlinks(root) // esbuild resolves links
	}
	if err != nil {
		return nil, err
	}
	for _, entry := range entries() {
		if !src.Exists(entry) {
			continue
		}
		i := &installed{root: root, src: src, before: readImports(func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(root, filepath.FromSlash(name))) }), files: map[string]bool{}, pure: map[string]bool{}}
		if _, err := bundle(ctx, &modules{src: i, packages: i}, entry, api.FormatESModule); err != nil {
			return nil, err
		}
		return i.packages()
	}
	return &Packages{}, nil
}

// installed finds packages on the disk and records what it found. esbuild calls it from many goroutines.
type installed struct {
	root   string // absolute, without links
	src    Source
	before Imports // those of a pulled folder: it has the files of its packages, but not the links to them

	mu    sync.Mutex
	found Imports
	files map[string]bool
	pure  map[string]bool
}

// resolve returns the file that an import of a package means, or "" if there is none.
func (i *installed) resolve(build api.PluginBuild, args api.OnResolveArgs) (string, bool, error) {
	result := build.Resolve(args.Path, api.ResolveOptions{
		Importer: filepath.Join(i.root, filepath.FromSlash(args.Importer)), ResolveDir: filepath.Join(i.root, filepath.FromSlash(path.Dir(args.Importer))),
		Kind: args.Kind, PluginData: asked{},
	})
	if len(result.Errors) > 0 || result.External {
		if file, ok := i.before.find(args); ok && i.Exists(file) {
			i.note(args, file, false)
			return file, true, nil
		}
		return "", false, nil
	}
	relative, err := filepath.Rel(i.root, result.Path)
	if err != nil || !filepath.IsLocal(relative) {
		return "", false, fmt.Errorf("%q resolves to %s, which is outside the deployed folder; install it in the folder", args.Path, result.Path)
	}
	file := filepath.ToSlash(relative)
	if !InPackage(file) && !i.src.Exists(file) {
		return "", false, fmt.Errorf("%q resolves to %s, which is not part of the deployment because .gitignore or .faztignore excludes it", args.Path, file)
	}
	i.note(args, file, !result.SideEffects)
	return file, true, nil
}

// asked marks imports that esbuild is to resolve itself.
type asked struct{}

func (i *installed) note(args api.OnResolveArgs, file string, pure bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	list := &i.found.Import
	if requires(args.Kind) {
		list = &i.found.Require
	}
	if *list == nil {
		*list = map[string]map[string]string{}
	}
	if (*list)[args.Importer] == nil {
		(*list)[args.Importer] = map[string]string{}
	}
	(*list)[args.Importer][args.Path] = file
	if InPackage(file) {
		i.files[file] = true
	}
	if pure {
		i.pure[file] = true
	}
}

func requires(kind api.ResolveKind) bool {
	return kind == api.ResolveJSRequireCall || kind == api.ResolveJSRequireResolve
}

// InPackage reports whether a file belongs to a package.
func InPackage(file string) bool {
	return strings.HasPrefix(file, "node_modules/") || strings.Contains(file, "/node_modules/")
}

// packages returns what was found.
func (i *installed) packages() (*Packages, error) {
	p := &Packages{}
	if len(i.found.Import)+len(i.found.Require) == 0 {
		return p, nil
	}
	for file := range maps.Clone(i.files) {
		// With these, a pulled folder can be deployed again.
		for dir := path.Dir(file); path.Base(dir) != "node_modules"; dir = path.Dir(dir) {
			if name := path.Join(dir, "package.json"); i.Exists(name) {
				i.files[name] = true
			}
		}
	}
	p.Files = slices.Sorted(maps.Keys(i.files))
	i.found.Pure = slices.Sorted(maps.Keys(i.pure))
	var err error
	p.Imports, err = json.Marshal(i.found)
	return p, err
}

// Exists reports whether the deployment or a package has a file.
func (i *installed) Exists(name string) bool {
	if !InPackage(name) {
		return i.src.Exists(name)
	}
	info, err := os.Stat(filepath.Join(i.root, filepath.FromSlash(name)))
	return err == nil && info.Mode().IsRegular()
}

// ReadFile returns the content of a file of the deployment or a package.
func (i *installed) ReadFile(ctx context.Context, name string) ([]byte, error) {
	if !InPackage(name) {
		return i.src.ReadFile(ctx, name)
	}
	return os.ReadFile(filepath.Join(i.root, filepath.FromSlash(name)))
}

// readImports reads the imports of a deployment. A damaged file counts as missing: then the imports are not found.
func readImports(read func(name string) ([]byte, error)) (i Imports) {
	data, err := read(ImportsFile)
	if err != nil || json.Unmarshal(data, &i) != nil {
		return Imports{}
	}
	return i
}

// find returns the file that an import means.
func (i Imports) find(args api.OnResolveArgs) (string, bool) {
	list := i.Import
	if requires(args.Kind) {
		list = i.Require
	}
	file, ok := list[args.Importer][args.Path]
	return file, ok && fs.ValidPath(file)
}
