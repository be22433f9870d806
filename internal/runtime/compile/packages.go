package compile

import (
	"bytes"
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

	"github.com/evanw/esbuild/pkg/api"
)

// ImportsFile is the file of a deployment that maps imports of packages to files. It is made on the author's machine, where
// the packages are installed: package.json files, conditions and links are followed only there.
const ImportsFile = "node_modules/.imports.json"

// Imports holds the imports of a function that lead to packages or are in one: importer -> name as written -> file. The same
// name may lead to different files in import and require(). The file "" is an empty module.
type Imports struct {
	Import  map[string]map[string]string `json:"import,omitempty"`
	Require map[string]map[string]string `json:"require,omitempty"`
	Pure    []string                     `json:"pure,omitempty"` // files without side effects: left out if nothing in them is used

	// In a file that Node.js knows to be a module, the default import of a CommonJS file is its module.exports. Elsewhere it is
	// the member default if the file was translated from a module.
	Node     []string `json:"node,omitempty"`     // such modules
	CommonJS []string `json:"commonjs,omitempty"` // the CommonJS files they import

	TSConfig json.RawMessage `json:"tsconfig,omitempty"` // what changes the meaning of code, see tsconfig
}

// SourceFolder is where a deployment has the files of a function that begins elsewhere than in api/ of the author's folder,
// under their paths there.
const SourceFolder = "api/source/"

// MainFile is the entry of such a function: it leads to the author's.
const MainFile = "api/main.js"

// Main returns the content of MainFile for the entry of an author's function.
func Main(entry string) []byte {
	return fmt.Appendf(nil, "export { default } from %q;\n", "./"+strings.TrimPrefix(SourceFolder, "api/")+entry)
}

// Packages holds what a function needs of the packages installed in its folder.
type Packages struct {
	Files   []string // in node_modules, sorted: imported files, and the package.json of each package
	Imports []byte   // the content of ImportsFile; nil = it is not needed
	Own     []string // the files below SourceFolder, sorted

	Workspace string // the folder of the files below WorkspaceFolder; "" = there are none
}

// Gather finds what the function in a folder imports from node_modules. It bundles as Compile does, but reads packages from
// the disk: it runs on the author's machine, never on a server. If elsewhere, the files of the function are those below
// SourceFolder. Errors in the source are Unprocessable, with a []Diagnostic.
func Gather(ctx context.Context, dir string, elsewhere bool, src Source) (*Packages, error) {
	root, err := filepath.Abs(dir)
	if err == nil {
		root, err = filepath.EvalSymlinks(root) // esbuild resolves links
	}
	if err != nil {
		return nil, err
	}
	for _, entry := range entries() {
		if !src.Exists(entry) || elsewhere && entry != MainFile {
			continue
		}
		i := newInstalled(root, src)
		i.elsewhere = elsewhere
		settings := tsconfig(func(name string) ([]byte, error) { return os.ReadFile(i.path(name)) })
		result, err := bundle(ctx, &modules{src: i, packages: i, settings: settings}, entry, api.FormatESModule)
		if err != nil {
			return nil, err
		}
		meta, err := parseMetafile(result.Metafile)
		if err != nil {
			return nil, err
		}
		found, err := i.record(meta, settings)
		only, _ := json.Marshal(Imports{TSConfig: json.RawMessage(settings)})
		if err == nil && bytes.Equal(found.Imports, only) && settings == tsconfig(func(name string) ([]byte, error) { return src.ReadFile(ctx, name) }) {
			return &Packages{Own: found.Own}, nil // the instance finds the settings itself
		}
		return found, err
	}
	return &Packages{}, nil
}

// installed is a folder and the packages that are installed in it. esbuild calls it from many goroutines.
type installed struct {
	root      string // absolute, without links
	elsewhere bool   // the function does not begin in api/
	workspace workspace
	src       Source
	before    Imports // those of a pulled folder: it has the files of its packages, but not the links to them
	manifests manifests
}

func newInstalled(root string, src Source) *installed {
	i := &installed{root: root, src: src, workspace: workspaceOf(root)}
	i.before = readImports(func(name string) ([]byte, error) { return os.ReadFile(i.path(name)) })
	i.manifests.read = func(name string) ([]byte, error) { return os.ReadFile(i.path(name)) }
	return i
}

// configure sets the options of a bundler that finds packages itself. Its output is not used.
func (i *installed) configure(o *api.BuildOptions) {
	o.AbsWorkingDir, o.Sourcemap, o.TreeShaking = i.root, api.SourceMapNone, api.TreeShakingTrue
}

// path returns where a file of the deployment is on the disk.
func (i *installed) path(name string) string {
	if below, ok := strings.CutPrefix(name, WorkspaceFolder); ok && i.workspace.root != "" {
		return filepath.Join(i.workspace.root, filepath.FromSlash(below))
	}
	if i.elsewhere {
		if name == MainFile {
			name = mainOnDisk
		}
		name = strings.TrimPrefix(name, SourceFolder)
	}
	return filepath.Join(i.root, filepath.FromSlash(name))
}

// deployed returns the name in the deployment of a file on the disk.
func (i *installed) deployed(file string) (string, error) {
	relative, err := filepath.Rel(i.root, file)
	if err != nil || !filepath.IsLocal(relative) {
		if relative, err := filepath.Rel(i.workspace.root, file); err == nil && i.workspace.has(filepath.ToSlash(relative)) {
			return WorkspaceFolder + filepath.ToSlash(relative), nil
		}
		return "", fmt.Errorf("the import resolves to %s, which is outside the deployed folder; install it in the folder", file)
	}
	name := filepath.ToSlash(relative)
	if i.elsewhere && name == mainOnDisk {
		return MainFile, nil
	}
	if i.elsewhere && !InPackage(name) {
		name = SourceFolder + name
	}
	if !InPackage(name) && !i.src.Exists(name) {
		return "", fmt.Errorf("the import resolves to %s, which is not part of the deployment because .gitignore or .faztignore excludes it", name)
	}
	return name, nil
}

// mainOnDisk stands for MainFile, which is in no folder.
const mainOnDisk = ".fazt-main.js"

// replaces reports whether the package of the importer replaces a module when it is bundled for browsers. A Node.js module
// that functions have is not replaced by nothing: the package finds a process here, and takes this for Node.js.
func (i *installed) replaces(args api.OnResolveArgs) bool {
	if isRelative(args.Path) || !InPackage(args.Importer) {
		return false
	}
	with, ok := i.manifests.of(args.Importer).browser[args.Path]
	return ok && !(with == false && slices.Contains(NodeModules(), strings.TrimPrefix(args.Path, "node:")))
}

// has reports whether a package is installed where the importer finds it.
func (i *installed) has(build api.PluginBuild, args api.OnResolveArgs) bool {
	if result := i.pulled(build, args); result.Path != "" {
		return true
	}
	for dir := filepath.Dir(i.path(args.Importer)); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "node_modules", filepath.FromSlash(packageName(args.Path)))); err == nil {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}

// wasm resolves the import of a .wasm file with moduleQuery after its name.
func (i *installed) wasm(build api.PluginBuild, args api.OnResolveArgs) api.OnResolveResult {
	at := i.path(args.Importer)
	r := build.Resolve(strings.TrimSuffix(args.Path, moduleQuery), api.ResolveOptions{Importer: at, ResolveDir: filepath.Dir(at), Kind: args.Kind, PluginData: asked{}})
	return api.OnResolveResult{Path: r.Path, Namespace: r.Namespace, Errors: r.Errors}
}

// pulled returns the file that an import meant when the folder was deployed, if the folder was pulled from an instance and the
// bundler does not find the import. Otherwise the result is empty.
func (i *installed) pulled(build api.PluginBuild, args api.OnResolveArgs) (none api.OnResolveResult) {
	file, ok := i.before.find(args)
	if !ok {
		return none
	}
	if file == "" {
		return api.OnResolveResult{Path: args.Path, Namespace: ofEmpty}
	}
	if !i.Exists(file) {
		return none
	}
	at := i.path(args.Importer)
	result := build.Resolve(args.Path, api.ResolveOptions{Importer: at, ResolveDir: filepath.Dir(at), Kind: args.Kind, PluginData: asked{}})
	if len(result.Errors) == 0 && !result.External {
		return none
	}
	return api.OnResolveResult{Path: i.path(file), Namespace: ofDisk}
}

// asked marks imports that esbuild is to resolve itself.
type asked struct{}

// record returns the packages that the bundler used. It found most of them itself: asking it for each import would make it
// read every directory each time.
func (i *installed) record(meta metafile, settings string) (*Packages, error) {
	found := Imports{TSConfig: json.RawMessage(settings)}
	p := &Packages{}
	files, pure, node, common := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for from, input := range meta.Inputs {
		importer, ok := i.input(from)
		if !ok || importer == "" {
			continue
		}
		if strings.HasPrefix(importer, SourceFolder) && i.elsewhere {
			p.Own = append(p.Own, importer)
		}
		for _, to := range input.Imports {
			file, ok := i.input(to.Path)
			if to.External || !ok || isRelative(to.Original) && !InPackage(importer) {
				continue
			}
			kind := &found.Import
			if to.Kind == "require-call" || to.Kind == "require-resolve" {
				kind = &found.Require
			} else if meta.Inputs[to.Path].Format == "cjs" && i.manifests.node(importer) {
				node[importer], common[file] = true, true
			}
			note(kind, importer, to.Original, file)
			if InPackage(file) {
				files[file] = true
			}
			if i.manifests.pure(file) {
				pure[file] = true
			}
		}
	}
	slices.Sort(p.Own)
	if len(found.Import)+len(found.Require)+len(settings) == 0 {
		return p, nil
	}
	// With these, a pulled folder can be deployed again.
	for file := range maps.Clone(files) {
		if strings.HasPrefix(file, WorkspaceFolder) {
			p.Workspace = i.workspace.root
		}
		for dir := path.Dir(file); path.Base(dir) != "node_modules" && dir+"/" != WorkspaceFolder; dir = path.Dir(dir) {
			if name := path.Join(dir, "package.json"); i.Exists(name) {
				files[name] = true
			}
		}
	}
	p.Files = slices.Sorted(maps.Keys(files))
	found.Pure, found.Node, found.CommonJS = slices.Sorted(maps.Keys(pure)), slices.Sorted(maps.Keys(node)), slices.Sorted(maps.Keys(common))
	var err error
	p.Imports, err = json.Marshal(found)
	return p, err
}

// input returns the file of the deployment that the bundler describes, "" for an empty module; ok = false for a module of the
// product.
func (i *installed) input(name string) (file string, ok bool) {
	switch namespace, _, _ := strings.Cut(name, ":"); namespace {
	case "(disabled)", ofEmpty:
		return "", true
	case ofNode, ofOwn, ofStub, ofLost:
		return "", false
	}
	file, err := i.deployed(i.path(name))
	return file, err == nil
}

func note(list *map[string]map[string]string, importer, name, file string) {
	if *list == nil {
		*list = map[string]map[string]string{}
	}
	if (*list)[importer] == nil {
		(*list)[importer] = map[string]string{}
	}
	(*list)[importer][name] = file
}

func requires(kind api.ResolveKind) bool {
	return kind == api.ResolveJSRequireCall || kind == api.ResolveJSRequireResolve
}

// InPackage reports whether a file belongs to a package.
func InPackage(file string) bool {
	return strings.HasPrefix(file, "node_modules/") || strings.Contains(file, "/node_modules/")
}

// Exists reports whether the deployment or a package has a file.
func (i *installed) Exists(name string) bool {
	if !InPackage(name) {
		return i.src.Exists(name)
	}
	file, err := filepath.EvalSymlinks(i.path(name)) // a link may lead to what is not part of the deployment
	if err != nil {
		return false
	}
	if _, err := i.deployed(file); err != nil {
		return false
	}
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular()
}

// ReadFile returns the content of a file of the deployment or a package.
func (i *installed) ReadFile(ctx context.Context, name string) ([]byte, error) {
	if !InPackage(name) {
		return i.src.ReadFile(ctx, name)
	}
	if !i.Exists(name) {
		return nil, fs.ErrNotExist
	}
	return os.ReadFile(i.path(name))
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
	return file, ok && (file == "" || fs.ValidPath(file))
}
