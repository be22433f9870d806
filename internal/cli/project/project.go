// Package project reads the folder of an app: its files, its build, its packages, and its faults.
package project

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"fazt/internal/api/op"
	"fazt/internal/api/show"
	"fazt/internal/apps"
	"fazt/internal/cli/folder"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/hosting/route"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/compiler"
)

// Project is an app ready to be deployed: its files come from one folder or, if it has a build, from two.
type Project struct {
	Name      string
	Plan      op.Plan
	From      map[string]*folder.Folder // the folder of a path, if it is not main
	main      *folder.Folder
	source    *folder.Folder    // nil without a build
	workspace *folder.Folder    // nil if nothing is taken from one
	function  *folder.Folder    // the files of a function that begins elsewhere than in api/; nil = it does not
	made      map[string][]byte // files that are in no folder
	output    Output
	Warnings  []string
}

// Options are the options of deploy and dev.
type Options struct {
	Name    string
	Folder  folder.Options
	NoBuild bool
	Log     io.Writer            // where the output of a build goes
	Output  *Output              // of an earlier build, which is not repeated; nil = none
	Step    func(command string) // called before a command runs; may be nil

	WithoutPages bool // a development server has the pages; nothing is built

	Compiler *compiler.Compiler
}

// Output returns where the parts of the deployment are in the folder.
func (p *Project) Output() Output { return p.output }

// SourceFiles are taken from the source of a project even if its pages come from a build.
func SourceFiles(path string) bool {
	for _, prefix := range []string{"api/", "private/", "workers/"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return path == hosting.ManifestFile
}

// Load builds the project, if it has a build, and reads its files.
func Load(ctx context.Context, dir string, o Options) (*Project, error) {
	if err := folder.Check(dir); err != nil {
		return nil, err
	}
	output, err := Build(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	p := &Project{From: map[string]*folder.Folder{}}
	if err := p.read(ctx, dir, output, o); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Project) read(ctx context.Context, dir string, output Output, o Options) (err error) {
	if err = p.ReadFiles(ctx, dir, output, o); err != nil {
		return err
	}
	if err = p.describe(); err != nil {
		return err
	}
	if err = p.addPackages(ctx, dir, o.Compiler); err != nil {
		return err
	}
	p.Name, err = p.chooseName(dir, o.Name)
	return err
}

// ReadFiles reads the files of the folder, or its parts.
func (p *Project) ReadFiles(ctx context.Context, dir string, output Output, o Options) (err error) {
	p.output = output
	p.Warnings = append(p.Warnings, output.notes...)
	if output.IsZero() {
		if p.main, err = folder.Read(ctx, dir, o.Folder); err != nil {
			return err
		}
		p.Plan.Files = p.main.Files
	} else if err = p.readBuilt(ctx, dir, output, o); err != nil {
		return err
	}
	p.Warnings = append(p.Warnings, p.main.Warnings...)
	return nil
}

// readBuilt takes the pages from the output of the build, and functions and manifest from the source.
func (p *Project) readBuilt(ctx context.Context, dir string, output Output, o Options) (err error) {
	if output.Pages == "" {
		p.main, err = folder.Open(dir, "")
	} else {
		p.main, err = folder.Read(ctx, filepath.Join(dir, filepath.FromSlash(output.Pages)), folder.Options{Built: true, Check: o.Folder.Check})
	}
	if err != nil {
		return err
	}
	if p.source, err = folder.Read(ctx, dir, o.Folder); err != nil {
		return err
	}
	p.Warnings = append(p.Warnings, p.source.Warnings...)
	for _, a := range p.main.Files {
		if !SourceFiles(a.Path) && output.page(a.Path) {
			p.Plan.Files = append(p.Plan.Files, a)
		}
	}
	for _, a := range p.source.Files {
		if SourceFiles(a.Path) && (output.Function == "" || !strings.HasPrefix(a.Path, "api/")) {
			p.Plan.Files = append(p.Plan.Files, a)
			p.From[a.Path] = p.source
		}
	}
	slices.SortFunc(p.Plan.Files, func(a, b op.Announced) int { return strings.Compare(a.Path, b.Path) })
	if output.Function != "" {
		if p.function, err = folder.Open(dir, compile.SourceFolder); err != nil {
			return err
		}
		p.make(compile.MainFile, compile.Main(output.Function))
	}
	return nil
}

// describe sets the manifest. Where the parts of the folder are matters only here: the deployment has them in their places.
func (p *Project) describe() error {
	read, err := p.manifest()
	if err != nil {
		return err
	}
	m := read
	m.Output, m.Function, m.Dev = "", "", ""
	if p.function != nil {
		if len(m.Routes) == 0 {
			m.Routes = []string{"/*"}
		}
		if m.First == "" && p.output.First {
			m.First = route.FunctionFirst
		}
	}
	if spa := true; m.SPA == nil && p.output.SPA {
		m.SPA = &spa
	}
	p.Plan.Manifest = m
	if reflect.DeepEqual(m, read) {
		return nil
	}
	text, err := json.MarshalIndent(m, "", "  ")
	p.make(hosting.ManifestFile, append(text, '\n'))
	return err
}

// Open opens a file of the plan, for the upload.
func (p *Project) Open(path string) (io.ReadCloser, error) {
	if content, ok := p.made[path]; ok {
		return io.NopCloser(bytes.NewReader(content)), nil
	}
	if f, ok := p.From[path]; ok {
		return f.Open(path)
	}
	return p.main.Open(path)
}

// Close releases the folders.
func (p *Project) Close() error {
	var err error
	for _, f := range []*folder.Folder{p.main, p.source, p.function, p.workspace} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}

// manifest reads fazt.json, or an older manifest.json.
func (p *Project) manifest() (op.Manifest, error) {
	f := p.main
	if p.source != nil {
		f = p.source
	}
	for _, name := range []string{hosting.ManifestFile, "manifest.json"} {
		data, err := f.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return op.Manifest{}, errs.Wrap(errs.Invalid, err, "%s cannot be read", name)
		}
		m, err := hosting.ParseManifest(data, name)
		return show.Manifest(m), err
	}
	return op.Manifest{}, nil
}

// Name returns the name that the project in dir would be deployed under.
func Name(dir, flag string) (string, error) {
	p := Project{Plan: op.Plan{Manifest: ReadManifest(dir)}}
	return p.chooseName(dir, flag)
}

// chooseName returns the name of the flag, else of the manifest, else the name of the folder as a host label if possible.
func (p *Project) chooseName(dir, flag string) (string, error) {
	if flag != "" {
		return flag, apps.CheckName(flag)
	}
	if p.Plan.Manifest.Name != "" {
		return p.Plan.Manifest.Name, apps.CheckName(p.Plan.Manifest.Name)
	}
	full, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	base := filepath.Base(full)
	name := Label(base)
	if err := apps.CheckName(name); err != nil {
		return "", errs.Wrap(errs.Invalid, err, "the folder name %q cannot be the name of an app (%s); choose one with --name", base, errs.Sentence(err))
	}
	return name, nil
}

// Label turns the name of a folder into a host label: "My Site" becomes my-site, "Café" becomes cafe. It is empty if the name
// has letters or digits that cannot be written in ASCII, so that two names do not become one by losing them.
func Label(base string) string {
	var plain strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(base)) {
		switch ascii, known := letters[r]; {
		case known:
			plain.WriteString(ascii)
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			plain.WriteRune(r)
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			return ""
		case !unicode.IsMark(r):
			plain.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(plain.String()), "-")
}

// letters are Latin letters that Unicode does not decompose.
var letters = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ħ': "h", 'ı': "i", 'ŋ': "ng",
}
