package project

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"fazt/internal/api/op"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/runtime/compile"
)

// Output is where the parts of a deployment are, if they are not the folder itself: the pages, and a function that does not
// begin in api/. Builds make both. The zero value means that the folder is deployed as it is.
type Output struct {
	Pages    string // folder of the pages, relative to the project; "" = no pages but those of Function
	Function string // file the function begins with, relative to the project; "" = api/main.*
	First    bool   // the function comes before the pages
	SPA      bool

	elsewhere bool // the pages are not part of the deployment
	notes     []string
}

// IsZero reports whether the folder is deployed as it is.
func (o Output) IsZero() bool { return o.Pages == "" && o.Function == "" && !o.elsewhere }

// Contains reports whether a file of the project lies in a folder that its build writes to.
func (o Output) Contains(name string) bool {
	top, _, below := strings.Cut(o.Pages, "/")
	return o.Pages != "" && (strings.HasPrefix(name, o.Pages+"/") || below && top != "docs" && strings.HasPrefix(name, top+"/"))
}

// Outputs are the folders a build may write its pages to; the first that contains an index.html or a worker counts. Some tools
// read from public, so that comes last.
func Outputs() []string {
	return []string{"dist", "build", "out", "_site", "build/client", "dist/client", ".vitepress/dist", "docs/.vitepress/dist", ".output/public", ".svelte-kit/cloudflare", "public"}
}

// workerFile is the function in the output of a build for Cloudflare Pages: a file, or a folder with an index.js.
const workerFile = "_worker.js"

// page reports whether a file of the output is a page: the function in it is not, nor what describes it.
func (o Output) page(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first != workerFile && name != "_routes.json" && name != "wrangler.json" && path.Join(o.Pages, name) != o.Function
}

// FindOutput returns where the pages and the function of a project are. built means that its build script ran.
func FindOutput(dir string, m op.Manifest, built bool) (Output, error) {
	p := places{dir: dir, function: m.Function}
	o, err := p.find(m.Output, built)
	if err != nil {
		return o, err
	}
	for _, name := range []string{o.Pages, o.Function} {
		if secret(name) {
			return o, errs.New(errs.Invalid, "%s is not deployed: it belongs to git, or holds secrets", name)
		}
	}
	if o.Function != "" && !p.isFile(o.Function) {
		return o, errs.New(errs.Invalid, "%s: the function begins with %s, and there is no such file", p.declared(o.Function, m.Function), o.Function)
	}
	if o.Pages != "" && !p.isFolder(o.Pages) {
		return o, errs.New(errs.Invalid, "%s: the pages are in %s, and there is no such folder%s", p.declared(o.Pages, m.Output), o.Pages, unbuilt(built))
	}
	return o, nil
}

// withoutPages returns the output of a project whose pages a development server has. A function that only a build makes does
// not exist then: that server runs it.
func withoutPages(dir string, m op.Manifest) Output {
	o := Output{elsewhere: true}
	if p := (&places{dir: dir}); m.Function != "" && !secret(m.Function) && p.isFile(m.Function) {
		o.Function = m.Function
	}
	return o
}

// secret reports whether a path leads to what is never published, even if a configuration names it.
func secret(name string) bool {
	for segment := range strings.SplitSeq(name, "/") {
		if segment == ".git" || strings.HasPrefix(segment, ".env") || segment == ".ssh" {
			return true
		}
	}
	return false
}

func unbuilt(built bool) string {
	if built {
		return ""
	}
	return "; build the project first, or add a build script to package.json, which a deploy runs"
}

// places looks for the output of a project.
type places struct {
	dir      string
	function string // as fazt.json names it
	config   string // the configuration that was read
}

// declared returns the file that names a path.
func (p *places) declared(name, manifest string) string {
	if name == manifest {
		return hosting.ManifestFile
	}
	return p.config
}

func (p *places) find(output string, built bool) (Output, error) {
	own := p.function == "" && slices.ContainsFunc([]string{"api/main.ts", "api/main.tsx", "api/main.js", "api/main.mjs"}, p.isFile)
	o := Output{Pages: output, Function: p.function}
	if o.Function == "" && !own {
		w, err := p.wrangler(built)
		if err != nil {
			return o, err
		}
		if w.IsZero() && built {
			w = p.nitro()
		}
		if w.Function != "" || o.Pages == "" {
			pages := o.Pages
			if o = w; pages != "" {
				o.Pages = pages
			}
		}
	}
	if o.Pages == "" && built && (o.Function == "" || o.Function == p.function) {
		for _, name := range Outputs() {
			if p.isFile(name+"/index.html") || p.worker(name) != "" {
				o.Pages = name
				break
			}
		}
		if o.Pages == "" && o.Function == "" {
			return o, p.noOutput()
		}
	}
	if worker := p.worker(o.Pages); worker != "" && o.Pages != "" && o.Function == "" {
		if own {
			o.notes = append(o.notes, fmt.Sprintf("the function in api/ is deployed, and %s is not; \"function\" in fazt.json chooses one", worker))
		} else {
			o.Function = worker
		}
	}
	return o, nil
}

// worker returns the function that a folder of pages contains, or "".
func (p *places) worker(pages string) string {
	for _, name := range []string{path.Join(pages, workerFile), path.Join(pages, workerFile, "index.js")} {
		if p.isFile(name) {
			return name
		}
	}
	return ""
}

// noOutput explains that a build left nothing that can be deployed.
func (p *places) noOutput() error {
	const hint = "the build made a server for Node.js (%s), which needs a process of its own; build for Cloudflare Workers: %s"
	for _, server := range []struct{ file, how string }{
		{".output/server/index.mjs", "set the environment variable NITRO_PRESET=cloudflare_module in the build script"},
		{"build/server/index.js", "use a template with @cloudflare/vite-plugin, or set \"ssr\": false"},
		{"build/handler.js", "use @sveltejs/adapter-cloudflare"},
		{"dist/server/entry.mjs", "use @astrojs/cloudflare"},
		{".next/BUILD_ID", "set output: \"export\" in next.config.js for a static site"},
	} {
		if p.isFile(server.file) {
			return errs.New(errs.Invalid, hint, server.file, server.how)
		}
	}
	return errs.New(errs.Invalid, "the build wrote no index.html to dist, build, out, public or a folder that a known framework uses; name its folder as \"output\" in fazt.json, or deploy the folder as it is with --no-build")
}

func (p *places) isFile(name string) bool {
	info, err := p.stat(name)
	return err == nil && info.Mode().IsRegular()
}

func (p *places) isFolder(name string) bool {
	info, err := p.stat(name)
	return err == nil && info.IsDir()
}

// stat describes a file of the project. A link could lead out of the folder.
func (p *places) stat(name string) (fs.FileInfo, error) {
	root, err := os.OpenRoot(p.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.Lstat(filepath.FromSlash(name))
}

// wranglerConfig is what wrangler.toml, or its JSON form, says about the parts of a deployment.
type wranglerConfig struct {
	Main   string `json:"main" toml:"main"`
	Pages  string `json:"pages_build_output_dir" toml:"pages_build_output_dir"`
	Assets struct {
		Directory string `json:"directory" toml:"directory"`
		NotFound  string `json:"not_found_handling" toml:"not_found_handling"`
		First     any    `json:"run_worker_first" toml:"run_worker_first"`
	} `json:"assets" toml:"assets"`

	Vars map[string]any `json:"vars" toml:"vars"`
	KV   any            `json:"kv_namespaces" toml:"kv_namespaces"`
	D1   any            `json:"d1_databases" toml:"d1_databases"`
	R2   any            `json:"r2_buckets" toml:"r2_buckets"`
	DO   struct {
		Bindings any `json:"bindings" toml:"bindings"`
	} `json:"durable_objects" toml:"durable_objects"`
}

// wrangler returns the parts of a project as its configuration for Cloudflare names them. A build may write one of its own, and
// a file that says where.
func (p *places) wrangler(built bool) (Output, error) {
	if built {
		var redirect struct{ ConfigPath string }
		const deploy = ".wrangler/deploy/config.json"
		if data, err := p.read(deploy); err == nil && json.Unmarshal(data, &redirect) == nil && redirect.ConfigPath != "" {
			name := path.Join(path.Dir(deploy), filepath.ToSlash(redirect.ConfigPath))
			if fs.ValidPath(name) && p.isFile(name) {
				return p.readWrangler(name)
			}
		}
	}
	for _, name := range []string{"wrangler.json", "wrangler.jsonc", "wrangler.toml"} {
		if p.isFile(name) {
			return p.readWrangler(name)
		}
	}
	return Output{}, nil
}

// nitro returns what Nitro, on which Nuxt and SolidStart stand, built for Cloudflare Workers.
func (p *places) nitro() Output {
	const about, function, pages = ".output/nitro.json", ".output/server/index.mjs", ".output/public"
	var build struct {
		Preset string `json:"preset"`
	}
	data, err := p.read(about)
	if err != nil || json.Unmarshal(data, &build) != nil || !slices.Contains([]string{"cloudflare-module", "cloudflare_module"}, build.Preset) || !p.isFile(function) {
		return Output{}
	}
	o := Output{Function: function}
	if p.isFolder(pages) {
		o.Pages = pages
	}
	return o
}

func (p *places) readWrangler(name string) (o Output, err error) {
	p.config = name
	data, err := p.read(name)
	if err != nil {
		return o, errs.Wrap(errs.Invalid, err, "%s cannot be read: %v", name, Reason(err))
	}
	var c wranglerConfig
	if path.Ext(name) == ".toml" {
		err = toml.Unmarshal(data, &c)
	} else {
		err = json.Unmarshal(compile.PlainJSON(data), &c)
	}
	if err != nil {
		return o, errs.Wrap(errs.Invalid, err, "%s is not valid: %v", name, err)
	}
	for field, to := range map[*string]string{&o.Function: c.Main, &o.Pages: firstOf(c.Assets.Directory, c.Pages)} {
		if to == "" {
			continue
		}
		*field = path.Join(path.Dir(name), filepath.ToSlash(to))
		if !fs.ValidPath(*field) {
			return o, errs.New(errs.Invalid, "%s: %q is outside the folder", name, to)
		}
	}
	if o.Pages == "." {
		o.Pages = ""
		o.notes = append(o.notes, name+": the folder itself holds the pages, so it is not read as a folder of pages")
	}
	o.SPA = c.Assets.NotFound == "single-page-application"
	o.First = c.Assets.First == true
	o.notes = append(o.notes, c.missing(name)...)
	return o, nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// missing returns notes on what the function expects of Cloudflare and does not find here.
func (c wranglerConfig) missing(name string) (notes []string) {
	if len(c.Vars) > 0 {
		notes = append(notes, name+" has vars; set them with `fazt env set`")
	}
	for _, b := range []struct {
		what any
		text string
	}{
		{c.KV, "KV namespaces; functions store values with fazt.app.kv"},
		{c.D1, "D1 databases, which functions do not have"},
		{c.R2, "R2 buckets, which functions do not have"},
		{c.DO.Bindings, "Durable Objects, which functions do not have"},
	} {
		if list, ok := b.what.([]any); ok && len(list) > 0 || !ok && b.what != nil {
			notes = append(notes, name+" binds "+b.text)
		}
	}
	return notes
}

// maxConfig bounds the configuration files of other tools.
const maxConfig = 1 << 20

func (p *places) read(name string) ([]byte, error) {
	root, err := os.OpenRoot(p.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Lstat(filepath.FromSlash(name))
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxConfig:
		return nil, errors.New("it is not a file, or too large")
	}
	return root.ReadFile(filepath.FromSlash(name))
}
