package compile

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
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
	settings string     // of TypeScript, see tsconfig; "" = none
	packages *installed // the packages on disk; nil on a server

	mu           sync.Mutex
	standard     []string // parts of the standard modules that are imported, sorted
	lastMatch    bool     // RegExp.$1 or the like is named: matches are recorded
	followsCalls bool     // async_hooks is imported: async functions are bundled so that their calls can be followed
}

// Namespaces of the bundler: where a module is.
const (
	ofApp   = "app"   // in the deployment; the path is the file's
	ofNode  = "node"  // in the product; the path is the module's name
	ofDisk  = "file"  // on the disk, which only Gather reads
	ofOwn   = "own"   // in the product: a package that every function has; the path is the part and optionally a member of it
	ofEmpty = "empty" // nowhere: a package replaces the module by nothing in browsers
	ofStub  = "stub"  // in the product: a Node.js module that functions do not have; the path is its name, stubIn, and the importer
	ofLost  = "lost"  // nowhere: a package requires another that is not installed; the path is the name
	ofNodes = "cjs"   // in the deployment: a CommonJS file as Node.js gives it to modules; the path is the file's
)

const stubIn = " in "

func (m *modules) plugin(ctx context.Context) api.Plugin {
	return api.Plugin{Name: "deployment", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			if _, ok := args.PluginData.(asked); ok {
				return api.OnResolveResult{}, nil
			}
			return m.resolve(build, args)
		})
		loads := map[string]func(args api.OnLoadArgs) (api.OnLoadResult, error){
			ofApp:   func(args api.OnLoadArgs) (api.OnLoadResult, error) { return m.load(ctx, args, args.Path) },
			ofNode:  func(args api.OnLoadArgs) (api.OnLoadResult, error) { return loadMember("__fazt_node", args.Path), nil },
			ofOwn:   func(args api.OnLoadArgs) (api.OnLoadResult, error) { return loadMember("__fazt_part", args.Path), nil },
			ofEmpty: func(api.OnLoadArgs) (api.OnLoadResult, error) { return loadText(""), nil },
			ofNodes: func(args api.OnLoadArgs) (api.OnLoadResult, error) {
				return loadText(fmt.Sprintf(nodesDefault, args.Path)), nil
			},
			ofStub: func(args api.OnLoadArgs) (api.OnLoadResult, error) {
				name, importer, _ := strings.Cut(args.Path, stubIn)
				return loadText(fmt.Sprintf("module.exports = __fazt_stub(%q, %q)", name, importer)), nil
			},
			ofLost: func(args api.OnLoadArgs) (api.OnLoadResult, error) {
				return loadText(fmt.Sprintf(`throw Object.assign(new Error(%q), { code: "MODULE_NOT_FOUND" })`, "Cannot find module '"+args.Path+"'; `npm install "+packageName(args.Path)+"` installs it")), nil
			},
			ofDisk: func(args api.OnLoadArgs) (api.OnLoadResult, error) {
				if m.packages == nil {
					return api.OnLoadResult{}, errors.New("a function can only import what is in its deployment")
				}
				name, err := m.packages.deployed(args.Path)
				if err != nil {
					return api.OnLoadResult{}, err
				}
				if InPackage(name) && !m.src.Exists(name) { // the package replaces it by nothing, and the bundler knows
					return api.OnLoadResult{}, nil
				}
				return m.load(ctx, args, name)
			},
		}
		for namespace, load := range loads {
			build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: namespace}, load)
		}
	}}
}

// ofLastMatch finds the static properties of RegExp.
var ofLastMatch = regexp.MustCompile("\\bRegExp\\s*(?:\\.\\s*(?:\\$[1-9_]|input\\b|lastMatch\\b|lastParen\\b|leftContext\\b|rightContext\\b)|\\[\\s*[\"'`](?:\\$[1-9_&+`']|input|last|left|right))")

// load reads a file of the deployment.
func (m *modules) load(ctx context.Context, args api.OnLoadArgs, name string) (api.OnLoadResult, error) {
	data, err := m.src.ReadFile(ctx, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return api.OnLoadResult{}, fmt.Errorf("there is no file %q in the deployment", name)
	case errs.KindOf(err) != errs.Internal:
		return api.OnLoadResult{}, errors.New(errs.Sentence(err)) // e.g. too large
	case err != nil:
		return api.OnLoadResult{}, fmt.Errorf("%s cannot be read", name)
	}
	kind := loader(name)
	switch {
	case path.Ext(name) == ".wasm" && args.With["type"] == "" && (args.Suffix == "" || args.Suffix == moduleQuery):
		return loadText(fmt.Sprintf("export default /* @__PURE__ */ __fazt_wasm(%q)", base64.StdEncoding.EncodeToString(data))), nil
	case args.With["type"] == "text" || args.Suffix == "?raw" || args.Suffix == "?text":
		kind = api.LoaderText
	case args.With["type"] == "bytes" || args.Suffix == "?bytes":
		kind = api.LoaderBinary
	}
	text := withoutReading(name, string(data), kind, m.settings)
	m.mu.Lock()
	m.lastMatch = m.lastMatch || ofLastMatch.MatchString(text)
	m.followsCalls = m.followsCalls || strings.Contains(text, "getBuiltinModule") && strings.Contains(text, "async_hooks")
	m.mu.Unlock()
	if (kind == api.LoaderJSX || kind == api.LoaderTSX) && strings.Contains(text, "@jsxImportSource") && !strings.Contains(text, "@jsxRuntime") {
		text += "\n/** @jsxRuntime automatic */" // implied, as in Vite and Deno
	}
	return api.OnLoadResult{Contents: &text, Loader: kind}, nil
}

// moduleQuery can follow the name of a .wasm file in an import: some bundlers want it there for a WebAssembly.Module.
const moduleQuery = "?module"

// loadMember returns a module of the product: what a function of the prelude returns for a name, or a member of that.
func loadMember(get, path string) api.OnLoadResult {
	name, member, below := strings.Cut(path, "/")
	text := fmt.Sprintf("module.exports = %s(%q)", get, name)
	if below {
		text += "." + member
	}
	return loadText(text)
}

func loadText(text string) api.OnLoadResult {
	return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}
}

// nodesDefault is a module whose default export is the module.exports of a CommonJS file.
const nodesDefault = `const m = require(%q);
if (!m?.__esModule) module.exports = m;
else {
	for (const name of Object.getOwnPropertyNames(m)) {
		if (name !== "default" && name !== "__esModule") Object.defineProperty(exports, name, { enumerable: true, get: () => m[name] });
	}
	Object.defineProperty(exports, "__esModule", { value: true });
	exports.default = m;
}`

// resolve finds the module that an import means. A missing module is not always an error: a package may try require("x") and
// go on without it. The bundler knows the difference, so it gets an empty result.
func (m *modules) resolve(build api.PluginBuild, args api.OnResolveArgs) (api.OnResolveResult, error) {
	if args.Kind == api.ResolveEntryPoint || args.Namespace == ofNodes {
		return m.found(args.Path), nil
	}
	if m.packages != nil {
		name, err := m.packages.deployed(args.Importer)
		if err != nil {
			return api.OnResolveResult{}, err
		}
		args.Importer = name
	}
	if result, ok := m.mapped(args); ok {
		return result, nil
	}
	if m.packages != nil && m.packages.replaces(args) {
		return api.OnResolveResult{}, nil
	}
	name, prefixed := strings.CutPrefix(args.Path, "node:")
	if (prefixed || !strings.HasSuffix(name, "/")) && slices.Contains(NodeModules(), name) {
		if name == "async_hooks" {
			m.mu.Lock()
			m.followsCalls = true
			m.mu.Unlock()
		}
		return api.OnResolveResult{Path: name, Namespace: ofNode, SideEffects: api.SideEffectsFalse}, nil
	}
	if args.Path == "cloudflare:workers" {
		return api.OnResolveResult{Path: "cloudflare", Namespace: ofNode, SideEffects: api.SideEffectsFalse}, nil
	}
	if why := serverPackages()[name]; why != "" && !InPackage(args.Importer) {
		return api.OnResolveResult{}, errors.New(why)
	}
	relative := isRelative(args.Path)
	lost := mayBeMissing(args)
	lacking := slices.Contains(otherNodeModules(), strings.SplitN(name, "/", 2)[0])
	stub := api.OnResolveResult{Path: name + stubIn + args.Importer, Namespace: ofStub, SideEffects: api.SideEffectsFalse}
	switch {
	case prefixed && lacking:
		return stub, nil
	case prefixed:
		return api.OnResolveResult{}, nil
	case !relative && strings.Contains(name, ":"):
		return api.OnResolveResult{}, fmt.Errorf("%q cannot be imported: a function can import files of its folder and packages, not URLs", args.Path)
	case relative && !InPackage(args.Importer):
		base, query, marked := strings.Cut(args.Path, "?")
		file, err := m.file(base, args.Importer)
		if err != nil {
			return api.OnResolveResult{}, err
		}
		result := m.found(file)
		if marked {
			result.Suffix = "?" + query
		}
		return result, nil
	case m.packages != nil && strings.HasSuffix(args.Path, ".wasm"+moduleQuery):
		return m.packages.wasm(build, args), nil
	case m.packages != nil:
		if part, member, ok := standardModule(name); ok && !m.packages.has(build, args) {
			return m.own(part, member), nil
		}
		result := m.packages.pulled(build, args)
		if result.Path != "" || !lacking && lost.Path == "" || m.packages.has(build, args) {
			return result, nil
		}
		if lacking {
			return stub, nil
		}
		return lost, nil
	}
	if file, ok := m.plain(args); ok {
		return m.found(file), nil
	}
	if part, member, ok := standardModule(name); ok {
		return m.own(part, member), nil
	}
	if lacking {
		return stub, nil
	}
	return lost, nil
}

// mayBeMissing returns what an import means whose package is not installed, empty if that is an error: a package may require
// another in a part that is never run. If it is, it fails there.
func mayBeMissing(args api.OnResolveArgs) (none api.OnResolveResult) {
	if args.Kind != api.ResolveJSRequireCall || isRelative(args.Path) || strings.HasPrefix(args.Path, "#") || !InPackage(args.Importer) {
		return none
	}
	return api.OnResolveResult{Path: args.Path, Namespace: ofLost, SideEffects: api.SideEffectsFalse}
}

// found returns the module that is a file of the deployment.
func (m *modules) found(file string) api.OnResolveResult {
	if m.packages != nil {
		return api.OnResolveResult{Path: m.packages.path(file), Namespace: ofDisk}
	}
	return api.OnResolveResult{Path: file, Namespace: ofApp}
}

// mapped returns the module that the deployment's map of imports has for an import.
func (m *modules) mapped(args api.OnResolveArgs) (api.OnResolveResult, bool) {
	file, ok := m.imports.find(args)
	if !ok {
		return api.OnResolveResult{}, false
	}
	if file == "" {
		return api.OnResolveResult{Path: args.Path, Namespace: ofEmpty, SideEffects: api.SideEffectsFalse}, true
	}
	result := m.found(file)
	if !requires(args.Kind) && holds(m.imports.Node, args.Importer) && holds(m.imports.CommonJS, file) {
		result.Namespace = ofNodes
	}
	if holds(m.imports.Pure, file) {
		result.SideEffects = api.SideEffectsFalse
	}
	return result, true
}

// holds reports whether a sorted list has a name.
func holds(sorted []string, name string) bool {
	_, found := slices.BinarySearch(sorted, name)
	return found
}

// own returns a standard module, and notes that the function needs it.
func (m *modules) own(part, member string) api.OnResolveResult {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at, found := slices.BinarySearch(m.standard, part); !found {
		m.standard = slices.Insert(m.standard, at, part)
	}
	return api.OnResolveResult{Path: strings.TrimSuffix(part+"/"+member, "/"), Namespace: ofOwn, SideEffects: api.SideEffectsFalse}
}

// notFound explains why an import leads to nothing.
func notFound(name, importer string) string {
	plain, prefixed := strings.CutPrefix(name, "node:")
	switch {
	case isRelative(name):
		return fmt.Sprintf("there is no file %q in the deployment", path.Join(path.Dir(importer), name))
	case prefixed || slices.Contains(otherNodeModules(), strings.SplitN(plain, "/", 2)[0]):
		return noNode(name)
	case strings.HasPrefix(name, "#"):
		return fmt.Sprintf("%q is not among the \"imports\" of package.json", name)
	}
	return fmt.Sprintf("there is no package %q in node_modules; `npm install %s` installs it", name, packageName(name))
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
	if name, ok := strings.CutSuffix(args.Path, moduleQuery); ok && strings.HasSuffix(name, ".wasm") {
		args.Path = name
	}
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
	return []string{"assert", "assert/strict", "async_hooks", "buffer", "crypto", "diagnostics_channel", "events", "fs", "fs/promises", "http", "https", "module",
		"os", "path", "path/posix", "perf_hooks", "process", "punycode", "querystring", "stream", "stream/promises", "string_decoder", "timers", "timers/promises", "tty",
		"url", "util", "util/types", "zlib"}
}

// serverPackages returns why packages that are certain to fail cannot be used, and what can.
func serverPackages() map[string]string {
	const listens = "%s listens for connections, which a function cannot: Fazt receives the requests; use a framework with a fetch handler, such as hono"
	const connects = "%s needs a TCP connection, which a function cannot open; %s"
	list := map[string]string{}
	for _, name := range []string{"express", "koa", "fastify", "@hapi/hapi", "restify", "@hono/node-server", "@nestjs/platform-express", "socket.io", "ws"} {
		list[name] = fmt.Sprintf(listens, name)
	}
	for _, name := range []string{"nodemailer", "smtp-client"} {
		list[name] = fmt.Sprintf(connects, name, "send mail through the HTTP API of a mail service, with fetch")
	}
	for _, name := range []string{"pg", "mysql", "mysql2", "mongodb", "mongoose", "ioredis", "redis"} {
		list[name] = fmt.Sprintf(connects, name, "use fazt.app.kv, or a database with an HTTP API")
	}
	return list
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
	return []string{"child_process", "cluster", "console", "constants", "dgram", "dns", "domain", "http2", "inspector", "net", "readline", "repl", "sqlite", "sys", "test",
		"tls", "trace_events", "v8", "vm", "wasi", "worker_threads"}
}

func noNode(name string) string {
	have := slices.DeleteFunc(NodeModules(), func(name string) bool { return strings.Contains(name, "/") || name == "punycode" })
	return fmt.Sprintf("%q is not available in functions; the available Node.js modules are %s", name, strings.Join(have, ", "))
}

// diagnostics converts the errors that the bundler found, with our own wording where there is one.
func diagnostics(messages []api.Message) []Diagnostic {
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
			d.Text, msg.Notes = notFound(plain, d.File), nil
		}
		for _, n := range msg.Notes {
			d.Notes = append(d.Notes, n.Text)
		}
		list = append(list, d)
	}
	return list
}
