// Package compile bundles a deployment's function into one script and compiles it to bytecode.
//
// Source code from authors must be compiled in a separate process (package compiler): some of it crashes the process that
// reads it. Program and Embedded are safe in any process.
package compile

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/evanw/esbuild/pkg/api"

	"fazt/internal/quickjs"
)

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
	if m.settings = onlySettings(m.imports.TSConfig); m.settings == "" {
		m.settings = tsconfig(func(name string) ([]byte, error) { return src.ReadFile(ctx, name) })
	}
	format := api.FormatESModule
	switch names := exports(ctx, src, entry); {
	case slices.Contains(names, "default"):
		p.Style, format = StyleModule, api.FormatIIFE
	case len(names) > 0:
		return nil, unprocessable([]Diagnostic{{File: entry, Line: 1, Column: 1, Text: "a module needs a default export, such as `export default { fetch(request) { … } }`; a script has no exports"}})
	default:
		if err := checkScript(ctx, src, entry); err != nil {
			return nil, err
		}
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

// listening matches the ways in which other platforms register a handler.
var listening = regexp.MustCompile(`(?m)^[ \t]*(?:(?:self|globalThis)\.)?(addEventListener\(\s*["'\x60]fetch["'\x60]|(?:(?:const|let|var) \w+ = |await )?(?:Deno|Bun)\.serve\()`)

// checkScript refuses a script that registers a handler, which would respond to nothing.
func checkScript(ctx context.Context, src Source, entry string) error {
	data, err := src.ReadFile(ctx, entry)
	if err != nil {
		return nil //nolint:nilerr // the bundler reports it
	}
	at := listening.FindSubmatchIndex(data)
	if at == nil {
		return nil
	}
	before := string(data[:at[2]])
	line := strings.Count(before, "\n") + 1
	column := len(before) - strings.LastIndex(before, "\n")
	return unprocessable([]Diagnostic{{File: entry, Line: line, Column: column, Text: "a handler is not registered but exported: `export default { fetch(request) { … } }`"}})
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
