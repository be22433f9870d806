package compile

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"

	"fazt/internal/errs"
)

// modules resolves the imports of a function: to files of the deployment, files of the packages deployed with it, and the
// Node.js modules that functions have. The bundler sees nothing else; on a server it never sees the disk.
type modules struct {
	src      Source
	imports  Imports    // of the deployment
	packages *installed // the packages on disk; nil on a server

	mu           sync.Mutex
	standard     []string          // parts of the standard modules that are imported, sorted
	followsCalls bool              // async_hooks is imported: async functions are bundled so that their calls can be followed
	missing      map[string]string // importer NUL import -> why it was not found
}

// Namespaces of the bundler: where a module is.
const (
	ofApp  = "app"  // in the deployment; the path is the file's
	ofNode = "node" // in the product; the path is the module's name
	ofDisk = "file" // on the disk, which is never read
	ofOwn  = "own"  // in the product: a package that every function has; the path is the part and optionally a member of it
)

func (m *modules) plugin(ctx context.Context) api.Plugin {
	m.missing = map[string]string{}
	return api.Plugin{Name: "deployment", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			if _, ok := args.PluginData.(asked); ok {
				return api.OnResolveResult{}, nil
			}
			if args.Kind == api.ResolveEntryPoint {
				return api.OnResolveResult{Path: args.Path, Namespace: ofApp}, nil
			}
			return m.resolve(build, args)
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: ofApp}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			data, err := m.src.ReadFile(ctx, args.Path)
			switch {
			case errs.KindOf(err) != errs.Internal:
				return api.OnLoadResult{}, errors.New(errs.Sentence(err)) // e.g. too large
			case err != nil:
				return api.OnLoadResult{}, fmt.Errorf("%s cannot be read", args.Path)
			}
			kind := loader(args.Path)
			text := withoutReading(string(data), kind)
			return api.OnLoadResult{Contents: &text, Loader: kind}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: ofDisk}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
			return api.OnLoadResult{}, errors.New("a function can only import what is in its deployment")
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: ofNode}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			name, member, below := strings.Cut(args.Path, "/")
			text := fmt.Sprintf("module.exports = __fazt_node(%q)", name)
			if below {
				text += "." + member
			}
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: ofOwn}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			part, member, below := strings.Cut(args.Path, "/")
			text := fmt.Sprintf("module.exports = __fazt_part(%q)", part)
			if below {
				text += "." + member
			}
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
		})
	}}
}

// resolve finds the module that an import means. A missing module is not always an error: a package may try require("x") and
// go on without it. The bundler knows the difference, so it gets an empty result, and the reason is kept for its message.
func (m *modules) resolve(build api.PluginBuild, args api.OnResolveArgs) (api.OnResolveResult, error) {
	name, prefixed := strings.CutPrefix(args.Path, "node:")
	if (prefixed || !strings.HasSuffix(name, "/")) && slices.Contains(NodeModules(), name) {
		if name == "async_hooks" {
			m.mu.Lock()
			m.followsCalls = true
			m.mu.Unlock()
		}
		return api.OnResolveResult{Path: name, Namespace: ofNode, SideEffects: api.SideEffectsFalse}, nil
	}
	if prefixed {
		m.miss(args, noNode(args.Path))
		return api.OnResolveResult{}, nil
	}
	relative := isRelative(args.Path)
	switch {
	case !relative && strings.Contains(name, ":"):
		return api.OnResolveResult{}, fmt.Errorf("%q cannot be imported: a function can import files of its folder and packages, not URLs", args.Path)
	case relative && !InPackage(args.Importer):
		file, err := m.file(args.Path, args.Importer)
		return api.OnResolveResult{Path: file, Namespace: ofApp}, err
	case m.packages != nil:
		file, ok, err := m.packages.resolve(build, args)
		if ok || err != nil {
			return api.OnResolveResult{Path: file, Namespace: ofApp}, err
		}
	default:
		if file, ok := m.imports.find(args); ok && m.src.Exists(file) {
			result := api.OnResolveResult{Path: file, Namespace: ofApp}
			if _, pure := slices.BinarySearch(m.imports.Pure, file); pure {
				result.SideEffects = api.SideEffectsFalse
			}
			return result, nil
		}
		if file, ok := m.plain(args); ok {
			return api.OnResolveResult{Path: file, Namespace: ofApp}, nil
		}
	}
	if part, member, ok := standardModule(name); ok && !relative {
		m.mu.Lock()
		if at, found := slices.BinarySearch(m.standard, part); !found {
			m.standard = slices.Insert(m.standard, at, part)
		}
		m.mu.Unlock()
		return api.OnResolveResult{Path: strings.TrimSuffix(part+"/"+member, "/"), Namespace: ofOwn, SideEffects: api.SideEffectsFalse}, nil
	}
	switch {
	case relative:
		m.miss(args, fmt.Sprintf("there is no file %q in the deployment", path.Join(path.Dir(args.Importer), args.Path)))
	case slices.Contains(otherNodeModules(), strings.SplitN(name, "/", 2)[0]):
		m.miss(args, noNode(args.Path))
	case strings.HasPrefix(name, "#"):
		m.miss(args, fmt.Sprintf("%q is not among the \"imports\" of package.json", name))
	default:
		m.miss(args, fmt.Sprintf("there is no package %q in node_modules; `npm install %s` installs it", args.Path, packageName(name)))
	}
	return api.OnResolveResult{}, nil
}

func (m *modules) miss(args api.OnResolveArgs, why string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.missing[args.Importer+"\x00"+args.Path] = why
}

func isRelative(name string) bool {
	return strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") || name == "." || name == ".." || strings.HasPrefix(name, "/")
}

// packageName returns the package name in an import: @scope/name for @scope/name/sub.
func packageName(name string) string {
	parts := strings.SplitN(name, "/", 3)
	if strings.HasPrefix(name, "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

// file returns the file of the deployment that a relative import means.
func (m *modules) file(name, importer string) (string, error) {
	base := path.Dir(importer)
	if strings.HasPrefix(name, "/") {
		base = ""
	}
	full := path.Join(base, name)
	if full == ".." || strings.HasPrefix(full, "../") {
		return "", fmt.Errorf("%q is outside the deployment", name)
	}
	if found, ok := probe(m.src, full); ok {
		return found, nil
	}
	return "", fmt.Errorf("there is no file %q in the deployment", full)
}

// plain finds a module by its path alone, for deployments without a map of their imports.
func (m *modules) plain(args api.OnResolveArgs) (string, bool) {
	if isRelative(args.Path) {
		file, err := m.file(args.Path, args.Importer)
		return file, err == nil
	}
	for dir := path.Dir(args.Importer); ; dir = path.Dir(dir) {
		if found, ok := probe(m.src, path.Join(dir, "node_modules", args.Path)); ok {
			return found, true
		}
		if dir == "." || dir == "/" {
			return "", false
		}
	}
}

// NodeModules returns the Node.js modules that functions have, without "node:".
func NodeModules() []string {
	return []string{"assert", "assert/strict", "async_hooks", "buffer", "crypto", "events", "path", "path/posix", "process", "punycode",
		"querystring", "string_decoder", "timers", "timers/promises", "url", "util", "util/types"}
}

// StandardModules returns the packages that every function has without installing them. An installed copy takes precedence.
func StandardModules() []string {
	return []string{"cheerio", "dayjs", "lodash", "marked", "uuid", "validator", "zod"}
}

// dayjsPlugins returns the available plugins of dayjs.
func dayjsPlugins() []string {
	return []string{"advancedFormat", "customParseFormat", "duration", "isBetween", "isSameOrAfter", "isSameOrBefore", "isoWeek", "quarterOfYear",
		"relativeTime", "timezone", "utc", "weekOfYear"}
}

// standardModule returns the part that holds a standard module, and the member of it; "" = all of it.
func standardModule(name string) (part, member string, ok bool) {
	if slices.Contains(StandardModules(), name) {
		return "std-" + name, "", true
	}
	if plugin, found := strings.CutPrefix(name, "dayjs/plugin/"); found {
		plugin = strings.TrimSuffix(plugin, ".js")
		return "std-dayjs-plugins", plugin, slices.Contains(dayjsPlugins(), plugin)
	}
	return "", "", false
}

// otherNodeModules returns the Node.js modules that functions do not have. A package may have the name of one.
func otherNodeModules() []string {
	return []string{"child_process", "cluster", "console", "constants", "dgram", "diagnostics_channel", "dns", "domain", "fs", "http", "http2", "https",
		"inspector", "module", "net", "os", "perf_hooks", "readline", "repl", "sqlite", "stream", "sys", "test", "tls", "trace_events", "tty", "v8", "vm", "wasi",
		"worker_threads", "zlib"}
}

func noNode(name string) string {
	have := slices.DeleteFunc(NodeModules(), func(name string) bool { return strings.Contains(name, "/") || name == "punycode" })
	return fmt.Sprintf("%q is not available in functions; the available Node.js modules are %s", name, strings.Join(have, ", "))
}

// diagnostics converts the errors that the bundler found, with our own wording where there is one.
func (m *modules) diagnostics(messages []api.Message) []Diagnostic {
	var list []Diagnostic
	for _, msg := range messages {
		d := Diagnostic{Text: msg.Text}
		if l := msg.Location; l != nil {
			d.File, d.Line, d.Column = strings.TrimPrefix(l.File, ofApp+":"), l.Line, l.Column+1
			d.Frame = frame(l)
		}
		if name, ok := strings.CutPrefix(msg.Text, "Could not resolve "); ok {
			plain, err := strconv.Unquote(name)
			if err != nil {
				plain = strings.Trim(name, `"`)
			}
			if why, ok := m.missing[d.File+"\x00"+plain]; ok {
				d.Text, msg.Notes = why, nil
			}
		}
		for _, n := range msg.Notes {
			d.Notes = append(d.Notes, n.Text)
		}
		list = append(list, d)
	}
	return list
}
