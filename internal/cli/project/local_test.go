package project

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"fazt/internal/cli/folder"
	"fazt/internal/errs"
	_ "fazt/internal/fazttest/child"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/compiler"
	"fazt/internal/system"
)

// write writes the files of an archive to a new folder.
func write(t *testing.T, text string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "My Site")
	for _, f := range txtar.Parse([]byte(text)).Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, f.Data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// options returns the options of a deploy, and what a build prints.
func options(t *testing.T) (Options, *bytes.Buffer) {
	t.Helper()
	c := compiler.New(func() system.Runtime { return system.Defaults().Runtime })
	t.Cleanup(func() { c.Close() })
	log := &bytes.Buffer{}
	return Options{Log: log, Compiler: c}, log
}

func TestWhetherAProjectHasABuild(t *testing.T) {
	for text, want := range map[string]struct {
		has bool
		err string
	}{
		`{"scripts":{"build":"vite build"}}`: {true, ""},
		`{"scripts":{"build":""}}`:           {false, ""},
		`{"scripts":{"build":5}}`:            {false, ""},
		`{"scripts":{"start":"x"}}`:          {false, ""},
		`{}`:                                 {false, ""},
		`{"scripts":[]}`:                     {false, "package.json is not valid JSON: "},
		`{`:                                  {false, "package.json is not valid JSON: unexpected end of JSON input; --no-build deploys the folder as it is"},
		``:                                   {false, "package.json is not valid JSON: "},
	} {
		has, err := HasBuild(write(t, "-- package.json --\n"+text))
		if has != want.has || (err == nil) != (want.err == "") || err != nil && !strings.HasPrefix(errs.Sentence(err), want.err) {
			t.Errorf("%s: %t, %v", text, has, err)
		}
	}
	if has, err := HasBuild(t.TempDir()); has || err != nil {
		t.Errorf("no package.json: %t, %v", has, err)
	}
	if has, err := HasBuild(write(t, "-- package.json/x --\n")); has || err == nil || !strings.Contains(errs.Sentence(err), "it is not a file") {
		t.Errorf("a folder: %t, %v", has, err)
	}
	large := write(t, "-- package.json --\n")
	if err := os.Truncate(filepath.Join(large, "package.json"), maxPackage+1); err != nil {
		t.Fatal(err)
	}
	if has, err := HasBuild(large); has || err == nil || !strings.Contains(errs.Sentence(err), "it is too large") {
		t.Errorf("a large file: %t, %v", has, err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	outside := write(t, "-- package.json --\n{\"scripts\":{\"build\":\"x\"}}")
	link := write(t, "-- index.html --\n")
	if err := os.Symlink(filepath.Join(outside, "package.json"), filepath.Join(link, "package.json")); err != nil {
		t.Fatal(err)
	}
	if has, err := HasBuild(link); has || err == nil {
		t.Errorf("a link out of the folder: %t, %v", has, err)
	}
}

func TestThePackageManagerIsThatOfTheLockfile(t *testing.T) {
	for locks, want := range map[string]string{
		"": "npm", "package-lock.json": "npm", "npm-shrinkwrap.json": "npm", "yarn.lock": "yarn", "pnpm-lock.yaml": "pnpm", "bun.lock": "bun", "bun.lockb": "bun",
		"package-lock.json bun.lock": "bun", "yarn.lock pnpm-lock.yaml": "pnpm", "package-lock.json yarn.lock": "yarn",
	} {
		text := "-- index.html --\n"
		for _, lock := range strings.Fields(locks) {
			text += "-- " + lock + " --\n"
		}
		if got := managerOf(write(t, text)); got != want {
			t.Errorf("%s: %s, want %s", locks, got, want)
		}
	}
}

func TestTheOutputOfABuildHasAPrefixOnEveryLine(t *testing.T) {
	var out bytes.Buffer
	p := &prefixed{w: &out, prefix: "  "}
	for _, part := range []string{"one\ntw", "o", "\n", "\n", "three"} {
		if n, err := io.WriteString(p, part); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if out.String() != "  one\n  two\n  \n" {
		t.Errorf("%q", out.String())
	}
	p.flush()
	p.flush()
	if out.String() != "  one\n  two\n  \n  three\n" {
		t.Errorf("%q", out.String())
	}
	broken := errors.New("broken")
	if _, err := io.WriteString(&prefixed{w: failing{broken}}, "x\n"); !errors.Is(err, broken) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestABuildThatFailsIsQuotedAndDeploysNothing(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell")
	}
	bin := t.TempDir()
	npm := "#!/bin/sh\necho \"npm $*\"\n[ \"$1\" = run ] || exit 0\n[ -f fail ] && { echo broken >&2; exit 3; }\nfor d in $(cat outputs); do mkdir -p $d; echo page > $d/index.html; done\n"
	if err := os.WriteFile(filepath.Join(bin, "npm"), []byte(npm), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	const project = "-- package.json --\n{\"scripts\":{\"build\":\"x\"}}\n"
	for name, tt := range map[string]struct{ files, output, log, err string }{
		"no script":         {"-- index.html --\n", "", "", ""},
		"dist before out":   {project + "-- outputs --\nout dist\n-- node_modules/x --\n", "dist", "$ npm run build\n  npm run build\n", ""},
		"build":             {project + "-- outputs --\nbuild\n-- node_modules/x --\n", "build", "$ npm run build\n  npm run build\n", ""},
		"packages at first": {project + "-- outputs --\nout\n", "out", "$ npm install\n  npm install\n$ npm run build\n  npm run build\n", ""},
		"no page":           {project + "-- outputs --\nelsewhere\n-- node_modules/x --\n", "", "$ npm run build\n  npm run build\n", "the build wrote no index.html to dist, build, out, public or a folder that a known framework uses; name its folder as \"output\" in fazt.json, or deploy the folder as it is with --no-build"},
		"a failure":         {project + "-- fail --\n-- node_modules/x --\n", "", "$ npm run build\n  npm run build\n  broken\n", "`npm run build` failed (exit status 3); nothing was deployed"},
		"no manager":        {project + "-- bun.lock --\n-- node_modules/x --\n", "", "", "package.json has a build script and bun is not installed; install it, or use --no-build"},
	} {
		if _, err := exec.LookPath("bun"); err == nil && name == "no manager" {
			continue
		}
		dir := write(t, tt.files)
		var log bytes.Buffer
		output, err := Build(t.Context(), dir, Options{Log: &log})
		if output.Pages != tt.output || log.String() != tt.log || (err == nil) != (tt.err == "") || err != nil && errs.Sentence(err) != tt.err {
			t.Errorf("%s: %q, %q, %v", name, output.Pages, log.String(), err)
		}
	}
	for name, tt := range map[string]struct {
		files string
		runs  bool
	}{
		"a function with packages": {"-- api/main.js --\n-- package.json --\n{\"dependencies\":{\"x\":\"1\"}}", true},
		"installed already":        {"-- api/main.js --\n-- node_modules/x --\n-- package.json --\n{\"dependencies\":{\"x\":\"1\"}}", false},
		"no function":              {"-- package.json --\n{\"dependencies\":{\"x\":\"1\"}}", false},
		"no dependencies":          {"-- api/main.js --\n-- package.json --\n{\"devDependencies\":{\"x\":\"1\"}}", false},
		"no package.json":          {"-- api/main.js --\n", false},
		"a broken package.json":    {"-- api/main.js --\n-- package.json --\n{", false}, // the compiler reports missing imports
		"a file named api":         {"-- api --\n-- package.json --\n{\"dependencies\":{\"x\":\"1\"}}", false},
	} {
		var log bytes.Buffer
		if err := InstallPackages(t.Context(), write(t, tt.files), false, Options{Log: &log}); err != nil || strings.Contains(log.String(), "$ npm install\n") != tt.runs {
			t.Errorf("%s: %q, %v", name, log.String(), err)
		}
	}
}

func TestAProjectIsReadFromItsFolder(t *testing.T) {
	for name, tt := range map[string]struct {
		files, flag string
		app, err    string
		paths       string
	}{
		"the folder":        {"-- index.html --\nhi\n", "", "my-site", "", "index.html"},
		"the manifest":      {"-- fazt.json --\n{\"name\":\"shop\"}\n-- index.html --\n", "", "shop", "", "fazt.json index.html"},
		"an older manifest": {"-- manifest.json --\n{\"name\":\"shop\",\"icons\":[]}\n-- index.html --\n", "", "shop", "", "index.html manifest.json"},
		"both":              {"-- manifest.json --\n{\"name\":\"old\"}\n-- fazt.json --\n{\"name\":\"new\"}\n", "", "new", "", "fazt.json manifest.json"},
		"the flag":          {"-- fazt.json --\n{\"name\":\"shop\"}\n", "other", "other", "", "fazt.json"},
		"a bad flag":        {"-- index.html --\n", "a b", "", `"a b" cannot be the name of an app`, ""},
		"a bad manifest":    {"-- fazt.json --\n{\"name\":5}\n", "", "", "fazt.json:1:", ""},
		"a bad name":        {"-- fazt.json --\n{\"name\":\"admin\"}\n", "", "", `the name "admin" is reserved`, ""},
		"ignored files":     {"-- .gitignore --\n*.log\n-- a.log --\n-- .env --\n-- node_modules/x --\n-- index.html --\n", "", "my-site", "", "index.html"},
		"nothing":           {"-- .env --\n", "", "", "nothing to deploy in", ""},
	} {
		o, _ := options(t)
		o.Name = tt.flag
		p, err := Load(t.Context(), write(t, tt.files), o)
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(errs.Sentence(err), tt.err) {
			t.Errorf("%s: %v, want %q", name, err, tt.err)
		}
		if err != nil {
			continue
		}
		var paths []string
		for _, f := range p.Plan.Files {
			paths = append(paths, f.Path)
		}
		if p.Name != tt.app || strings.Join(paths, " ") != tt.paths {
			t.Errorf("%s: %s, %q", name, p.Name, paths)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	o, _ := options(t)
	if _, err := Load(t.Context(), filepath.Join(t.TempDir(), "none"), o); !errs.Is(err, errs.NotFound) {
		t.Error(err)
	}
}

func TestPagesComeFromTheBuildAndFunctionsFromTheSource(t *testing.T) {
	dir := write(t, `-- fazt.json --
{"name":"shop"}
-- index.html --
source
-- src/app.ts --
-- api/main.js --
export default () => new Response("ok");
-- private/a.txt --
source
-- dist/index.html --
built
-- dist/api/main.js --
built
-- dist/private/a.txt --
built
-- dist/fazt.json --
{"name":"built"}
-- dist/assets/a.js --
built
`)
	o, _ := options(t)
	p := &Project{From: map[string]*folder.Folder{}}
	if err := p.read(t.Context(), dir, Output{Pages: "dist"}, o); err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	got := map[string]string{}
	for _, f := range p.Plan.Files {
		data, err := local{p}.ReadFile(t.Context(), f.Path)
		if err != nil {
			t.Fatal(err)
		}
		got[f.Path], _, _ = strings.Cut(string(data), "\n")
	}
	want := map[string]string{"fazt.json": `{"name":"shop"}`, "index.html": "built", "assets/a.js": "built", "api/main.js": `export default () => new Response("ok");`, "private/a.txt": "source"}
	if fmt.Sprint(got) != fmt.Sprint(want) || p.Name != "shop" {
		t.Errorf("%s: %v", p.Name, got)
	}
	if _, err := (local{p}).ReadFile(t.Context(), "src/app.ts"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if !(local{p}).Exists("api/main.js") || (local{p}).Exists("api") {
		t.Error("what exists")
	}
}

func TestOnlyWhatAFunctionImportsIsTakenOfItsPackages(t *testing.T) {
	dir := write(t, `-- api/main.js --
import { hi } from "greet";
export default () => new Response(hi);
-- node_modules/greet/package.json --
{"name":"greet","version":"1.0.0","main":"index.js","type":"module"}
-- node_modules/greet/index.js --
export const hi = "hi";
-- node_modules/greet/README.md --
long
-- node_modules/other/index.js --
other
`)
	o, _ := options(t)
	p, err := Load(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var paths []string
	for _, f := range p.Plan.Files {
		paths = append(paths, f.Path)
	}
	for path, want := range map[string]bool{"node_modules/greet/index.js": true, compile.ImportsFile: true, "node_modules/greet/README.md": false, "node_modules/other/index.js": false} {
		if slices.Contains(paths, path) != want {
			t.Errorf("%s: taken %t, of %q", path, !want, paths)
		}
	}
	r, err := p.Open(compile.ImportsFile)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(r); err != nil || !bytes.Contains(data, []byte("greet")) {
		t.Errorf("%s, %v", data, err)
	}
	os.RemoveAll(filepath.Join(dir, "node_modules"))
	if _, err := Load(t.Context(), dir, o); !errs.Is(err, errs.Unprocessable) || !strings.Contains(errs.Sentence(err), "greet") {
		t.Errorf("a package that is missing: %v", err)
	}
}

func TestEveryFaultOfAFolderIsFound(t *testing.T) {
	for name, tt := range map[string]struct {
		files    string
		valid    bool
		function string
		faults   []string // file:line, and a part of the text
		warnings int
	}{
		"pages alone":      {"-- index.html --\n", true, "", nil, 0},
		"a function":       {"-- api/main.ts --\nexport default () => new Response(`a`);\n", true, "api/main.ts", nil, 0},
		"a syntax error":   {"-- api/main.js --\n\nlet x = ;\n", false, "", []string{"api/main.js:2"}, 0},
		"a bad manifest":   {"-- fazt.json --\n{\n  \"tilte\": 1\n}\n", false, "", []string{"fazt.json:2 unknown member"}, 0},
		"a bad form":       {"-- fazt.json --\n{\"name\":\"A\"}\n", false, "", []string{"fazt.json:0 ^name: "}, 0},
		"a bad domain":     {"-- fazt.json --\n{\"net\":[\"http://x\"]}\n", false, "", []string{"fazt.json:0 cannot be allowed"}, 0},
		"a bad name":       {"-- fazt.json --\n{\"name\":\"admin\"}\n", false, "", []string{":0 is reserved"}, 0},
		"several":          {"-- fazt.json --\n{\"name\":\"admin\",\"net\":[\"*\"]}\n-- api/main.js --\n(\n", false, "", []string{"fazt.json:0 allow everything", ":0 is reserved", "api/main.js:"}, 0},
		"two entry files":  {"-- api/main.ts --\nexport default () => new Response(`a`);\n-- api/main.js --\n", true, "api/main.ts", nil, 1},
		"a missing module": {"-- api/main.js --\nimport \"./gone.js\";\n", false, "", []string{"api/main.js:1"}, 0},
	} {
		dir := write(t, tt.files)
		o, _ := options(t)
		p := &Project{From: map[string]*folder.Folder{}}
		if err := p.ReadFiles(t.Context(), dir, Output{}, o); err != nil {
			t.Fatal(err)
		}
		v := Inspect(t.Context(), p, dir, o)
		if v.Valid != tt.valid || v.Function != tt.function || len(v.Faults) != len(tt.faults) || len(v.Warnings) != tt.warnings || v.Files != len(p.Plan.Files) {
			t.Errorf("%s: %+v", name, v)
			continue
		}
		for i, want := range tt.faults {
			place, text, _ := strings.Cut(want, " ")
			got := v.Faults[i]
			if at := fmt.Sprintf("%s:%d", got.File, got.Line); !strings.HasPrefix(at, place) || !strings.Contains("^"+got.Text, text) {
				t.Errorf("%s: %s %s, want %s", name, at, got.Text, want)
			}
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPlacesAndReasonsOfErrors(t *testing.T) {
	for text, want := range map[string]compile.Diagnostic{
		"fazt.json:2:3: unknown member": {File: "fazt.json", Line: 2, Column: 3, Text: "unknown member"},
		"a/b.ts:10:1: no: really":       {File: "a/b.ts", Line: 10, Column: 1, Text: "no: really"},
		"no place: here":                {File: "x", Text: "no place: here"},
		"x: it is named twice":          {File: "x", Text: "it is named twice"},
		"a b:1:2: spaces":               {File: "x", Text: "a b:1:2: spaces"},
	} {
		got := located(errs.New(errs.Invalid, "%s", text), "x")
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: %+v", text, got)
		}
	}
	_, err := os.Open(filepath.Join(t.TempDir(), "none"))
	if got := Reason(fmt.Errorf("wrapped: %w", err)); !errors.Is(got, fs.ErrNotExist) || strings.Contains(got.Error(), "none") {
		t.Error(got)
	}
	other := errors.New("other")
	if Reason(other) != other { //nolint:errorlint // it is returned as it is
		t.Error("another error was changed")
	}
	for path, want := range map[string]bool{"api/main.ts": true, "private/x": true, "workers/x": true, "fazt.json": true, "api": false, "apix/x": false, "a/api/x": false, "index.html": false, "sub/fazt.json": false} {
		if SourceFiles(path) != want {
			t.Errorf("%s: want %t", path, want)
		}
	}
}
