// Package compile bundles a deployment's function into one script and compiles it to bytecode.
//
// Source code from authors must be compiled in a separate process (package compiler): some of it crashes the process that
// reads it. Program and Embedded are safe in any process.
package compile

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/evanw/esbuild/pkg/api"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
)

// Source reads the files of one deployment.
type Source interface {
	// ReadFile returns the content of a file, or an error that is fs.ErrNotExist.
	ReadFile(ctx context.Context, path string) ([]byte, error)
	// Exists reports whether the deployment has the file.
	Exists(path string) bool
}

// Diagnostic is one error in the source, with its position.
type Diagnostic struct {
	File   string   `json:"file"`
	Line   int      `json:"line"`   // from 1
	Column int      `json:"column"` // from 1
	Text   string   `json:"text"`
	Frame  string   `json:"frame"` // the line, with a mark under the position
	Notes  []string `json:"notes,omitempty"`
}

// entries returns the possible entry files of a function; the first that exists is used.
func entries() []string {
	return []string{"api/main.ts", "api/main.tsx", "api/main.js", "api/main.mjs"}
}

// UnusedEntries describes which file is the entry of a function if there are several candidates; otherwise it returns "".
func UnusedEntries(exists func(path string) bool) string {
	found := slices.DeleteFunc(entries(), func(path string) bool { return !exists(path) })
	if len(found) < 2 {
		return ""
	}
	return "the function begins with " + found[0] + "; not used: " + strings.Join(found[1:], ", ")
}

// HasFunction reports whether a deployment has a function.
func HasFunction(src Source) bool { return slices.ContainsFunc(entries(), src.Exists) }

// Compile bundles a deployment's function and everything it imports into one script, and compiles that to bytecode. It
// returns nil if the deployment has no function. Errors in the source are Unprocessable, with a []Diagnostic.
//
// It must run in a separate process (package compiler): some sources crash the process that reads them.
func Compile(ctx context.Context, src Source) (*Program, error) {
	for _, entry := range entries() {
		if src.Exists(entry) {
			return compile(ctx, src, entry)
		}
	}
	return nil, nil
}

func compile(ctx context.Context, src Source, entry string) (*Program, error) {
	p := &Program{Entry: entry, Style: StyleScript, Engine: EngineVersion}
	m := &modules{src: src}
	if src.Exists(ImportsFile) {
		m.imports = readImports(func(name string) ([]byte, error) { return src.ReadFile(ctx, name) })
	}
	if m.settings = string(m.imports.TSConfig); m.settings == "" {
		m.settings = tsconfig(func(name string) ([]byte, error) { return src.ReadFile(ctx, name) })
	}
	format := api.FormatESModule
	switch names := exports(ctx, src, entry); {
	case slices.Contains(names, "default"):
		p.Style, format = StyleModule, api.FormatIIFE
	case len(names) > 0:
		return nil, unprocessable([]Diagnostic{{File: entry, Line: 1, Column: 1, Text: "a module needs a default export, such as `export default { fetch(request) { … } }`; a script has no exports"}})
	}
	result, err := bundle(ctx, m, entry, format)
	if err != nil {
		return nil, err
	}
	for _, f := range result.OutputFiles {
		if strings.HasSuffix(f.Path, ".map") {
			p.SourceMap = f.Contents
		} else {
			p.Script = f.Contents
		}
	}
	p.Standard = m.standard
	p.Bytecode, err = Assemble(p)
	return p, err
}

// Assemble compiles a bundled program to bytecode. Like Compile, it must run in a separate process.
func Assemble(p *Program) ([]byte, error) {
	code, err := assemble(p, scriptName)
	if err == nil {
		return code, nil
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "Maximum call stack size exceeded"):
		text = "the code nests too deeply to be compiled"
	case strings.Contains(text, "out of memory"):
		text = "the code needs too much memory to be compiled"
	}
	return nil, unprocessable([]Diagnostic{{File: p.Entry, Line: 1, Column: 1, Text: text}})
}

// embedded holds what Embedded returned, by name. It is the same in every engine.
var embedded sync.Map // a memo of pure functions

// Embedded returns a function that compiles a module of the product to bytecode when it is first called: a command that runs
// no function does not pay for it. Any process may call it.
func Embedded(name string, read func() ([]byte, error)) func() ([]byte, error) {
	once, _ := embedded.LoadOrStore(name, sync.OnceValues(func() ([]byte, error) {
		script, err := read()
		if err != nil {
			return nil, err
		}
		return assemble(&Program{Style: StyleModule, Script: script}, "fazt:"+name)
	}))
	return once.(func() ([]byte, error))
}

// assemble compiles a program's script to bytecode.
func assemble(p *Program, name string) ([]byte, error) {
	i, err := quickjs.New(256<<20, 1<<20)
	if err != nil {
		return nil, err
	}
	defer i.Close()
	r, err := i.NewRealm()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	i.Arm(time.Now().Add(30 * time.Second))
	return r.Compile(string(p.Script), name, p.Style == StyleScript)
}

func loader(name string) api.Loader {
	switch path.Ext(name) {
	case ".ts", ".mts", ".cts":
		return api.LoaderTS
	case ".tsx":
		return api.LoaderTSX
	case ".jsx":
		return api.LoaderJSX
	case ".json":
		return api.LoaderJSON
	case ".txt", ".html", ".md", ".css", ".sql", ".svg", ".xml", ".csv", ".yaml", ".yml", ".graphql", ".gql":
		return api.LoaderText
	case ".wasm", ".bin", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".ttf", ".otf", ".woff", ".woff2", ".pdf", ".zip", ".gz":
		return api.LoaderBinary
	}
	return api.LoaderJS
}

// probe looks for a file at a path: as it is, with an omitted extension, and as a folder with an index file.
func probe(src Source, full string) (string, bool) {
	extensions := []string{"", ".ts", ".tsx", ".js", ".mjs", ".jsx", ".json"}
	for _, ext := range extensions {
		if src.Exists(full + ext) {
			return full + ext, true
		}
	}
	if stem, ok := strings.CutSuffix(full, ".js"); ok { // TypeScript imports name the compiled file
		for _, ext := range []string{".ts", ".tsx"} {
			if src.Exists(stem + ext) {
				return stem + ext, true
			}
		}
	}
	for _, ext := range extensions[1:] {
		if src.Exists(path.Join(full, "index"+ext)) {
			return path.Join(full, "index"+ext), true
		}
	}
	return "", false
}

// frame returns the line with a mark under the position.
func frame(l *api.Location) string {
	number := fmt.Sprintf("%5d | ", l.Line)
	indent := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, l.LineText[:min(l.Column, len(l.LineText))])
	return fmt.Sprintf("%s%s\n      | %s%s", number, l.LineText, indent, strings.Repeat("^", max(1, min(l.Length, 60))))
}

func unprocessable(list []Diagnostic) error {
	first := list[0]
	text := first.Text
	if first.File != "" {
		text = fmt.Sprintf("%s:%d:%d: %s", first.File, first.Line, first.Column, first.Text)
	}
	if len(list) > 1 {
		text += fmt.Sprintf(" (and %d more)", len(list)-1)
	}
	return errs.New(errs.Unprocessable, "%s", text).WithDetails(list)
}
